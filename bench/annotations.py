"""Manuals, tickets and pairs that were annotated by hand, and how what was found is counted against them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.corpora import FileError
from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.extraction.documents import Document
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.readers import read
from kefu.knowledge.extraction.service import ticket_document
from kefu.language.normalize import fold

#: Two pieces of a text are the same from this share of their characters on.
_SAME_PLACE = 0.6
_MANUALS = (".md", ".html", ".csv", ".txt", ".docx", ".pdf")


@dataclass(frozen=True)
class Annotated:
    """A document and what it names, by hand."""

    document: Document
    entities: Sequence[dict[str, Any]]
    relations: Sequence[dict[str, Any]]


@dataclass
class Counts:
    """Right, wrong and missed, by kind."""

    right: Counter = field(default_factory=Counter)
    wrong: Counter = field(default_factory=Counter)
    missed: Counter = field(default_factory=Counter)

    def precision(self, kind: str | None = None) -> float:
        right, wrong = self._of(self.right, kind), self._of(self.wrong, kind)
        return right / max(1, right + wrong)

    def recall(self, kind: str | None = None) -> float:
        right, missed = self._of(self.right, kind), self._of(self.missed, kind)
        return right / max(1, right + missed)

    def number(self, kind: str | None = None) -> int:
        return self._of(self.right, kind) + self._of(self.missed, kind)

    @staticmethod
    def _of(counter: Counter, kind: str | None) -> int:
        return counter[kind] if kind else sum(counter.values())


def read_manuals(folder: Path) -> list[Annotated]:
    """The manuals of ``folder``, each with the ``.jsonl`` of its name."""
    found = []
    for path in sorted(p for p in folder.glob("manuals/*") if p.suffix in _MANUALS):
        rows = list(read_rows(path.with_suffix(".jsonl")))
        entities = [row for row in rows if "kind" in row]
        found.append(Annotated(read(path), entities, [row for row in rows if "relation" in row]))
    return found


def read_tickets(folder: Path) -> list[Annotated]:
    """The tickets of ``folder``."""
    paths = [*folder.glob("tickets.jsonl"), *sorted(folder.glob("annotated/*.jsonl"))]
    return [
        Annotated(ticket_document(str(row["id"]), row["text"]), row["entities"], row["relations"])
        for path in paths
        for row in read_rows(path)
    ]


def read_pairs(folder: Path) -> list[dict[str, Any]]:
    """Pairs of entries, the same or not."""
    path = folder / "pairs.jsonl"
    return list(read_rows(path)) if path.exists() else []


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of one JSON object a line.

    Raises:
        FileError: A line is no JSON.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise FileError(f"{path}:{number}: is not JSON ({error.msg})") from None


def count(
    annotated: Annotated, candidates: Sequence[Candidate], entities: Counts, relations: Counts
) -> tuple[list[dict[str, Any]], list[Candidate]]:
    """Adds one document to the counts; gives what was missed and what was wrong."""
    matched = _matched(annotated, candidates)
    for i, entity in enumerate(annotated.entities):
        (entities.right if i in matched.values() else entities.missed)[entity["kind"]] += 1
    for i, candidate in enumerate(candidates):
        if i not in matched:
            entities.wrong[candidate.kind] += 1
    _count_relations(annotated, candidates, matched, relations)
    return (
        [entity for i, entity in enumerate(annotated.entities) if i not in matched.values()],
        [candidate for i, candidate in enumerate(candidates) if i not in matched],
    )


def _matched(annotated: Annotated, candidates: Sequence[Candidate]) -> dict[int, int]:
    """Which candidate is which entity, each once; the most alike first."""
    likely = []
    for i, entity in enumerate(annotated.entities):
        for j, candidate in enumerate(candidates):
            if candidate.kind == entity["kind"]:
                alike = _alike(annotated.document.text, entity, candidate)
                if alike >= _SAME_PLACE:
                    likely.append((alike, -i, -j))
    matched: dict[int, int] = {}
    for _, i, j in sorted(likely, reverse=True):
        if -j not in matched and -i not in matched.values():
            matched[-j] = -i
    return matched


def _alike(text: str, entity: dict[str, Any], candidate: Candidate) -> float:
    """1 for the same text, else the share of characters at one place; more for a spec's equal value."""
    value = entity.get("value")
    bonus = (
        0.1
        if value and candidate.value and fold(value) in fold(f"{candidate.value}{candidate.unit or ''}")
        else 0
    )
    names = (candidate.name, *candidate.aliases)
    if fold(entity["text"]) in map(fold, names):
        return 1 + bonus
    source = candidate.source
    best = 0.0
    for name in names:
        at = source.quote.find(name)
        if at < 0:
            continue
        start, end = source.start + at, source.start + at + len(name)
        place = text.find(entity["text"])
        while place >= 0:
            last = place + len(entity["text"])
            both = min(end, last) - max(start, place)
            best = max(best, both / (max(end, last) - min(start, place)))
            place = text.find(entity["text"], place + 1)
    return best + (bonus if best >= _SAME_PLACE else 0)


def _count_relations(
    annotated: Annotated, candidates: Sequence[Candidate], matched: dict[int, int], counts: Counts
) -> None:
    """A relation is found when both its ends are; one at an end that is no entity is wrong."""
    named = [_name(entity) for entity in annotated.entities]
    true = {
        (r["relation"], source, target)
        for r in annotated.relations
        for source in named
        for target in named
        if (source[1], target[1]) == (r["source"], r["target"])
        and relation_between(source[0], target[0]) == r["relation"]
        and (r["relation"] != "describes" or r.get("value", source[2]) == source[2])
    }
    found = {j: named[i] for j, i in matched.items()}
    by_name = {
        (c.kind, fold(name)): found[j]
        for j, c in enumerate(candidates)
        if j in found
        for name in (c.name, *c.aliases)
    }
    told = set()
    for j, candidate in enumerate(candidates):
        source = found.get(j, (candidate.kind, candidate.name, candidate.value or ""))
        for relation in candidate.relations:
            target_key = (relation.target_kind, fold(relation.target_name))
            told.add((relation.relation, source, by_name.get(target_key, target_key)))
    for relation in told:
        (counts.right if relation in true else counts.wrong)[relation[0]] += 1
    for relation in true - told:
        counts.missed[relation[0]] += 1


def _name(entity: dict[str, Any]) -> tuple[str, str, str]:
    return entity["kind"], entity["text"], entity.get("value") or ""


def kinds(counts: Iterable[Counts]) -> list[str]:
    """Every kind that was counted, in order."""
    return sorted({kind for c in counts for kind in (*c.right, *c.wrong, *c.missed)})
