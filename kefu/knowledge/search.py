"""Finds the entries that a question is about.

Four views of the same question are weighed against each other: character n-grams and words of each phrasing
(exact wording, typos), the sentence embedding of each phrasing (other wording, same meaning), that of title
and text together (what an answer says but no phrasing asks), and BM25 over everything an entry says (details
buried in a text). All are matrix products over an index built once per edition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from kefu.knowledge.sharpening import Sharpening
from kefu.language.embedding import embed, embed_all
from kefu.language.normalize import normalize
from kefu.language.words import words

#: How much each view counts; chosen on the development questions (docs/adr/0003).
WEIGHTS = {"ngrams": 0.10, "meaning": 0.50, "bm25": 0.10, "text": 0.30}
#: The encoder reads so many characters of an entry's title and text; more would blur what it is about.
_TEXT_LENGTH = 300


@dataclass(frozen=True)
class Entry:
    """Something that can be found.

    Attributes:
        id: What a hit returns.
        phrasings: Ways to ask for it, the title first; each is compared by itself.
        text: Everything else it says.
    """

    id: str
    phrasings: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class Hit:
    """A found entry; ``score`` lies between 0 and about 1."""

    id: str
    score: float


class Index:
    """An immutable search index over entries."""

    def __init__(
        self,
        entries: Sequence[Entry],
        embed_texts: Callable[[Sequence[str]], np.ndarray] = embed_all,
        weights: dict[str, float] | None = None,
    ) -> None:
        """Builds the index.

        Args:
            entries: At least one, each with at least one phrasing.
            embed_texts: Gives ``(n, dimensions)`` unit vectors; a caller may keep them between runs.
            weights: Replaces ``WEIGHTS``.
        """
        self.ids = [entry.id for entry in entries]
        self._weights = weights or WEIGHTS
        phrasings = [_normal(text) for entry in entries for text in entry.phrasings]
        counts = [len(entry.phrasings) for entry in entries]
        self._starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self._ngrams = TfidfVectorizer(analyzer=_grams, sublinear_tf=True, dtype=np.float32)
        self._phrasings = self._ngrams.fit_transform(phrasings).T.tocsr()
        shown = [_normal(f"{entry.phrasings[0]} {entry.text}"[:_TEXT_LENGTH]) for entry in entries]
        vectors = embed_texts([*phrasings, *shown])
        self._sharpen = Sharpening(vectors[: len(phrasings)], self._starts)
        vectors = self._sharpen(vectors)
        self._meanings = vectors[: len(phrasings)].T.copy()
        self._meanings_of_texts = vectors[len(phrasings) :].T.copy()
        self._terms = CountVectorizer(analyzer=_terms, dtype=np.float32)
        texts = [_normal(" ".join((*entry.phrasings, entry.text))) for entry in entries]
        self._bm25 = _bm25(self._terms.fit_transform(texts)).T.tocsr()

    def search(
        self, question: str, limit: int = 5, adjust: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> list[Hit]:
        """The entries nearest to ``question``, best first.

        Args:
            question: As typed.
            limit: How many at most.
            adjust: Maps the score of every entry, in the order of ``ids``, to an adjusted one: what the
                caller knows of the question beyond its words.
        """
        scores = self.scores(question)
        if adjust:
            scores = adjust(scores)
        best = np.argpartition(-scores, min(limit, len(scores) - 1))[:limit]
        best = best[np.argsort(-scores[best], kind="stable")]
        return [Hit(self.ids[i], float(scores[i])) for i in best if scores[i] > 0]

    def scores(self, question: str) -> np.ndarray:
        """The score of every entry, shape ``(len(ids),)``."""
        return sum(self._weights[name] * view for name, view in self._views(question).items())

    def _views(self, question: str) -> dict[str, np.ndarray]:
        """How every entry looks in each view of ``WEIGHTS``: arrays of ``(len(ids),)``, each 0 to 1."""
        normal = _normal(question)
        ngrams = (self._ngrams.transform([normal]) @ self._phrasings).toarray()[0]
        vector = self._sharpen(embed(normal)[np.newaxis])[0]
        meaning = np.clip(vector @ self._meanings, 0, None)
        terms = self._terms.transform([normal])
        terms.data[:] = 1
        bm25 = (terms @ self._bm25).toarray()[0]
        # BM25 has no upper bound: against the most this question could score, it has one.
        bound = max(float(bm25.max(initial=0)), 1.5 * terms.nnz, 1e-6)
        return {
            "ngrams": np.maximum.reduceat(ngrams, self._starts),
            "meaning": np.maximum.reduceat(meaning, self._starts),
            "bm25": bm25 / bound,
            "text": np.clip(vector @ self._meanings_of_texts, 0, None),
        }


def _normal(text: str) -> str:
    return normalize(text).text


def _grams(text: str) -> Iterable[str]:
    """Character n-grams of one to three, and words of two characters or more."""
    compact = text.replace(" ", "")
    for size in (1, 2, 3):
        yield from (compact[i : i + size] for i in range(len(compact) - size + 1))
    yield from (f"w:{word}" for word in words(text) if len(word) > 1)


def _terms(text: str) -> Iterable[str]:
    """Words, and pairs of characters for what the dictionary does not know."""
    compact = text.replace(" ", "")
    yield from words(text)
    yield from (f"2:{compact[i : i + 2]}" for i in range(len(compact) - 1))


def _bm25(counts: csr_matrix, k1: float = 1.2, b: float = 0.75) -> csr_matrix:
    """Turns term counts ``(entries, terms)`` into BM25 weights (Robertson and Zaragoza 2009)."""
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    document_frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log1p((counts.shape[0] - document_frequency + 0.5) / (document_frequency + 0.5))
    weighted = counts.tocoo()
    norm = k1 * (1 - b + b * lengths[weighted.row] / max(lengths.mean(), 1e-6))
    weighted.data = idf[weighted.col] * weighted.data * (k1 + 1) / (weighted.data + norm)
    return weighted.tocsr().astype(np.float32)
