"""Plain ways to search the same texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rank_bm25 import BM25Okapi
from sklearn.feature_extraction.text import TfidfVectorizer

from kefu.knowledge.search import Entry
from kefu.language.normalize import normalize
from kefu.language.words import words

#: Gives the ids of the best entries for a question, best first.
Search = Callable[[str, int], list[str]]


def rivals(entries: Sequence[Entry]) -> dict[str, Search]:
    """BM25 over words, BM25 over pairs of characters, TF-IDF over words; all on normal text."""
    ids = np.array([entry.id for entry in entries])
    texts = [_normal(" ".join((*entry.phrasings, entry.text))) for entry in entries]
    return {
        "BM25, words": _bm25(ids, texts, words),
        "BM25, character pairs": _bm25(ids, texts, _pairs),
        "TF-IDF, words": _tfidf(ids, texts),
    }


def _bm25(ids: np.ndarray, texts: Sequence[str], cut: Callable[[str], list[str]]) -> Search:
    index = BM25Okapi([cut(text) for text in texts])

    def search(question: str, limit: int) -> list[str]:
        return _best(ids, index.get_scores(cut(_normal(question))), limit)

    return search


def _tfidf(ids: np.ndarray, texts: Sequence[str]) -> Search:
    vectorizer = TfidfVectorizer(analyzer=words, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)

    def search(question: str, limit: int) -> list[str]:
        return _best(ids, (matrix @ vectorizer.transform([_normal(question)]).T).toarray().ravel(), limit)

    return search


def _best(ids: np.ndarray, scores: np.ndarray, limit: int) -> list[str]:
    order = np.argsort(-scores, kind="stable")[:limit]
    return [str(ids[i]) for i in order if scores[i] > 0]


def _normal(text: str) -> str:
    return normalize(text).text


def _pairs(text: str) -> list[str]:
    compact = text.replace(" ", "")
    return [compact[i : i + 2] for i in range(len(compact) - 1)] or [compact]
