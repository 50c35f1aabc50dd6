"""Which things go together: implicit-feedback collaborative filtering in closed form.

A blend of four scores, each scaled to the customer's best: EASE (Steck 2019, https://arxiv.org/abs/1905.03375),
cosine neighbours, what is popular lately, and, where people come back to the same things, their own past. How
much each counts is chosen on the last part of the customers' own history, so that no set of data is left with
less than its best single score.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

#: EASE inverts a dense matrix: of more things than these only the most frequent take part in it.
_MOST_ITEMS = 4000
#: From so many repeats among all interactions on, what somebody had before may be recommended again.
_REPEATS = 0.1
#: The last part of the history, by time, on which the blend is chosen.
_HELD_BACK = 0.15
#: About so many customers decide.
_JUDGES, _DEPTH = 3000, 10
_RIDGES = (50.0, 200.0, 800.0)
#: Half-lives of popularity, as parts of the history's span.
_HALF_LIVES = (0.03, 0.15, 1e9)
_NAMES = ("ease", "neighbours", "popular", "own")


@dataclass(frozen=True)
class Interactions:
    """Who took what when.

    Attributes:
        users, items: Numbers from 0, one for each interaction.
        times: In any unit.
        shape: How many users and items there are.
    """

    users: np.ndarray
    items: np.ndarray
    times: np.ndarray
    shape: tuple[int, int]

    def where(self, mask: np.ndarray) -> Interactions:
        """A part of them; users and items keep their numbers."""
        return Interactions(self.users[mask], self.items[mask], self.times[mask], self.shape)

    def counts(self) -> sparse.csr_matrix:
        """How often each user took each item."""
        ones = np.ones(len(self.users), dtype=np.float32)
        return sparse.csr_matrix((ones, (self.users, self.items)), shape=self.shape)


@dataclass
class Model:
    """What was learned; scores any customer's history, also of somebody who was not there then.

    Attributes:
        items: Names of the items, in the order of the matrices' columns.
        frequent: The columns that take part in ``ease``.
        ease, neighbours: What having one item says about another.
        popular: How popular each is lately, at most 1.
        weights: How much each score counts (``_NAMES``).
        repeats: Whether people come back to the same things.
    """

    items: list[str]
    frequent: np.ndarray
    ease: np.ndarray
    neighbours: sparse.csr_matrix
    popular: np.ndarray
    weights: dict[str, float] = field(default_factory=dict)
    repeats: bool = False

    def scores(self, history: sparse.csr_matrix) -> np.ndarray:
        """How well each item fits each row's history; what they have is out (``-inf``) where nobody repeats.

        Args:
            history: Customers by items, how often they took each.
        """
        total = np.zeros(history.shape, dtype=np.float32)
        for name, score in self.parts(history).items():
            if self.weights.get(name):
                total += self.weights[name] * score
        if not self.repeats:
            total[history.nonzero()] = -np.inf
        return total

    def parts(self, history: sparse.csr_matrix) -> dict[str, np.ndarray]:
        """Each score for itself, scaled so that the best item of each customer has 1."""
        had = (history > 0).astype(np.float32)
        ease = np.zeros(history.shape, dtype=np.float32)
        ease[:, self.frequent] = had[:, self.frequent] @ self.ease
        near = np.asarray((had @ self.neighbours).todense())
        popular = np.broadcast_to(self.popular, history.shape)
        own = np.asarray(history.todense(), dtype=np.float32)
        if not self.repeats:
            for score in (ease, near):
                score[history.nonzero()] = 0
        return {
            "ease": _scaled(ease),
            "neighbours": _scaled(near),
            "popular": popular,
            "own": _scaled(own) if self.repeats else own * 0,
        }

    def dump(self) -> bytes:
        """The model as bytes, for the database."""
        file = io.BytesIO()
        near = self.neighbours.tocsr()
        np.savez_compressed(
            file, items=np.array(self.items), frequent=self.frequent, ease=self.ease,
            popular=self.popular, repeats=self.repeats,
            weights=np.array([self.weights.get(name, 0.0) for name in _NAMES]),
            data=near.data, indices=near.indices, indptr=near.indptr,
        )  # fmt: skip
        return file.getvalue()

    @classmethod
    def load(cls, body: bytes) -> Model:
        """The model that ``dump`` wrote."""
        with np.load(io.BytesIO(body), allow_pickle=False) as kept:
            items = [str(item) for item in kept["items"]]
            size = (len(items), len(items))
            near = sparse.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), shape=size)
            weights = dict(zip(_NAMES, map(float, kept["weights"]), strict=True))
            return cls(
                items, kept["frequent"], kept["ease"], near, kept["popular"], weights, bool(kept["repeats"])
            )


def fit(past: Interactions, items: Sequence[str]) -> Model:
    """Learns a model; how its scores are blended is chosen on the last part of the history.

    Args:
        past: The history; may be empty.
        items: Names of the items.
    """
    early = past.where(past.times < np.quantile(past.times, 1 - _HELD_BACK)) if len(past.times) else past
    late = past.where(past.times >= np.quantile(past.times, 1 - _HELD_BACK)) if len(past.times) else past
    repeats = _repeats(past)
    ridge, half_life, weights = _RIDGES[1], _HALF_LIVES[1], {"ease": 1.0, "popular": 0.3}
    if len(early.times) and len(late.times):
        ridge, half_life, weights = _choose(early, late, items, repeats)
    return _build(past, items, ridge, half_life, weights, repeats)


def _build(
    past: Interactions, items: Sequence[str], ridge: float, half_life: float,
    weights: dict[str, float], repeats: bool,
) -> Model:  # fmt: skip
    had = (past.counts() > 0).astype(np.float32)
    frequent, together = ease(had, ridge)
    popular = popularity(past, half_life)
    return Model(list(items), frequent, together, neighbours(had), popular, weights, repeats)


def ease(had: sparse.csr_matrix, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """The most frequent items, and the linear model that best tells each of them from the others."""
    frequent = np.argsort(-np.asarray(had.sum(axis=0)).ravel(), kind="stable")[:_MOST_ITEMS]
    some = had[:, frequent]
    gram = np.asarray((some.T @ some).todense(), dtype=np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return frequent, weights.astype(np.float32)


def neighbours(had: sparse.csr_matrix, most: int = 100) -> sparse.csr_matrix:
    """Cosine of the customers whom two items share, of each item the nearest ``most``."""
    norms = np.sqrt(np.maximum(np.asarray(had.sum(axis=0)).ravel(), 1))
    scaled = (had @ sparse.diags(1 / norms)).tocsc()
    near = (scaled.T @ scaled).tocsr()
    near = near - sparse.diags(near.diagonal(), format="csr")
    near.eliminate_zeros()
    for row in range(near.shape[0]):
        start, end = near.indptr[row], near.indptr[row + 1]
        if end - start > most:
            values = near.data[start:end]
            values[np.argpartition(values, -most)[:-most]] = 0
    near.eliminate_zeros()
    return near.astype(np.float32)


def popularity(past: Interactions, half_life: float) -> np.ndarray:
    """How often each item was taken, lately counting more; at most 1.

    Args:
        past: The history.
        half_life: Part of the history's span after which an interaction counts half.
    """
    if not len(past.times):
        return np.zeros(past.shape[1], dtype=np.float32)
    span = max(float(past.times.max() - past.times.min()), 1e-9)
    age = (past.times.max() - past.times) / span
    counts = np.bincount(past.items, weights=0.5 ** (age / half_life), minlength=past.shape[1])
    return (counts / max(counts.max(), 1e-9)).astype(np.float32)


def ndcg(scores: np.ndarray, wanted: sparse.csr_matrix, depth: int = _DEPTH) -> np.ndarray:
    """NDCG of each row's best ``depth`` items, 0 to 1."""
    order = top(scores, depth)
    hits = np.take_along_axis(np.asarray(wanted.todense()) > 0, order, axis=1)
    hits &= np.isfinite(np.take_along_axis(scores, order, axis=1))
    gains = 1 / np.log2(np.arange(2, order.shape[1] + 2))
    most = np.minimum(np.diff(wanted.indptr), order.shape[1])
    return (hits @ gains) / np.maximum(np.concatenate([[0], np.cumsum(gains)])[most], 1e-9)


