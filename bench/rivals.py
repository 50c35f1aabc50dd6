"""Plain ways to search the same texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from kefu.knowledge.search import Entry
from kefu.language.normalize import normalize
from kefu.language.words import words

#: Gives the ids of the best entries for a question, best first.
Search = Callable[[str, int], list[str]]
_Cut = Callable[[str], Iterable[str]]


def rivals(entries: Sequence[Entry]) -> dict[str, Search]:
    """BM25 and TF-IDF, each over words and over characters; all on normal text, as sparse matrices."""
    ids = np.array([entry.id for entry in entries])
    texts = [_normal(" ".join((*entry.phrasings, entry.text))) for entry in entries]
    return {
        "BM25, words": _bm25(ids, texts, words),
        "BM25, character pairs": _bm25(ids, texts, _pairs),
        "TF-IDF, words": _tfidf(ids, texts, words),
        "TF-IDF, characters": _tfidf(ids, texts, _characters),
    }


def _bm25(ids: np.ndarray, texts: Sequence[str], cut: _Cut, k1: float = 1.5, b: float = 0.75) -> Search:
    """Okapi BM25 with the weights of the package rank_bm25: the same ranking, without a loop over texts."""
    vectorizer = CountVectorizer(analyzer=lambda text: list(cut(text)), dtype=np.float32)
    counts = vectorizer.fit_transform(texts).tocsr()
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log(len(texts) - frequency + 0.5) - np.log(frequency + 0.5)
    idf = np.where(idf < 0, 0.25 * idf.mean(), idf)  # as rank_bm25: what stands in most texts counts little
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    norm = np.repeat(k1 * (1 - b + b * lengths / lengths.mean()), np.diff(counts.indptr))
    data = idf[counts.indices] * counts.data * (k1 + 1) / (counts.data + norm)
    matrix = csr_matrix(
        (data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape
    ).T.tocsr()

    def search(question: str, limit: int) -> list[str]:
        return _best(ids, (vectorizer.transform([_normal(question)]) @ matrix).toarray().ravel(), limit)

    return search


def _tfidf(ids: np.ndarray, texts: Sequence[str], cut: _Cut) -> Search:
    vectorizer = TfidfVectorizer(analyzer=lambda text: list(cut(text)), sublinear_tf=True, dtype=np.float32)
    matrix = vectorizer.fit_transform(texts).T.tocsr()

    def search(question: str, limit: int) -> list[str]:
        return _best(ids, (vectorizer.transform([_normal(question)]) @ matrix).toarray().ravel(), limit)

    return search


def _best(ids: np.ndarray, scores: np.ndarray, limit: int) -> list[str]:
    order = np.argsort(-scores, kind="stable")[:limit]
    return [str(ids[i]) for i in order if scores[i] > 0]


def _normal(text: str) -> str:
    return normalize(text).text


def _pairs(text: str) -> list[str]:
    compact = text.replace(" ", "")
    return [compact[i : i + 2] for i in range(len(compact) - 1)] or [compact]


def _characters(text: str) -> list[str]:
    """Character n-grams of one to three."""
    compact = text.replace(" ", "")
    return [compact[i : i + size] for size in (1, 2, 3) for i in range(len(compact) - size + 1)]
