"""What a clause's meaning makes it: a cause, something to do, something wrong; regression on its vector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from kefu.knowledge.extraction.examples import Example
from kefu.language.embedding import DIMENSIONS, embed_all

_CLAUSE = re.compile(
    "[^\n,;:.!?|\t\u3002\uff0c\uff1b\uff1a\uff01\uff1f\u3001]+(?:\\.\\d+[^\n,;:!?|\t\u3002\uff0c\uff1b\uff1a\uff01\uff1f\u3001]*)*"
)
_KNOWN: dict[str, np.ndarray] = {}
_KEPT = 20_000
#: Examples are judged by what was learned from the others, as new texts will be.
_FOLDS = 4


def clauses(text: str) -> list[tuple[int, int]]:
    """Where the clauses of ``text`` stand."""
    return [match.span() for match in _CLAUSE.finditer(text) if match.group().strip()]


class ClauseKinds:
    """Learned from examples."""

    def __init__(self, kinds: Sequence[str], weights: np.ndarray) -> None:
        """Takes what was learned: ``weights`` is ``(DIMENSIONS + 1, len(kinds))``."""
        self._kinds, self._weights = list(kinds), weights

    @classmethod
    def train(cls, examples: Sequence[Example]) -> ClauseKinds:
        """Learns what kinds the clauses of ``examples`` are."""
        seen: dict[tuple[str, str], None] = {}
        for example in examples:
            for start, end in clauses(example.text):
                seen[example.text[start:end].strip(), _kind(example, start, end)] = None
        texts, kinds = zip(*seen, strict=True)
        model = LogisticRegression(C=8.0, max_iter=200).fit(_vectors(texts), kinds)
        return cls(model.classes_.tolist(), np.vstack([model.coef_.T, model.intercept_]))

    def save(self, path: Path) -> None:
        """Keeps what was learned."""
        with path.open("wb") as file:
            np.savez(file, kinds=np.array(self._kinds), weights=self._weights.astype(np.float32))

    @classmethod
    def load(cls, path: Path) -> ClauseKinds:
        """Reads what was kept."""
        with np.load(path) as file:
            return cls(file["kinds"].tolist(), file["weights"])

    def __call__(self, text: str) -> list[tuple[int, int, dict[str, float]]]:
        """The clauses of ``text``, each with how likely it is of each kind (empty: of none)."""
        spans = clauses(text)
        if not spans:
            return []
        scores = (
            _vectors([text[start:end].strip() for start, end in spans]) @ self._weights[:-1]
            + self._weights[-1]
        )
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return [
            (start, end, dict(zip(self._kinds, row.tolist(), strict=True)))
            for (start, end), row in zip(spans, shares, strict=True)
        ]


def judged_by_others(examples: Sequence[Example]) -> list[ClauseKinds]:
    """For each example what was learned without its trade."""
    parts = [ClauseKinds.train([e for e in examples if e.trade % _FOLDS != fold]) for fold in range(_FOLDS)]
    return [parts[example.trade % _FOLDS] for example in examples]


def _kind(example: Example, start: int, end: int) -> str:
    """The kind of most of a clause; empty if most of it names nothing."""
    for label in example.labels:
        if 2 * (min(end, label.end) - max(start, label.start)) >= end - start:
            return label.kind
    return ""


def _vectors(texts: Iterable[str]) -> np.ndarray:
    texts = list(texts)
    new = [text for text in dict.fromkeys(texts) if text not in _KNOWN]
    if new:
        if len(_KNOWN) > _KEPT:
            _KNOWN.clear()
            new = list(dict.fromkeys(texts))
        _KNOWN.update(zip(new, embed_all(new), strict=True))
    return np.stack([_KNOWN[text] for text in texts]) if texts else np.zeros((0, DIMENSIONS))
