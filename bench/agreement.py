"""How far two people who annotate tickets by the same guide agree: what the goals of extraction can be.

``make bench-extract ARGS=--agreement``. The second annotator knew the guide alone
(``tests/extraction/README.md``). Counted as what a machine suggests is: the first annotator holds for right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.annotations import Annotated, Counts, count, kinds, read_rows, read_tickets
from bench.report import heading, table
from kefu.knowledge.extraction.candidates import Candidate, Relation, Source
from kefu.knowledge.extraction.examples import relation_between


def measure(folder: Path) -> None:
    """Prints precision and recall of ``folder/second.jsonl`` against the tickets of ``folder``."""
    first = {ticket.document.name: ticket for ticket in read_tickets(folder)}
    entities, relations = Counts(), Counts()
    rows = list(read_rows(folder / "second.jsonl"))
    for row in rows:
        ticket = first[str(row["id"])]
        count(ticket, list(_candidates(row, ticket)), entities, relations)
    for name, counts in (("Entities", entities), ("Relations", relations)):
        heading(f"{name} of {len(rows)} tickets, a second annotator against the first")
        table(
            ("", "number", "precision", "recall"),
            [
                (kind or "all", counts.number(kind), counts.precision(kind), counts.recall(kind))
                for kind in (*kinds((counts,)), None)
            ],
        )


def _candidates(row: dict[str, Any], ticket: Annotated) -> Iterator[Candidate]:
    document = ticket.document
    for entity in row["entities"]:
        name, value = entity["text"], entity.get("value")
        start = document.text.find(name)
        source = Source(document.name, "", start, start + len(name), name)
        yield Candidate(
            entity["kind"], name, (), "", (), None, value, entity.get("unit"), (),
            tuple(_relations(row, entity)), source, 1.0,
        )  # fmt: skip


def _relations(row: dict[str, Any], entity: dict[str, Any]) -> Iterator[Relation]:
    value = entity.get("value")
    for relation in row["relations"]:
        if relation["source"] != entity["text"]:
            continue
        if relation["relation"] == "describes" and relation.get("value", value) != value:
            continue
        for other in row["entities"]:
            if (
                other["text"] == relation["target"]
                and relation_between(entity["kind"], other["kind"]) == relation["relation"]
            ):
                yield Relation(relation["relation"], other["kind"], other["text"])
