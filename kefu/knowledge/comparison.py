"""What can be told of two entries side by side: how their names, words, values and texts go together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from rapidfuzz import fuzz

from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.extraction.measures import Measure, in_digits, measures
from kefu.knowledge.graph import Fact, Graph
from kefu.language.embedding import embed_all
from kefu.language.normalize import fold, normalize
from kefu.language.pieces import PIECE_DIMENSIONS, pieces
from kefu.language.words import tagged_words, words
from kefu.rulebook import Entry

#: Pieces are compared by so many random directions of what they mean (Johnson and Lindenstrauss 1984).
_DIRECTIONS = 160


class Pairs(Entry):
    """``data/extraction/pairs.yml``: pairs by kind, and the words that tell two entries apart."""

    same: dict[str, list[list[str]]]
    other: dict[str, list[list[str]]]
    opposites: list[list[str]]
    denials: list[str]
    asked: list[list[str]]


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


def features_of(
    pairs: Sequence[tuple[Described, Described]],
    book: Pairs,
    known: dict[str, np.ndarray] | None = None,
) -> np.ndarray:
    """The features of each pair: a row each.

    Args:
        pairs: What to compare.
        book: Opposites and denials.
        known: Sentence vectors that are known already.
    """
    pairs = [(_in_digits(a), _in_digits(b)) for a, b in pairs]
    texts = {t: None for pair in pairs for e in pair for t in (e.name, _whole(e))}
    texts |= {word: None for a, b in pairs for left in _leftovers(a.name, b.name) for word in left}
    vectors = dict(known or {})
    new = [text for text in texts if text not in vectors]
    vectors.update(zip(new, embed_all(new), strict=True))
    return np.array([_features(a, b, vectors, book) for a, b in pairs])


def _in_digits(entry: Described) -> Described:
    return replace(entry, name=in_digits(entry.name), aliases=tuple(map(in_digits, entry.aliases)))


def _features(a: Described, b: Described, vectors: dict[str, np.ndarray], book: Pairs) -> list[float]:
    names = [(x, y) for x in map(_name, (a.name, *a.aliases)) for y in map(_name, (b.name, *b.aliases))]
    one, other = _name(a.name), _name(b.name)
    close = max(fuzz.ratio(x, y) for x, y in names) / 100
    meaning = float(vectors[a.name] @ vectors[b.name])
    whole = float(vectors[_whole(a)] @ vectors[_whole(b)])
    both_told = float(bool(a.text) and bool(b.text))
    valued = measures(a.text or a.name), measures(b.text or b.name)
    equal, unequal = values(*valued)
    opposed = _opposed(a.name, b.name, book.opposites)
    denied = sum(one.count(d) for d in book.denials) - sum(other.count(d) for d in book.denials)
    words_one, words_other = _words(a.name), _words(b.name)
    shared = len(words_one & words_other) / max(1, min(len(words_one), len(words_other)))
    left_one, left_other = _leftovers(a.name, b.name)
    leftover = _cosine(left_one, left_other, vectors)
    numbers = _numbers(f"{a.name} {a.text}"), _numbers(f"{b.name} {b.text}")
    latin = set(re.findall(r"[a-z]*\d+[a-z]*|[a-z]+", one)), set(re.findall(r"[a-z]*\d+[a-z]*|[a-z]+", other))
    kind = a.kind
    return [
        close, meaning, whole, close * meaning, float(any(x == y for x, y in names)),
        both_told * fuzz.token_set_ratio(" ".join(words(a.text)), " ".join(words(b.text))) / 100, both_told,
        max(fuzz.partial_ratio(x, y) for x, y in names) / 100, shared,
        equal, unequal, float(opposed), float(_opposed(a.text, b.text, book.opposites)) * both_told,
        float(bool(left_one) and bool(left_other)), leftover, float(bool(left_one) != bool(left_other)),
        len("".join(left_one + left_other)) / max(1, len(one + other)),
        float(abs(denied)), float(bool(latin[0] ^ latin[1])), float(bool(latin[0] & latin[1])),
        float(bool(a.around & b.around)), float(bool(set(a.products) & set(b.products))),
        float(kind == "spec"), float(kind == "spec") * equal, float(kind == "spec") * meaning,
        float(kind == "product"), float(kind == "product") * close, float(kind == "faq") * meaning,
        float(kind in ("fault", "solution")) * meaning, float(kind == "policy") * meaning,
        *_aligned(a.name, b.name), *_aligned(_whole(a), _whole(b)),
        float(bool(numbers[0] and numbers[1])) * float(numbers[0] == numbers[1]),
        float(bool(numbers[0] and numbers[1])) * float(not numbers[0] & numbers[1]),
        float(min(len(one), len(other)) < 0.5 * max(len(one), len(other))),
        *_asked(a.name, b.name, book.asked), *_nouns(left_one, left_other, vectors),
    ]  # fmt: skip


def _whole(entry: Described) -> str:
    return f"{entry.name} {entry.text}".strip()[:200]


def _leftovers(one: str, other: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of each of two names that the other does not say."""
    said, also = one.lower(), other.lower()
    return tuple(sorted(w for w in _words(one) if w not in also)), tuple(
        sorted(w for w in _words(other) if w not in said)
    )


