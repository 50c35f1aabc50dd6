"""What can be told of two entries side by side: how their names, words, values and texts go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz

from kefu.knowledge import attention
from kefu.knowledge.alignment import both_ways, covered, edited, lacking, things, values
from kefu.knowledge.distinctions import Distinctions, Wording, first_part
from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.graph import Fact, Graph
from kefu.language.embedding import embed_all
from kefu.language.normalize import fold

#: Kinds of entries that the weights may treat apart.
_KINDS = ("fault", "function", "faq", "policy", "spec", "solution", "cause", "product")


@dataclass(frozen=True)
class Described:
    """An entry as it is compared.

    Attributes:
        kind, name, aliases, line, products: As of ``Candidate``.
        text: What it says: body, steps, a spec's value with its unit.
        around: What the graph connects it with: symptoms, causes, solutions.
    """

    kind: str
    name: str
    aliases: tuple[str, ...] = ()
    line: str | None = None
    products: tuple[str, ...] = ()
    text: str = ""
    around: frozenset[str] = frozenset()

    @classmethod
    def of_row(cls, kind: str, row: dict) -> Described:
        """From ``name``, ``line``, ``products`` and ``text``."""
        return cls(
            kind, row["name"], (), row.get("line"), tuple(row.get("products") or ()), row.get("text") or ""
        )

    @classmethod
    def of_candidate(cls, candidate: Candidate) -> Described:
        """From what a document suggests."""
        value = f"{candidate.value} {candidate.unit or ''}" if candidate.value else ""
        text = "\n".join(filter(None, (candidate.body, *candidate.steps, value)))
        around = frozenset(
            fold(r.target_name)
            for r in candidate.relations
            if r.target_kind not in ("product", "product_line")
        )
        return cls(
            candidate.kind,
            candidate.name,
            candidate.aliases,
            candidate.line,
            candidate.products,
            text,
            around,
        )

    @classmethod
    def of_fact(cls, fact: Fact, graph: Graph) -> Described:
        """From the graph."""
        products = tuple(sorted(graph.products_about(fact.ref)))
        line = graph.line_of(products[0]) if products else None
        around = [
            target for relation in ("shows", "reports", "caused_by", "solved_by", "concerns")
            for target in graph.targets(fact.ref, relation)
        ]  # fmt: skip
        return cls(
            fact.kind, fact.name, fact.names[1:], line, products, fact.body,
            frozenset(fold(target.name) for target in around),
        )  # fmt: skip


class Seen:
    """An entry with its name, its text and both together, looked at once."""

    def __init__(self, entry: Described, book: Distinctions) -> None:
        """Looks at ``entry``."""
        self.entry = entry
        self.name, self.text = Wording(entry.name, book), Wording(entry.text, book)
        self.whole = Wording(first_part(f"{entry.name} {entry.text}"), book)
        self.names = [self.name.folded, *(Wording(alias, book).folded for alias in entry.aliases)]

    @property
    def words(self) -> list[str]:
        """Of name and text."""
        return self.name.words + self.text.words

    @cached_property
    def pieces(self) -> attention.Read:
        """The pieces of name and text."""
        return attention.read(self.name.said, first_part(self.text.said))

    def meanings(self) -> Iterator[str]:
        """Everything whose meaning is asked for."""
        yield from (self.name.said, self.text.said, self.whole.said, *self.words, *self.whole.clauses)
        yield from (*self.name.alike_words, *self.text.alike_words)


class Comparison:
    """Makes features of pairs; remembers entries and meanings while it lives."""

    def __init__(self, book: Distinctions, known: dict[str, np.ndarray] | None = None) -> None:
        """Compares by the words of ``book``; ``known`` are sentence vectors that are known already."""
        self._book = book
        self._seen: dict[Described, Seen] = {}
        self._vectors: dict[str, np.ndarray] = dict(known or {})

    def features(self, pairs: Sequence[tuple[Described, Described]]) -> np.ndarray:
        """The features of each pair: a row each."""
        self._see(entry for pair in pairs for entry in pair)
        return np.array([self._row(self._seen[a], self._seen[b]) for a, b in pairs])

    def pieces(self, entries: Sequence[Described]) -> list[attention.Read]:
        """The pieces of each entry."""
        self._see(entries)
        return [self._seen[entry].pieces for entry in entries]

    def wholes(self, entries: Sequence[Described]) -> np.ndarray:
        """Sentence vectors of name and whole of each entry: ``(len(entries), 2, dimensions)``."""
        self._see(entries)
        seen = (self._seen[entry] for entry in entries)
        return np.array([[self._vectors[part.said] for part in (one.name, one.whole)] for one in seen])

    def _see(self, entries: Iterable[Described]) -> None:
        new = [entry for entry in dict.fromkeys(entries) if entry not in self._seen]
        self._seen.update((entry, Seen(entry, self._book)) for entry in new)
        said = dict.fromkeys(said for entry in new for said in self._seen[entry].meanings())
        unknown = [text for text in said if text not in self._vectors]
        self._vectors.update(zip(unknown, embed_all(unknown), strict=True))

    def _row(self, a: Seen, b: Seen) -> list[float]:
        both = bool(a.text.said and b.text.said)
        is_spec = float(a.entry.kind == "spec")
        measured = values(a.whole.measures, b.whole.measures)
        row = (
            *_letters(a, b, both), *self._meanings(a, b, both), *self._clauses(a, b),
            *self._left_over(a, b, both),
            *edited(a.name.alike_words, b.name.alike_words, self._vectors),
            *edited(*((a.text.alike_words, b.text.alike_words) if both else ((), ())), self._vectors),
            *values(a.name.measures, b.name.measures), *values(a.text.measures, b.text.measures), *measured,
            *things(a.name, b.name), *things(a.text, b.text), *things(a.whole, b.whole),
            *_said(a, b, both), *(float(a.entry.kind == kind) for kind in _KINDS),
            is_spec * measured[0], is_spec * measured[1], is_spec * self._close(a.name, b.name),
        )  # fmt: skip
        return [float(value) for value in row]

    def _meanings(self, a: Seen, b: Seen, both: bool) -> list[float]:
        name, whole = self._close(a.name, b.name), self._close(a.whole, b.whole)
        text = self._close(a.text, b.text) if both else 0.0
        across = self._close(a.name, b.whole), self._close(b.name, a.whole)
        told = (
            self._close(a.name, b.text) if b.text.said else name,
            self._close(b.name, a.text) if a.text.said else name,
        )
        ratio = fuzz.ratio(a.name.folded, b.name.folded) / 100
        return [
            name, text, whole, min(across), max(across), min(told), max(told),
            max(name, text, whole, *across, *told),
            # Near in meaning though not in letters: other words for it. The other way round: another thing.
            name * ratio, name - ratio, whole - fuzz.ratio(a.whole.folded, b.whole.folded) / 100,
            *_covering(a.name, b.name, b.name, a.name), *_covering(a.name, b.whole, b.name, a.whole),
            *_covering(a.whole, b.whole, b.whole, a.whole),
            *(_covering(a.text, b.text, b.text, a.text) if both else [0.0] * 4),
        ]  # fmt: skip

    def _close(self, one: Wording, other: Wording) -> float:
        return float(self._vectors[one.said] @ self._vectors[other.said])

    def _clauses(self, a: Seen, b: Seen) -> list[float]:
        """How well clauses find each other: the best two, each side on average, and the worst of each."""
        one, other = ([self._vectors[clause] for clause in side.whole.clauses] for side in (a, b))
        if not one or not other:
            return [0.0] * 5
        alike = np.array(one) @ np.array(other).T
        best = alike.max(axis=1), alike.max(axis=0)
        return [
            alike.max(),
            *both_ways(*([side.mean(), side.min()] for side in best)),
        ]

    def _left_over(self, a: Seen, b: Seen, both: bool) -> list[float]:
        vectors = self._vectors
        names = both_ways(
            lacking(a.name, b.name.words, b.name, vectors), lacking(b.name, a.name.words, a.name, vectors)
        )
        told = both_ways(
            lacking(a.name, b.words, b.whole, vectors), lacking(b.name, a.words, a.whole, vectors)
        )
        if not both:
            return names + told + [0.0] * 6
        texts = both_ways(
            lacking(a.text, b.words, b.whole, vectors), lacking(b.text, a.words, a.whole, vectors)
        )
        return names + told + texts


def _letters(a: Seen, b: Seen, both: bool) -> list[float]:
    """How names, texts and their words are written alike."""
    pairs = [(x, y) for x in a.names for y in b.names]
    name, also, text, text_also = (
        frozenset(part.alike_words) for part in (a.name, b.name, a.text, b.text)
    )  # fmt: skip
    whole, whole_also = name | text, also | text_also
    return [
        both,
        any(x == y for x, y in pairs),
        max(fuzz.ratio(x, y) for x, y in pairs) / 100,
        max(fuzz.partial_ratio(x, y) for x, y in pairs) / 100,
        fuzz.ratio(fold(a.name.alike), fold(b.name.alike)) / 100,
        fuzz.ratio(a.whole.folded, b.whole.folded) / 100,
        both * fuzz.ratio(a.text.folded, b.text.folded) / 100,
        both * fuzz.token_set_ratio(" ".join(a.text.words), " ".join(b.text.words)) / 100,
        *_overlap(name, also),
        *_overlap(whole, whole_also),
        both * _overlap(text, text_also)[0],
        min(map(len, (a.name.folded, b.name.folded))) / max(1, *map(len, (a.name.folded, b.name.folded))),
    ]


def _overlap(one: frozenset[str], other: frozenset[str]) -> tuple[float, float]:
    """The share of common words in all words, and in those of the shorter."""
    common = len(one & other)
    return common / max(1, len(one | other)), common / max(1, min(len(one), len(other)))


def _covering(one: Wording, by: Wording, other: Wording, by_one: Wording) -> list[float]:
    return both_ways(covered(one.said, by.said), covered(other.said, by_one.said))


def _said(a: Seen, b: Seen, both: bool) -> list[float]:
    """Numbers, opposites, conditions, denials, what is asked, codes and products, on one side or on both."""
    numbers = [
        (a.name.numbers, b.name.numbers), (a.text.numbers, b.text.numbers), (a.whole.numbers, b.whole.numbers)
    ]  # fmt: skip
    asked, also = a.name.asked, b.name.asked
    return [
        *(bool(x and y and x == y) for x, y in numbers), *(bool(x and y and not x & y) for x, y in numbers),
        *(bool(x and y and x != y) for x, y in numbers), *(bool(x) != bool(y) for x, y in numbers),
        a.name.opposed(b.name), both * a.text.opposed(b.text), a.whole.opposed(b.whole),
        len(a.name.conditions ^ b.name.conditions), len(a.whole.conditions ^ b.whole.conditions),
        len(a.whole.conditions & b.whole.conditions),
        abs(a.name.denials - b.name.denials), both * abs(a.text.denials - b.text.denials),
        abs(a.whole.denials - b.whole.denials), bool(a.name.denials) != bool(b.name.denials),
        bool(asked & also), bool(asked and also and not asked & also), len(asked ^ also),
        bool(a.name.latin ^ b.name.latin), bool(a.name.latin & b.name.latin),
        bool(set(a.entry.products) & set(b.entry.products)),
        bool(a.entry.products) != bool(b.entry.products), bool(a.entry.around & b.entry.around),
    ]  # fmt: skip
