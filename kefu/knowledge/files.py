"""Reads and checks `data/knowledge/` (format: docs/knowledge.md)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Optional

from pydantic import BaseModel, Extra, Field, ValidationError, validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError


class KnowledgeError(ValueError):
    """A file of the knowledge folder can't be used; the message names file and field."""


class _Entry(BaseModel):
    class Config:
        extra = Extra.forbid
        anystr_strip_whitespace = True


class Line(_Entry):
    """A product line."""

    name: str
    english: Optional[str]
    aliases: list[str] = []


class Product(_Entry):
    """A product of a line; ``specs`` maps what is asked about to its value."""

    name: str
    title: str
    english: Optional[str]
    aliases: list[str] = []
    summary: str
    price: str
    specs: dict[str, str] = {}


class Function(_Entry):
    """Something that products of a line can do, with the steps to do it."""

    name: str
    english: Optional[str]
    aliases: list[str] = []
    products: list[str]
    summary: str
    how_to: list[str] = []


class Cause(_Entry):
    """Why a fault occurs, and the one solution for it."""

    cause: str
    solution: str
    steps: list[str] = Field(min_items=1)


class Fault(_Entry):
    """Something that goes wrong; ``causes`` stand in the order in which they are tried."""

    name: str
    english: Optional[str]
    function: Optional[str]
    products: list[str]
    problem_type: str
    urgency: str = "normal"
    error_codes: list[str] = []
    symptoms: list[str] = Field(min_items=1)
    safety: Optional[str]
    causes: list[Cause] = Field(min_items=1)

    @validator("urgency")
    def _known_urgency(cls, value: str) -> str:
        if value not in ("critical", "high", "normal", "low"):
            raise ValueError("must be critical, high, normal or low")
        return value


class Policy(_Entry):
    """A rule of the company, in force between ``valid_from`` and ``valid_until`` where given."""

    name: str
    english: Optional[str]
    topics: list[str] = []
    applies_to: list[str] = []
    questions: list[str] = []
    answer: str
    valid_from: Optional[date]
    valid_until: Optional[date]


class Faq(_Entry):
    """A question with its answer and other ways to ask it."""

    question: str
    also: list[str] = []
    products: list[str] = []
    line: Optional[str]
    function: Optional[str]
    answer: str


class _LineFile(_Entry):
    product_line: Line
    products: list[Product] = Field(min_items=1)
    functions: list[Function] = []
    faults: list[Fault] = []


class _PolicyFile(_Entry):
    policies: list[Policy]


class _FaqFile(_Entry):
    faq: list[Faq]


class Label(_Entry):
    """A word in both languages."""

    zh: str
    en: str

    def get(self, language: str) -> str:
        """The word in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


class _Labels(_Entry):
    price: str
    sources: dict[str, Label]
    urgencies: dict[str, Label]
    statuses: dict[str, Label]
    next_steps: dict[str, Label]
    ticket_kinds: dict[str, Label]


class _Danger(_Entry):
    words: list[str] = Field(min_items=1)
    safety: str


class _Urgency(_Entry):
    critical: list[_Danger]
    high: list[str]


class CategoryFile(_Entry):
    """How turns are classified; the comments of the file say what each part is for."""

    problem_types: list[str]
    labels: _Labels
    kinds: dict[str, list[str]]
    ticket_kinds: dict[str, list[str]]
    problem_types_of_intents: dict[str, list[str]]
    urgency: _Urgency


@dataclass(frozen=True)
class Passage:
    """One section of a manual."""

    manual: str
    title: str
    text: str


@dataclass
class Knowledge:
    """Everything that the folder says; each list pairs an entry with its file."""

    lines: list[tuple[_LineFile, str]] = field(default_factory=list)
    policies: list[tuple[Policy, str]] = field(default_factory=list)
    faq: list[tuple[Faq, str]] = field(default_factory=list)
    passages: list[tuple[Passage, str]] = field(default_factory=list)
    problem_types: list[str] = field(default_factory=list)
    price_label: str = "price"


def fingerprint(folder: Path) -> str:
    """A hash of every file below ``folder`` that holds facts."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read(folder: Path) -> Knowledge:
    """Reads the whole folder.

    Raises:
        KnowledgeError: A file is not YAML, or a field is missing, unknown or refers to nothing.
    """
    if not folder.is_dir():
        raise KnowledgeError(f"{folder}: no such folder of knowledge")
    knowledge = Knowledge()
    for path in _files(folder):
        source = path.relative_to(folder).as_posix()
        if path.suffix == ".md":
            knowledge.passages += [(passage, source) for passage in _passages(path)]
            continue
        content = load_yaml(path, source)
        if "product_line" in content:
            knowledge.lines.append((parse(_LineFile, content, source), source))
        elif "policies" in content:
            knowledge.policies += [(p, source) for p in parse(_PolicyFile, content, source).policies]
        elif "faq" in content:
            knowledge.faq += [(f, source) for f in parse(_FaqFile, content, source).faq]
        elif "problem_types" in content:
            categories = parse(CategoryFile, content, source)
            knowledge.problem_types = categories.problem_types
            knowledge.price_label = categories.labels.price
        else:
            raise KnowledgeError(f"{source}: needs product_line, policies, faq or problem_types at the top")
    _check_references(knowledge)
    return knowledge


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".yml", ".yaml", ".md"))