def _cosine(one: Sequence[str], other: Sequence[str], vectors: dict[str, np.ndarray]) -> float:
    """How close two lists of words are in meaning; 0 if one is empty."""
    if not one or not other:
        return 0.0
    a, b = (np.sum([vectors[word] for word in some], axis=0) for some in (one, other))
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))


@lru_cache(maxsize=20_000)
def _name(name: str) -> str:
    return fold(name)


@lru_cache(maxsize=20_000)
def _words(name: str) -> frozenset[str]:
    return frozenset(words(normalize(name).text))


def values(one: Sequence[Measure], other: Sequence[Measure]) -> tuple[float, float]:
    """Whether values of one group are equal, and whether some are not."""
    equal = any(a.equals(b) for a in one for b in other)
    unequal = any(a.group == b.group and not any(a.equals(c) for c in other) for a in one for b in other)
    return float(equal), float(unequal)


def _opposed(one: str, other: str, opposites: Sequence[Sequence[str]]) -> int:
    """How many pairs of opposites stand against each other."""
    return sum(
        x in one and y not in one and y in other and x not in other
        for left, right in opposites
        for x, y in ((left, right), (right, left))
    )


def _asked(one: str, other: str, ways: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Whether two questions ask for the same (how long, how much, where), and whether for other things."""
    asked, also = (
        {i for i, said in enumerate(ways) if any(word in text for word in said)} for text in (one, other)
    )
    return float(bool(asked & also)), float(bool(asked and also and not asked & also))


def _nouns(
    one: Sequence[str], other: Sequence[str], vectors: dict[str, np.ndarray]
) -> tuple[float, float, float]:
    """Whether what two names do not share are things on both sides (then other things), and how alike."""
    things, others = ([word for word in some if _part(word).startswith("n")] for some in (one, other))
    acts, other_acts = ([word for word in some if _part(word).startswith("v")] for some in (one, other))
    return (
        float(bool(things and others)), _cosine(things, others, vectors), float(bool(acts and other_acts)),
    )  # fmt: skip


@lru_cache(maxsize=20_000)
def _part(word: str) -> str:
    """The part of speech of a word."""
    return next((part for _, part in tagged_words(word)), "")


def _numbers(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\d+(?:\.\d+)?", normalize(text).text))


def _aligned(one: str, other: str) -> tuple[float, float]:
    """How well the pieces of two texts find each other: on average, and the one that does worst."""
    rows, columns = _directions(one), _directions(other)
    if not len(rows) or not len(columns):
        return 0.0, 0.0
    alike = rows @ columns.T
    best = np.concatenate([alike.max(axis=1), alike.max(axis=0)])
    return float(best.mean()), float(best.min())


@lru_cache(maxsize=2_000)
def _directions(text: str) -> np.ndarray:
    _, vectors = pieces(text)
    found = vectors @ _random()
    return found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-9)


@lru_cache(maxsize=1)
def _random() -> np.ndarray:
    drawn = np.random.default_rng(3).normal(size=(PIECE_DIMENSIONS, _DIRECTIONS))
    return drawn.astype(np.float32)
