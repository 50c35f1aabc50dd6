"""What a question is asked for: products, yes or no, a value, a policy; learned from ``data/asking.yml``.

What tells is how it is put, not what it is about. So names, kinds of products, traits and numbers are read as
marks before anything is learned or judged, and the examples come from many trades.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import validator
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from kefu import rulebook
from kefu.config import ROOT
from kefu.knowledge.vocabulary import Vocabulary, vocabulary
from kefu.language.embedding import embed_all
from kefu.language.normalize import normalize
from kefu.rulebook import Entry

FILE = ROOT / "data" / "asking.yml"
#: Marks of what is named, by kind of phrase, and of numbers. Normal text has no capitals.
MARKS, NUMBER = {"product": "P", "line": "L", "trait": "F"}, "N"
#: All that may be asked for.
PURPOSES = frozenset({"products", "yes", "value", "differs", "policy", "ask", "other"})

_WRITTEN = re.compile(r"(?<![a-z])[plfn](?![a-z])")
_PARTS = re.compile(r"[,;?!.\s]+(?![a-z\d])")
#: Expressions of the vocabulary that are signs, in the whole question and in its last part.
_SIGNS = (
    "which", "which_products", "whether", "measuring", "elsewhere", "difference", "most", "more_than_other",
    "pronoun", "own_case", "vague", "suits", "circumstance", "suggesting", "count", "described",
    "having_verb", "wish_end", "which_only", "decided", "both",
)  # fmt: skip
_LAST_SIGNS = ("which", "whether", "measuring", "elsewhere")
#: How much signs and the sentence's vector count beside characters, and how freely is learned.
_OF_SIGNS, _OF_VECTOR, _FREEDOM = 0.5, 3.0, 3.0
#: From fewer messages of a purpose nothing is learned.
_LEAST = 10
#: Longer messages than this, and of more parts, are all long.
_LONG, _MANY = 40, 4


class Examples(Entry):
    """Messages by what they ask for."""

    __root__: dict[str, list[str]]

    @validator("__root__")
    def _known(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        if set(value) != PURPOSES:
            raise ValueError(f"{sorted(set(value) ^ PURPOSES)[0]} is missing or unknown")
        if few := next((name for name, messages in value.items() if len(messages) < _LEAST), None):
            raise ValueError(f"{few}: needs at least {_LEAST} messages")
        return value


class _File(Entry):
    asking: Examples


def chances(marked: str, path: Path = FILE) -> Mapping[str, float]:
    """How likely each purpose is.

    Args:
        marked: Normal text with ``MARKS`` for what is named.
        path: The examples.
    """
    return _judged(marked, path, id(_book(path)))


@lru_cache(maxsize=1024)
def _judged(marked: str, path: Path, book: int) -> Mapping[str, float]:
    return _trained(path, book).chances(marked)


def _book(path: Path) -> Examples:
    return rulebook.current(_File, path).asking


class _Judge:
    def __init__(self, book: Examples, words: Vocabulary) -> None:
        self._book, self._words = book, words
        examples = book.__root__
        texts = [_marked(text, words) for group in examples.values() for text in group]
        labels = [purpose for purpose, group in examples.items() for _ in group]
        self._characters = _counted(4).fit(texts)
        self._endings = _counted(3).fit([_last(text) for text in texts])
        self._model = LogisticRegression(C=_FREEDOM, class_weight="balanced", max_iter=2000)
        self._model.fit(self._read(texts), labels)

    def chances(self, text: str) -> dict[str, float]:
        found = self._model.predict_proba(self._read([text]))[0]
        return dict(zip(self._model.classes_, found.tolist(), strict=True))

    def _read(self, texts: Sequence[str]) -> csr_matrix:
        signs = np.array([self._signs(text) for text in texts])
        return hstack(
            [
                self._characters.transform(texts),
                self._endings.transform([_last(text) for text in texts]),
                csr_matrix(signs * _OF_SIGNS),
                csr_matrix(embed_all(texts) * _OF_VECTOR),
            ],
            format="csr",
        )

    def _signs(self, text: str) -> list[float]:
        said = [(name, text) for name in _SIGNS] + [(name, _last(text)) for name in _LAST_SIGNS]
        return [
            *(float(bool(re.search(getattr(self._words, name), part))) for name, part in said),
            *(min(text.count(mark), most) / most for mark in "PFN" for most in (1, 2)),
            float("L" in text),
            float("L" in text and "P" not in text),
            min(len(text), _LONG) / _LONG,
            min(len(_PARTS.split(text)), _MANY) / _MANY,
        ]


def _marked(text: str, words: Vocabulary) -> str:
    """An example as questions are read: its letters for names become marks."""
    return _WRITTEN.sub(lambda match: match[0].upper(), words.plain(normalize(text).text))


def _last(text: str) -> str:
    return next((part for part in reversed(_PARTS.split(text)) if part), text)


def _counted(longest: int) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char", ngram_range=(1, longest), sublinear_tf=True, lowercase=False, min_df=2
    )


@lru_cache(maxsize=2)
def _trained(path: Path, _id: int) -> _Judge:  # which keeps its book: no other gets its id meanwhile
    return _Judge(_book(path), vocabulary())
