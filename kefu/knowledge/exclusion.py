"""Whether what a message wishes or states can't be together: learned from ``data/agreement.yml``.

What tells is less what it is about than how it is put together: a state that is kept and a demand against
it, in clauses of which one takes away what the other wants, without a question. So the signs are those of the
clauses beside the characters, and the examples come from many trades.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from kefu.knowledge.forms import FILE, Forms, forms
from kefu.language.normalize import normalize

#: From these odds on (their logarithm) a message counts as excluding itself; with 0 more plain ones would.
_LINE = 0.5
_CLAUSES = re.compile(r"[,;!.]+| (?=[^a-z])")
#: Longer messages than this are all long.
_LONG = 40


def excludes_itself(text: str, path: Path = FILE) -> bool:
    """Whether a message's wishes or statements likely exclude each other.

    Args:
        text: As typed.
        path: The examples.
    """
    return bool(odds([text], path)[0] >= _LINE)


def odds(texts: Sequence[str], path: Path = FILE) -> np.ndarray:
    """The logarithm of the odds that messages exclude themselves, ``(len(texts),)``."""
    return _trained(path, id(forms(path))).odds(texts)


class _Judge:
    def __init__(self, book: Forms) -> None:
        self._book = book
        self._characters = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2, preprocessor=_normal
        )
        examples = [*book.excluding, *book.plain]
        self._characters.fit(examples)
        labels = [True] * len(book.excluding) + [False] * len(book.plain)
        self._model = LogisticRegression(class_weight="balanced", max_iter=1000)
        self._model.fit(self._signs(examples), labels)

    def odds(self, texts: Sequence[str]) -> np.ndarray:
        return self._model.decision_function(self._signs(texts))

    def _signs(self, texts: Sequence[str]) -> csr_matrix:
        of_clauses = csr_matrix([self._of_clauses(_normal(text)) for text in texts])
        return hstack([self._characters.transform(texts), of_clauses], format="csr")

    def _of_clauses(self, text: str) -> list[float]:
        """How the first clause and the rest stand to each other."""
        book = self._book
        first, *others = [part for part in _CLAUSES.split(text) if len(part) > 1] or [text]
        rest = " ".join(others)
        taken = [re.search(book.negation, part) is not None for part in (first, rest)]
        return [
            float(bool(others)),
            float(len(others) > 1),
            *(float(re.search(book.inquiry, part) is not None) for part in (text, first, rest)),
            *map(float, taken),
            float(bool(others) and taken[0] != taken[1]),
            *(len(re.findall(book.demand, part)) / 2 for part in (first, rest)),
            float(re.search(book.contrast, text) is not None),
            float(re.search(book.lasting, first) is not None),
            min(len(text) / _LONG, 1.0),
        ]


def _normal(text: str) -> str:
    return normalize(text).text


@lru_cache(maxsize=2)
def _trained(path: Path, _book: int) -> _Judge:  # which keeps its book: no other gets its id meanwhile
    return _Judge(forms(path))