def load_yaml(path: Path, source: str) -> dict[str, Any]:
    """Reads one file, naming the line of a fault."""
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise KnowledgeError(f"{source}, line {line}: {error.problem}") from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{source}: is not UTF-8") from error
    if not isinstance(content, dict):
        raise KnowledgeError(f"{source}: is empty or not a mapping")
    return content


def parse(model: type[_Entry], content: dict[str, Any], source: str) -> Any:
    """Checks a file's content against its model, naming the field of a fault."""
    try:
        return model.parse_obj(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = _where(content, first["loc"])
        raise KnowledgeError(f"{source}: {where}: {first['msg']}") from error


def _where(content: Any, location: tuple) -> str:
    """Names the field, and the entry by its name rather than by its position alone."""
    parts = []
    for step in location:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            content = None
        name = (content.get("name") or content.get("question")) if isinstance(content, dict) else None
        parts.append(f"{step} ({name})" if name else str(step))
    return " > ".join(parts)


def _check_references(knowledge: Knowledge) -> None:
    products, lines, functions = set(), set(), set()
    for content, source in knowledge.lines:
        name = content.product_line.name
        _unique([name], lines, source, "product_line")
        _unique([p.name for p in content.products], products, source, "products")
        _unique([f"{name}/{f.name}" for f in content.functions], functions, source, "functions")
        _unique([f.name for f in content.faults], set(), source, "faults")
    for content, source in knowledge.lines:
        own = {p.name for p in content.products}
        for entry in (*content.functions, *content.faults):
            _known(entry.products, own, source, f"{entry.name} > products")
        for fault in content.faults:
            if fault.function:
                _known([f"{content.product_line.name}/{fault.function}"], functions, source, fault.name)
            _known([fault.problem_type], set(knowledge.problem_types), source, f"{fault.name} > problem_type")
    for policy, source in knowledge.policies:
        _known(policy.applies_to, products | lines, source, f"{policy.name} > applies_to")
    for faq, source in knowledge.faq:
        _known(faq.products, products, source, f"{faq.question} > products")
        _known([faq.line] if faq.line else [], lines, source, f"{faq.question} > line")
    for entries, field_name in ((knowledge.policies, "name"), (knowledge.faq, "question")):
        seen: set[str] = set()
        for entry, source in entries:
            _unique([getattr(entry, field_name)], seen, source, field_name)


def _unique(names: list[str], seen: set[str], source: str, field_name: str) -> None:
    for name in names:
        if name in seen:
            raise KnowledgeError(f"{source}: {field_name}: {name} stands twice")
        seen.add(name)


def _known(names: list[str], known: set[str], source: str, where: str) -> None:
    for name in names:
        if name not in known:
            raise KnowledgeError(f"{source}: {where}: {name} is not defined")


_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")


def _passages(path: Path) -> list[Passage]:
    """Cuts a manual at its headings; a section's title carries the titles above it."""
    passages, titles, lines = [], [], []

    def close() -> None:
        text = "\n".join(lines).strip()
        if text:
            passages.append(Passage(path.stem, " / ".join(titles[1:]) or titles[0], text))
        lines.clear()

    for line in path.read_text(encoding="utf-8").splitlines():
        heading = _HEADING.match(line)
        if not heading:
            lines.append(line)
            continue
        close()
        depth = len(heading.group(1))
        titles[depth - 1 :] = [heading.group(2)]
    if not titles:
        raise KnowledgeError(f"{path.name}: has no heading")
    close()
    return passages
