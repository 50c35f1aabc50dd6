"""What is searched and what is asked: the company's own knowledge, or files of anyone's."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu.config import settings
from kefu.knowledge.entries import Catalog, Mentions
from kefu.knowledge.matcher import NameMatcher
from kefu.knowledge.search import Entry


class FileError(ValueError):
    """A file can't be used; the message names file, line and field."""


@dataclass(frozen=True)
class Query:
    """A question and what answers it.

    Attributes:
        text: As typed.
        ids: Any of these is right; empty where nothing answers it.
        product: The product that the conversation is about, if any.
        intent: What the question asks for, if known.
    """

    text: str
    ids: frozenset[str]
    product: str | None = None
    intent: str = ""


def read_entries(path: Path) -> list[Entry]:
    """Reads a corpus: ``id``, ``question``, ``answer`` and, if there is one, ``also`` (more phrasings)."""
    return [
        Entry(str(_field(row, "id", place)), (_field(row, "question", place), *_many(row.get("also"))),
              str(row.get("answer") or ""))
        for place, row in _rows(path)
    ]  # fmt: skip


def read_queries(path: Path) -> list[Query]:
    """Reads questions: ``query`` and ``ids`` (or ``id``), optionally ``product`` and ``intent``."""
    queries = []
    for place, row in _rows(path):
        ids = _many(row["ids"] if "ids" in row else _field(row, "id", place))
        text = _field(row, "query", place)
        queries.append(Query(text, frozenset(ids), row.get("product") or None, row.get("intent") or ""))
    return queries


def large_corpus(size: int, questions: int = 200) -> tuple[list[Entry], list[Query]]:
    """A corpus of any size out of the company's own texts, and questions to it.

    Entries are put together from sentences of our FAQ, policies and manuals, so that words repeat as they do
    in large corpora. The questions are other phrasings of the entries that stand in our files.

    Args:
        size: How many entries.
        questions: How many questions.
    """
    from kefu.knowledge import files, load

    rows = load.rows_of(files.read(settings().knowledge_dir))
    nodes = [row for row in rows.nodes.values() if row["kind"] in ("faq", "policy", "passage", "function")]
    chance = random.Random(1)
    entries, queries = [], []
    for node in nodes:
        other = [*node["data"].get("also", ()), *node["data"].get("questions", ())]
        entries.append(Entry(f"{node['kind']}:{node['key']}", (node["name"],), node["body"]))
        queries += [Query(text, frozenset([entries[-1].id])) for text in other]
    parts = (part for node in nodes for part in re.split(r"[。；\n]", node["body"]))
    sentences = [part for part in parts if 6 < len(part) < 80]
    while len(entries) < size:
        one, two, three = chance.sample(sentences, 3)
        cut = chance.randrange(3, len(one))
        number = f"{chance.randrange(10**6):06}"
        entries.append(Entry(f"made:{len(entries)}", (f"{one[:cut]}{two[-8:]} {number}",), f"{three}。{two}"))
    return entries[:size], chance.sample(queries, min(questions, len(queries)))


def entries_of(catalog: Catalog) -> list[Entry]:
    """The entries that the assistant searches, for the rivals to search too."""
    index, bodies = catalog._index, {fact.ref: fact for fact in catalog._facts}
    assert index is not None, "the knowledge folder is empty"
    return [
        Entry(ref, catalog._phrasings(fact), "\n".join((fact.body, *fact.data.get("how_to", ()))))
        for ref, fact in bodies.items()
    ]


def mentions_of(query: Query, catalog: Catalog, matcher: NameMatcher) -> Mentions:
    """What the assistant would know: the names in the question and the product spoken of before."""
    named: dict[str, list[str]] = {}
    nicknames: list[tuple[str, str]] = []
    for match in matcher(query.text):
        by_value, said = match.entity in ("product", "product_line"), query.text[match.start : match.end]
        named.setdefault(match.entity, []).append(match.value if by_value else said)
        if match.entity == "product":
            nicknames.append((said, match.value))
    products, lines = tuple(named.get("product", ())), tuple(named.get("product_line", ()))
    context = None if products else query.product
    if context and lines and catalog.graph.line_of(context) not in lines:
        context = None
    return Mentions(
        products, lines, tuple(named.get("function", ())), tuple(named.get("symptom", ())),
        tuple(named.get("error_code", ())), context, tuple(nicknames),
    )  # fmt: skip


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of a JSONL or CSV file, each with its place for error messages."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix.lower() == ".csv":
            yield from ((f"{path}:{number}", row) for number, row in enumerate(csv.DictReader(file), 2))
            return
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise FileError(f"{path}:{number}: is not JSON ({error.msg})") from None
            if not isinstance(row, dict):
                raise FileError(f"{path}:{number}: is not an object with fields")
            yield f"{path}:{number}", row


def _field(row: dict[str, Any], name: str, place: str) -> str:
    value = row.get(name)
    if value is None or not str(value).strip():
        raise FileError(f"{place}: the field {name!r} is missing")
    return str(value)


def _many(value: Any) -> list[str]:
    """A list as it stands in JSON, or with bars between in CSV."""
    if isinstance(value, str):
        value = value.split("|")
    return [
        str(item).strip()
        for item in (value if isinstance(value, list) else [value])
        if item not in (None, "")
    ]