def top(scores: np.ndarray, depth: int) -> np.ndarray:
    """Columns of each row's best items, the best first."""
    depth = min(depth, scores.shape[1])
    some = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def wanted_of(later: Interactions, history: sparse.csr_matrix, repeats: bool) -> sparse.csr_matrix:
    """What each user took later; without what they had before where nobody repeats."""
    wanted = (later.counts() > 0).astype(np.float32)
    if not repeats:
        wanted = wanted - wanted.multiply(history > 0)
        wanted = sparse.csr_matrix(wanted)
        wanted.eliminate_zeros()
    return wanted


def _choose(
    early: Interactions, late: Interactions, items: Sequence[str], repeats: bool
) -> tuple[float, float, dict[str, float]]:
    """Ridge, half-life and blend that would have foretold ``late`` best."""
    history = early.counts()
    wanted = wanted_of(late, history, repeats)
    known = np.flatnonzero((np.diff(wanted.indptr) > 0) & (np.diff(history.indptr) > 0))
    if not len(known):
        return _RIDGES[1], _HALF_LIVES[1], {"ease": 1.0, "popular": 0.3}
    known = known[:: len(known) // _JUDGES + 1]
    history, wanted = history[known], wanted[known]
    model = _build(early, items, _RIDGES[0], _HALF_LIVES[0], {}, repeats)
    mask = np.zeros(history.shape, dtype=np.float32)
    if not repeats:
        mask[history.nonzero()] = -np.inf
    judge = lambda score: float(ndcg(score + mask, wanted).mean())  # noqa: E731
    parts = model.parts(history)
    had = (early.counts() > 0).astype(np.float32)
    half_life = max(_HALF_LIVES, key=lambda h: judge(np.broadcast_to(popularity(early, h), history.shape)))
    parts["popular"] = np.broadcast_to(popularity(early, half_life), history.shape)
    tried = {}
    for ridge in _RIDGES:
        model.frequent, model.ease = ease(had, ridge)
        tried[ridge] = model.parts(history)["ease"]
    ridge = max(_RIDGES, key=lambda r: judge(tried[r]))
    parts["ease"] = tried[ridge]
    return ridge, half_life, _blend(parts, judge)


def _blend(parts: dict[str, np.ndarray], judge) -> dict[str, float]:
    """Weights found by beginning with the best single score and adding what helps, one after the other."""
    alone = {name: judge(score) for name, score in parts.items()}
    first = max(alone, key=alone.get)
    weights, total, best = {first: 1.0}, parts[first].copy(), alone[first]
    for name in sorted(set(parts) - {first}, key=alone.get, reverse=True):
        for weight in (0.1, 0.3, 1.0):
            found = judge(total + weight * parts[name])
            if found > best:
                best, weights[name] = found, weight
        total = total + weights.get(name, 0.0) * parts[name]
    return weights


def _repeats(past: Interactions) -> bool:
    pairs = past.users.astype(np.int64) * past.shape[1] + past.items
    return len(pairs) > 0 and 1 - len(np.unique(pairs)) / len(pairs) > _REPEATS


def _scaled(score: np.ndarray) -> np.ndarray:
    most = np.maximum(score.max(axis=1, keepdims=True), 1e-9) if score.size else 1.0
    return np.asarray(score / most, dtype=np.float32)
