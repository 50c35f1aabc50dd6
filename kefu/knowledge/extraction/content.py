"""What names and cells are about, by what they mean: a logistic regression over their embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from kefu.knowledge.extraction.examples import Example
from kefu.language.embedding import DIMENSIONS, embed_all

#: What is told apart; everything else is nothing (the empty kind).
KINDS = ("fault", "cause", "solution", "function", "policy", "spec")
#: So many texts of a column or a section are looked at, and so much of each.
_MOST, _LONG = 12, 60


class Content:
    """Learned from what was annotated; judges several texts of one sort together."""

    def __init__(self, kinds: Sequence[str], weights: np.ndarray) -> None:
        """Takes what was learned: ``weights`` is ``(kinds, DIMENSIONS + 1)``, the last column added."""
        self._kinds, self._weights = list(kinds), weights

    @classmethod
    def train(cls, examples: Sequence[Example], path: Path) -> Content:
        """Learns from what ``examples`` name, and from those that name nothing; keeps it in ``path``."""
        named = sorted({pair for example in examples if example.written for pair in _named(example)})
        seen = embed_all([text for text, _ in named])
        model = LogisticRegression(C=4, max_iter=500, class_weight="balanced")
        model.fit(seen, [kind for _, kind in named])
        weights = np.hstack([model.coef_, model.intercept_[:, None]]).astype(np.float32)
        with path.open("wb") as file:
            np.savez(file, kinds=np.array(model.classes_), weights=weights)
        return cls(list(model.classes_), weights)

    @classmethod
    def load(cls, path: Path) -> Content:
        """Reads weights that were kept."""
        with np.load(path) as file:
            return cls(file["kinds"].tolist(), file["weights"])

    def __call__(self, texts: Sequence[str]) -> dict[str, float]:
        """How likely each kind is that of all ``texts`` together: mean logarithms, the empty kind for none.

        Without a text nothing is known, and nothing is returned.
        """
        some = [text[:_LONG] for text in dict.fromkeys(texts) if text.strip()][:_MOST]
        if not some:
            return {}
        scores = embed_all(some) @ self._weights[:, :DIMENSIONS].T + self._weights[:, DIMENSIONS]
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return dict(zip(self._kinds, logs.mean(axis=0).tolist(), strict=True))


def _named(example: Example) -> Iterator[tuple[str, str]]:
    """The names in a text, each with its kind; a text without any as a whole."""
    if not example.labels:
        yield example.text[:_LONG], ""
    for label in example.labels:
        if label.kind in KINDS:
            yield example.text[label.start : label.end][:_LONG], label.kind
