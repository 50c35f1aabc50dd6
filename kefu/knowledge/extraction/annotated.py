"""Tickets and manuals that were annotated one by one (``data/extraction/annotated``, ``.../manuals``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kefu.knowledge.extraction.documents import DocumentError
from kefu.knowledge.extraction.examples import Example, Label, family, relation_between
from kefu.knowledge.extraction.passages import asked_in, passages
from kefu.knowledge.extraction.readers import read
from kefu.knowledge.extraction.sections import Sections
from kefu.knowledge.extraction.vocabulary import vocabulary

#: Numbers of their trades begin here; those below are of ``examples.yml``.
_FIRST = 1000
#: Kinds that are the same wherever the text says them again.
_AGAIN = ("product", "product_line", "error_code", "function", "policy")


def annotated(folder: Path) -> list[Example]:
    """All of them as examples, each file a trade.

    Raises:
        DocumentError: A line is no JSON or lacks a field.
    """
    found: list[Example] = []
    for number, path in enumerate(files(folder), _FIRST):
        try:
            rows = [
                json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
            ]
            found += (
                _tickets(rows, number) if path.parent.name == "annotated" else _manual(path, rows, number)
            )
        except (ValueError, KeyError) as error:
            raise DocumentError(f"{path.name}: is not as annotations are: {error}") from error
    return found


def files(folder: Path) -> list[Path]:
    """Where annotations stand."""
    return sorted(folder.glob("annotated/*.jsonl")) + sorted(folder.glob("manuals/*.jsonl"))


def _tickets(rows: Iterable[dict[str, Any]], trade: int) -> Iterator[Example]:
    for row in rows:
        yield _example(row["text"], "", row["entities"], row["relations"], trade)


def _manual(path: Path, rows: Sequence[dict[str, Any]], trade: int) -> Iterator[Example]:
    """The running text and the short headings of a manual; tables are read by their headers."""
    rows = [one for row in rows for one in (*row.get("entities", ()), *row.get("relations", ()), row)]
    entities = [row for row in rows if "kind" in row]
    relations = [row for row in rows if "relation" in row]
    source = next(p for p in path.parent.glob(f"{path.stem}.*") if p.suffix != ".jsonl")
    document = read(source)
    sections = Sections(document, vocabulary())
    for block in document.blocks:
        if block.kind == "heading":
            text = sections.bare(block.items[0]).text
            yield _example(text, sections.of(block.headings[:-1]), entities, relations, trade)
    tables = [block for block in document.blocks if block.kind == "table"]
    asked = [row for block in tables for row in asked_in(block, vocabulary())]
    for passage in (*passages(document, sections), *asked):
        yield _example(passage.text, passage.section, entities, relations, trade)


def _example(
    text: str,
    section: str,
    entities: Iterable[dict[str, Any]],
    relations: Iterable[dict[str, Any]],
    trade: int,
) -> Example:
    labels: list[Label] = []
    for entity in sorted(entities, key=lambda one: -len(one["text"])):
        for start, end in _places(text, entity):
            label = Label(entity["kind"], start, end)
            if not any(_clash(label, other) for other in labels):
                labels.append(label)
    labels.sort(key=lambda label: label.start)
    said = {(row["relation"], row["source"], row["target"]) for row in relations}
    links = {
        (i, j)
        for i, source in enumerate(labels)
        for j, target in enumerate(labels)
        if (
            relation_between(source.kind, target.kind),
            text[source.start : source.end],
            text[target.start : target.end],
        )
        in said
    }
    return Example(text, section, tuple(labels), frozenset(links), trade, written=True)


def _places(text: str, entity: dict[str, Any]) -> list[tuple[int, int]]:
    """Where a text says what was annotated: once, but names again and again."""
    said = entity["text"]
    found = []
    at = text.find(said)
    while at >= 0 and (not found or entity["kind"] in _AGAIN):
        found.append((at, at + len(said)))
        at = text.find(said, at + len(said))
    return found


def _clash(one: Label, other: Label) -> bool:
    """Whether two labels can't both be: they share characters, and one family holds both."""
    meet = one.start < other.end and other.start < one.end
    return meet and (one.kind == other.kind or family(one.kind) == family(other.kind))
