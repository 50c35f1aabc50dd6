"""Entries one by one: how the files' content is taken apart, named and put together again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from kefu.knowledge import files, schema

#: The kinds of entries, in the order in which they refer to each other.
MODELS: dict[str, type[schema.Entry]] = {
    "product_line": schema.Line,
    "product": schema.Product,
    "function": schema.Function,
    "fault": schema.Fault,
    "policy": schema.Policy,
    "faq": schema.Faq,
}
#: Those that belong to a product line, and where they stand in its file.
OF_A_LINE = {"product": "products", "function": "functions", "fault": "faults"}
#: Where the others stand in their files.
_LISTS = {"policy": "policies", "faq": "faq"}
#: Files for those made in the console.
NEW_FILES = {"policy": "policies.yml", "faq": "faq/console.yml"}
#: Source of entries made in the console.
CONSOLE = "console"


class EditError(ValueError):
    """A change that cannot be made.

    Attributes:
        code: What a program tells it by.
        field: The part of the entry that is to blame, as ``causes.0.steps``.
    """

    def __init__(self, message: str, field: str | None = None, code: str = "invalid_entry") -> None:
        super().__init__(message)
        self.code, self.field = code, field


@dataclass(frozen=True)
class Item:
    """One entry.

    Attributes:
        kind: One of ``MODELS``.
        entry: Its checked content.
        line: Name of the product line, for kinds that belong to one.
        source: File below the knowledge folder, the document that suggested it, or ``CONSOLE``.
    """

    kind: str
    entry: Any
    line: str | None
    source: str

    @property
    def name(self) -> str:
        """As shown to customers."""
        return self.entry.question if self.kind == "faq" else self.entry.name

    @property
    def key(self) -> str:
        """Key of its main node."""
        return f"{self.line}/{self.name}" if self.kind in ("function", "fault") else self.name

    @property
    def ref(self) -> str:
        """Ref of its main node."""
        return f"{self.kind}:{self.key}"

    @property
    def content(self) -> dict[str, Any]:
        """As it would stand in YAML, without what is left out there."""
        return json.loads(self.entry.json(exclude_defaults=True, exclude_none=True))

    @property
    def text(self) -> str:
        """Everything that it says."""
        return "\n".join(_strings(self.content))


def parse(kind: str, content: Any, line: str | None = None, source: str = CONSOLE) -> Item:
    """Checks an entry's content.

    Raises:
        EditError: A field is missing, unknown or wrong.
    """
    if kind not in MODELS:
        raise EditError(f"{kind} is not one of {', '.join(MODELS)}", "kind")
    if kind in OF_A_LINE and not line:
        raise EditError("needs the product line that it belongs to", "line")
    try:
        entry = MODELS[kind].parse_obj(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"] if step != "__root__")
        raise EditError(first["msg"], field or None) from error
    return Item(kind, entry, line if kind in OF_A_LINE else None, source)


def flatten(knowledge: files.Knowledge) -> dict[str, Item]:
    """The entries of the folder by ref, in the order of the files."""
    items = []
    for content, source in knowledge.lines:
        line = content.product_line.name
        items.append(Item("product_line", content.product_line, None, source))
        for kind, field in OF_A_LINE.items():
            items += [Item(kind, entry, line, source) for entry in getattr(content, field)]
    items += [Item("policy", policy, None, source) for policy, source in knowledge.policies]
    items += [Item("faq", faq, None, source) for faq, source in knowledge.faq]
    return {item.ref: item for item in items}


def as_files(items: Iterable[Item]) -> dict[str, dict[str, Any]]:
    """The entries as the content of files by their names, which `data/knowledge/` takes as they are."""
    items = list(items)
    homes = {item.name: _home(item) for item in items if item.kind == "product_line"}
    made: dict[str, dict[str, Any]] = {}
    for item in items:
        if item.kind == "product_line":
            made.setdefault(homes[item.name], {})["product_line"] = item.content
        elif item.kind in OF_A_LINE:
            file = made.setdefault(homes.get(item.line, f"{item.line}.yml"), {})
            file.setdefault(OF_A_LINE[item.kind], []).append(item.content)
        else:
            made.setdefault(_home(item), {}).setdefault(_LISTS[item.kind], []).append(item.content)
    return made


def _home(item: Item) -> str:
    """The file that an entry comes from, or belongs into."""
    if item.source.endswith((".yml", ".yaml")):
        return item.source
    return NEW_FILES.get(item.kind) or f"{item.name.replace('/', '-')}.yml"


def digest(content: dict[str, Any] | None) -> str | None:
    """A hash of an entry's content, by which a change is seen."""
    if content is None:
        return None
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)
