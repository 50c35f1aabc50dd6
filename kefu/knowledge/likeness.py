"""How alike two entries are: likely the same, or told apart by a product, a value, an opposite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.extraction.measures import Measure, in_digits, measures
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.knowledge.graph import Fact, Graph
from kefu.language.embedding import embed_all
from kefu.language.normalize import fold, normalize
from kefu.language.words import words
from kefu.rulebook import Entry, current

_BAR = re.compile(r"\s*\|\s*")
_PRODUCTS = re.compile(r"\s*\[([^\]]+)\]\s*$")


class Pairs(Entry):
    """``data/extraction/pairs.yml``: pairs by kind, and the words that tell two entries apart."""

    same: dict[str, list[list[str]]]
    other: dict[str, list[list[str]]]
    opposites: list[list[str]]
    denials: list[str]


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


def same(a: Described, b: Described) -> float:
    """How likely two entries say the same, 0 to 1."""
    return float(probabilities([(a, b)])[0])


def probabilities(
    pairs: Sequence[tuple[Described, Described]], vectors: dict[str, np.ndarray] | None = None
) -> np.ndarray:
    """``same`` for many pairs at once: ``(len(pairs),)``.

    Args:
        pairs: What to compare.
        vectors: Sentence vectors that are known already.
    """
    if not pairs:
        return np.zeros(0)
    book, model, scaler = _trained(FOLDER, (FOLDER / "pairs.yml").stat().st_mtime_ns)
    found = model.predict_proba(scaler.transform(_matrix(pairs, book, vectors)))[:, 1]
    certain = np.array([_certain(a, b) for a, b in pairs], dtype=float)
    return np.where(np.isnan(certain), found, certain)


def _certain(a: Described, b: Described) -> float | None:
    """What needs no weighing: other products, other models, other values, the same name."""
    if a.kind != b.kind or told_apart(a, b):
        return 0.0
    if a.kind == "spec" and _values(measures(a.text), measures(b.text)) == (0.0, 1.0):
        return 0.02
    if a.kind == "product":
        models = (
            {_model(name) for name in (a.name, *a.aliases)},
            {_model(name) for name in (b.name, *b.aliases)},
        )
        if all(map(any, models)):
            return 0.97 if models[0] & models[1] - {""} else 0.02
    if a.kind in ("product_line", "error_code") and _name(a.name) == _name(b.name):
        return 0.97
    return None


def _model(name: str) -> str:
    """Letters and digits of a model, and the words that make it another one."""
    said = normalize(name).text
    return "".join(re.findall(r"[a-z0-9+]+", said)) if re.search(r"\d", said) else ""


def told_apart(a: Described, b: Described) -> bool:
    """What no likeness can make the same: entries about other products, specs of other values."""
    if a.products and b.products and not set(map(fold, a.products)) & set(map(fold, b.products)):
        return True
    return bool(a.line and b.line and fold(a.line) != fold(b.line) and not set(a.products) & set(b.products))


@lru_cache(maxsize=2)
def _trained(folder: Path, _changed: int) -> tuple[Pairs, LogisticRegression, StandardScaler]:
    book = current(Pairs, folder / "pairs.yml")
    pairs, labels = [], []
    for label, kind, one, other in _labelled(book):
        pairs.append((_written(kind, one), _written(kind, other)))
        labels.append(label)
    scaler = StandardScaler()
    features = scaler.fit_transform(_matrix(pairs, book))
    model = LogisticRegression(C=0.05, max_iter=500, class_weight="balanced").fit(features, labels)
    return book, model, scaler


def _labelled(book: Pairs) -> Iterator[tuple[bool, str, str, str]]:
    """The written pairs, and as many of entries that have nothing to do with each other."""
    for label, kinds in ((True, book.same), (False, book.other)):
        for kind, rows in kinds.items():
            for i, (one, other) in enumerate(rows):
                yield label, kind, one, other
                if label:
                    yield False, kind, one, rows[(i + 3) % len(rows)][1]


def _written(kind: str, text: str) -> Described:
    products = _PRODUCTS.search(text)
    name, *said = _BAR.split(_PRODUCTS.sub("", text))
    return Described(kind, name, products=(products.group(1),) if products else (), text=" ".join(said))


def _matrix(
    pairs: Sequence[tuple[Described, Described]],
    book: Pairs,
    known: dict[str, np.ndarray] | None = None,
) -> np.ndarray:
    """The features of each pair."""
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
    equal, unequal = _values(*valued)
    opposed = _opposed(a.name, b.name, book.opposites)
    denied = sum(one.count(d) for d in book.denials) - sum(other.count(d) for d in book.denials)
    words_one, words_other = _words(a.name), _words(b.name)
    shared = len(words_one & words_other) / max(1, min(len(words_one), len(words_other)))
    left_one, left_other = _leftovers(a.name, b.name)
    leftover = _cosine(left_one, left_other, vectors)
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


def _values(one: Sequence[Measure], other: Sequence[Measure]) -> tuple[float, float]:
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
