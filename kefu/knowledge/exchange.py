"""Entries in bulk: YAML as in `data/knowledge/`, and CSV of questions, with mistakes named by line."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.knowledge.categories import rules
from kefu.knowledge.editing import Change
from kefu.knowledge.items import MODELS, NEW_FILES, OF_A_LINE, EditError, Item, as_files, parse
from kefu.knowledge.models import StoredEntry
from kefu.knowledge.references import Entries, check

#: Columns of a CSV of questions; those with several values have them separated by this.
COLUMNS = ("question", "also", "products", "line", "function", "answer", "valid_from", "valid_until")
_MANY, _SEPARATOR = ("also", "products"), "|"
#: So many entries may come at once.
MOST = 20_000


@dataclass(frozen=True)
class Mistake:
    """Why an entry of a file can't be taken.

    Attributes:
        line: Of the file, from 1.
        entry: Its name, as far as there is one.
        field: What is to blame.
        message: What is wrong.
    """

    line: int
    entry: str
    field: str | None
    message: str


@dataclass
class Preview:
    """What a file would change.

    Attributes:
        changes: To publish, if there is no mistake.
        new, changed, same: How many entries would be made, changed, left.
        mistakes: Everything that is wrong with it.
    """

    changes: list[Change]
    new: int
    changed: int
    same: int
    mistakes: list[Mistake]


def preview(session: Session, name: str, content: bytes) -> Preview:
    """Reads a file of entries and says what it would change; nothing is changed.

    Args:
        session: Only read.
        name: The file's; ``.csv`` or ``.yml``.
        content: UTF-8, with or without a byte-order mark.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Preview([], 0, 0, 0, [Mistake(line, "", None, "is not UTF-8")])
    mistakes: list[Mistake] = []
    read = _read_csv if name.lower().endswith(".csv") else _read_yaml
    found = list(read(text, mistakes))
    if len(found) > MOST:
        return Preview([], 0, 0, 0, [Mistake(1, "", None, f"holds more than {MOST} entries")])
    return _compare(session, found, mistakes)


def export_csv(session: Session) -> str:
    """All questions as CSV, with a byte-order mark, for spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in stored(session):
        if item.kind == "faq":
            content = item.content
            cells = (content.get(name, "") for name in COLUMNS)
            writer.writerow([_SEPARATOR.join(cell) if isinstance(cell, list) else cell for cell in cells])
    return "\ufeff" + out.getvalue()


def export_files(session: Session) -> bytes:
    """A ZIP of those files of `data/knowledge/` that the console's edits concern, as they count now."""
    rows = session.scalars(select(StoredEntry).filter_by(layered=True)).all()
    lines = {row.line or row.name for row in rows if row.kind in ("product_line", *OF_A_LINE)}
    kinds, homes = {row.kind for row in rows}, {row.source for row in rows}
    new = {file for kind, file in NEW_FILES.items() if kind in kinds}
    files = as_files(stored(session))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            line = (content.get("product_line") or {}).get("name")
            if line in lines or name in homes | new:
                archive.writestr(name, _yaml(content))
    return made.getvalue()


def stored(session: Session) -> list[Item]:
    """All entries as they count, in the order of the files."""
    query = select(StoredEntry).where(StoredEntry.content.is_not(None)).order_by(StoredEntry.position)
    return [parse(row.kind, row.content, row.line, row.source) for row in session.scalars(query)]


def _compare(
    session: Session, found: list[tuple[int, str, str | None, dict[str, Any]]], mistakes: list[Mistake]
) -> Preview:
    here = {item.ref: item for item in stored(session)}
    versions = dict(session.execute(select(StoredEntry.ref, StoredEntry.version)).all())
    items: dict[str, tuple[int, Item]] = {}
    for number, kind, line, content in found:
        name = str(content.get("question") or content.get("name") or "") if isinstance(content, dict) else ""
        try:
            item = parse(kind, content, line)
        except EditError as error:
            mistakes.append(Mistake(number, name, error.field, str(error)))
            continue
        if item.ref in items:
            mistakes.append(Mistake(number, name, None, f"stands twice, also in line {items[item.ref][0]}"))
        items[item.ref] = number, item
    world = Entries({**here, **{ref: item for ref, (_, item) in items.items()}})
    for number, item in items.values():
        try:
            check(item, world, rules().problem_types)
        except EditError as error:
            mistakes.append(Mistake(number, item.name, error.field, str(error)))
    new = [item for ref, (_, item) in items.items() if ref not in here]
    changed = [item for ref, (_, item) in items.items() if ref in here and here[ref].entry != item.entry]
    changes = [
        Change("put", item.ref if item.ref in versions else None, versions.get(item.ref, 0), item.kind,
               item.line, item.content, origin={"import": True})
        for item in sorted((*new, *changed), key=lambda item: list(MODELS).index(item.kind))
    ]  # fmt: skip
    same = len(items) - len(new) - len(changed)
    return Preview(changes, len(new), len(changed), same, sorted(mistakes, key=lambda one: one.line))


def _read_csv(text: str, mistakes: list[Mistake]) -> Iterable[tuple[int, str, str | None, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    header = reader.fieldnames or []
    if unknown := [name for name in header if name not in COLUMNS]:
        mistakes.append(Mistake(1, "", unknown[0], f"is not one of {', '.join(COLUMNS)}"))
        return
    start = reader.line_num + 1
    for row in reader:
        if None in row:
            mistakes.append(Mistake(start, row.get("question") or "", None, "has more cells than the header"))
        content: dict[str, Any] = {}
        for name in header:
            cell = (row.get(name) or "").strip()
            if name in _MANY:
                content[name] = [part.strip() for part in cell.split(_SEPARATOR) if part.strip()]
            elif cell:
                content[name] = cell
        if any(content.values()):
            yield start, "faq", None, content
        start = reader.line_num + 1


def _read_yaml(text: str, mistakes: list[Mistake]) -> Iterable[tuple[int, str, str | None, dict[str, Any]]]:
    try:
        content = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        mistakes.append(Mistake(line, "", None, str(error.problem)))
        return
    except (YAMLError, ValueError) as error:
        mistakes.append(Mistake(1, "", None, str(error)))
        return
    if not isinstance(content, dict):
        mistakes.append(Mistake(1, "", None, "is empty or not a mapping"))
        return
    head = content.get("product_line")
    line = head if isinstance(head, str) else head.get("name") if isinstance(head, dict) else None
    if isinstance(head, dict):
        yield content.lc.key("product_line")[0] + 1, "product_line", None, _plain(head)
    kinds = {field: kind for kind, field in {**OF_A_LINE, "policy": "policies", "faq": "faq"}.items()}
    for field in content:
        if field not in kinds and field != "product_line":
            mistakes.append(Mistake(content.lc.key(field)[0] + 1, "", str(field), "is not known here"))
    for field, kind in kinds.items():
        entries = content.get(field) or []
        if not isinstance(entries, list):
            mistakes.append(Mistake(content.lc.key(field)[0] + 1, "", field, "is not a list"))
            continue
        for place, entry in enumerate(entries):
            yield entries.lc.item(place)[0] + 1, kind, line, _plain(entry)


def _plain(value: Any) -> Any:
    """Without what the reader keeps of a YAML file's looks."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _yaml(content: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = YAML()
    writer.width, writer.allow_unicode = 110, True
    writer.dump(content, out)
    return out.getvalue()
