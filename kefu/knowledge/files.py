"""Reads and checks `data/knowledge/` (format: docs/knowledge.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kefu.config import ROOT
from kefu.knowledge.manuals import Passage, read_manual
from kefu.knowledge.schema import CategoryFile, Entry, Faq, FaqFile, LineFile, Policy, PolicyFile
from kefu.language.normalize import fold

#: So long may a file's path below the folder be: the database keeps it with every fact.
_PATH = 255


class KnowledgeError(ValueError):
    """A file of the knowledge folder can't be used; the message names file and field."""


@dataclass
class Knowledge:
    """Everything that the folder says; each list pairs an entry with its file."""

    lines: list[tuple[LineFile, str]] = field(default_factory=list)
    policies: list[tuple[Policy, str]] = field(default_factory=list)
    faq: list[tuple[Faq, str]] = field(default_factory=list)
    passages: list[tuple[Passage, str]] = field(default_factory=list)
    problem_types: list[str] = field(default_factory=list)
    price_label: str = "price"
    price_questions: list[str] = field(default_factory=list)
    range_questions: list[str] = field(default_factory=list)


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
        if len(source) > _PATH:
            raise KnowledgeError(f"{source}: the path is longer than {_PATH} characters")
        if path.suffix == ".md":
            try:
                knowledge.passages += [(passage, source) for passage in read_manual(path)]
            except ValueError as error:  # no heading, or not UTF-8
                raise KnowledgeError(f"{source}: {error}") from error
            continue
        content = load_yaml(path, source)
        if "product_line" in content:
            knowledge.lines.append((parse(LineFile, content, source), source))
        elif "policies" in content:
            knowledge.policies += [(p, source) for p in parse(PolicyFile, content, source).policies]
        elif "faq" in content:
            knowledge.faq += [(f, source) for f in parse(FaqFile, content, source).faq]
        elif "problem_types" in content:
            categories = parse(CategoryFile, content, source)
            _check_safety(categories, source)
            knowledge.problem_types = categories.problem_types
            knowledge.price_label = categories.labels.price
            knowledge.price_questions = categories.labels.price_questions
            knowledge.range_questions = categories.labels.range_questions
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
    except (YAMLError, ValueError) as error:  # a character or a date that YAML does not know
        raise KnowledgeError(f"{source}: {error}") from error
    if not isinstance(content, dict):
        raise KnowledgeError(f"{source}: is empty or not a mapping")
    return content


def parse(model: type[Entry], content: dict[str, Any], source: str) -> Any:
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
        parts.append(f"{step} ({str(name)[:40]})" if name else str(step))
    return " > ".join(parts)


def _check_safety(categories: CategoryFile, source: str) -> None:
    """Each danger names a response that says what to do first; one without words would be silent."""
    worded = set(
        re.findall(r"^  utter_safety_(\w+):", (ROOT / "domain.yml").read_text("utf-8"), re.MULTILINE)
    )
    safety = [danger.safety for danger in categories.urgency.critical]
    for name in safety:
        if name not in worded:
            where = "urgency > critical > safety"
            raise KnowledgeError(f"{source}: {where}: domain.yml has no response utter_safety_{name}")


def _check_references(knowledge: Knowledge) -> None:
    products, lines, functions = set(), set(), set()
    of_products: dict[str, str] = {}
    of_lines: dict[str, str] = {}
    for content, source in knowledge.lines:
        _distinct([content.product_line], of_lines, source, "product_line")
        _distinct(content.products, of_products, source, "products")
        _distinct(content.functions, {}, source, "functions")
        _distinct(content.faults, {}, source, "faults")
    for content, source in knowledge.lines:
        name = content.product_line.name
        _unique([name], lines, source, "product_line")
        _unique([p.name for p in content.products], products, source, "products")
        _unique([f"{name}/{f.name}" for f in content.functions], functions, source, "functions")
        _unique([f.name for f in content.faults], set(), source, "faults")
    own_products: dict[str, set[str]] = {}
    for content, source in knowledge.lines:
        own = own_products[content.product_line.name] = {p.name for p in content.products}
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
        of_entry = {line for line, own in own_products.items() if own & set(faq.products)} or {faq.line}
        named = {
            name
            for line, _, name in (function.partition("/") for function in functions)
            if line in of_entry or of_entry == {None}
        }
        _known([faq.function] if faq.function else [], named, source, f"{faq.question} > function")
    for entries, field_name in ((knowledge.policies, "name"), (knowledge.faq, "question")):
        seen: set[str] = set()
        for entry, source in entries:
            _unique([getattr(entry, field_name)], seen, source, field_name)


def _unique(names: list[str], seen: set[str], source: str, field_name: str) -> None:
    for name in names:
        if name in seen:
            raise KnowledgeError(f"{source}: {field_name}: {name} stands twice")
        seen.add(name)


def _distinct(entries: Iterable[Any], owners: dict[str, str], source: str, field_name: str) -> None:
    """No name, however it is spelled, leads to two entries: nobody could tell which one is meant."""
    for entry in entries:
        names = (entry.name, *(getattr(entry, "aliases", ())))
        for name in filter(None, (*names, getattr(entry, "title", None), entry.english)):
            owner = owners.setdefault(fold(name), entry.name)
            if owner != entry.name:
                raise KnowledgeError(f"{source}: {field_name}: {name} names both {owner} and {entry.name}")


def _known(names: list[str], known: set[str], source: str, where: str) -> None:
    for name in names:
        if name not in known:
            raise KnowledgeError(f"{source}: {where}: {name} is not defined")
