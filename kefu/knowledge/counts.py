"""Counts of terms in texts, as sparse rows that the next edition can take over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

Cut = Callable[[str], Iterable[str]]


class Counts:
    """How often each term stands in each text.

    The vocabulary is shared with the editions after it and only ever grows: a reader passes over terms that
    are newer than its own rows.
    """

    def __init__(self, texts: Sequence[str], cut: Cut, kept: tuple[Counts, np.ndarray] | None = None) -> None:
        """Counts.

        Args:
            texts: What is counted; those that ``kept`` gives come before them.
            cut: Gives the terms of a text.
            kept: Counts of the edition before, and the positions of the rows that are taken over.
        """
        self._cut = cut
        self._places: dict[str, int] = kept[0]._places if kept else {}
        rows = self._counted(texts)
        if kept:
            old = kept[0].rows[kept[1]]
            old.resize(len(kept[1]), rows.shape[1])
            rows = vstack([old, rows], format="csr", dtype=np.float32)
        self.rows = rows
        self._terms = rows.shape[1]

    def __contains__(self, term: str) -> bool:
        """Whether any text had the term."""
        return term in self._places

    def query(self, text: str) -> csr_matrix:
        """A question's counts, shape ``(1, terms)``; terms that no text has are left out."""
        limit = self._terms
        found: dict[int, float] = {}
        for term in self._cut(text):
            place = self._places.get(term, limit)
            if place < limit:
                found[place] = found.get(place, 0.0) + 1.0
        places = np.fromiter(found, dtype=np.int32, count=len(found))
        values = np.fromiter(found.values(), dtype=np.float32, count=len(found))
        return csr_matrix((values, places, [0, len(found)]), shape=(1, limit))

    def reordered(self, order: np.ndarray) -> None:
        """Puts the rows into the order of the entries."""
        self.rows = self.rows[order]

    def forget(self) -> None:
        """Drops the rows; questions can still be counted, but nothing be taken over."""
        self.rows = csr_matrix((0, self._terms), dtype=np.float32)

    def _counted(self, texts: Sequence[str]) -> csr_matrix:
        places, values, ends = [], [], [0]
        for text in texts:
            found: dict[int, int] = {}
            for term in self._cut(text):
                place = self._places.setdefault(term, len(self._places))
                found[place] = found.get(place, 0) + 1
            places.append(np.fromiter(found, dtype=np.int32, count=len(found)))
            values.append(np.fromiter(found.values(), dtype=np.float32, count=len(found)))
            ends.append(ends[-1] + len(found))
        shape = (len(texts), len(self._places))
        if not texts:
            return csr_matrix(shape, dtype=np.float32)
        return csr_matrix((np.concatenate(values), np.concatenate(places), ends), shape=shape)


def document_frequency(counts: csr_matrix) -> np.ndarray:
    """In how many texts each term stands."""
    return np.bincount(counts.indices, minlength=counts.shape[1])


def idf(counts: csr_matrix) -> np.ndarray:
    """How telling each term is; one that only texts of earlier editions had weighs nothing."""
    frequency = document_frequency(counts)
    return np.where(frequency, np.log((1 + counts.shape[0]) / (1 + frequency)) + 1, 0)


def tfidf(counts: csr_matrix, weights: np.ndarray) -> csr_matrix:
    """Rows of unit length, sublinear in the counts."""
    weighted = csr_matrix(
        ((1 + np.log(counts.data)) * weights[counts.indices], counts.indices, counts.indptr),
        shape=counts.shape,
    )
    squares = np.add.reduceat(np.append(weighted.data**2, 0.0), np.minimum(counts.indptr[:-1], counts.nnz))
    lengths = np.sqrt(np.where(np.diff(counts.indptr) > 0, squares, 1.0))
    weighted.data /= np.repeat(np.maximum(lengths, 1e-6), np.diff(counts.indptr))
    return weighted.astype(np.float32)


def bm25(counts: csr_matrix, k1: float = 1.2, b: float = 0.75) -> csr_matrix:
    """Turns term counts ``(texts, terms)`` into BM25 weights (Robertson and Zaragoza 2009)."""
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    frequency = document_frequency(counts)
    weights = np.log1p((counts.shape[0] - frequency + 0.5) / (frequency + 0.5))
    norm = np.repeat(k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-6)), np.diff(counts.indptr))
    data = weights[counts.indices] * counts.data * (k1 + 1) / (counts.data + norm)
    return csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)
