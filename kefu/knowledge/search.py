"""Finds the entries that a question is about.

Five views of the same question are weighed against each other: character n-grams and words of each phrasing
(exact wording, typos), character n-grams of everything that an entry says, the sentence embedding of each
phrasing (other wording, same meaning), that of title and text together (what an answer says but no phrasing
asks), and BM25 over everything an entry says (details buried in a text). All are matrix products over an
index built once per edition; what did not change is taken over from the edition before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kefu.knowledge.counts import Counts, bm25, idf, tfidf
from kefu.knowledge.meaning import embed, embed_all, part_of, parts
from kefu.knowledge.sharpening import Sharpening
from kefu.language.normalize import normalize
from kefu.language.words import words

#: How much each view counts; chosen on the development questions (docs/adr/0003).
WEIGHTS = {"ngrams": 0.05, "whole": 0.25, "meaning": 0.30, "bm25": 0.10, "text": 0.30}
#: The encoder reads so many characters of an entry's title and text; more would blur what it is about.
_TEXT_LENGTH = 300
#: Beyond so many phrasings nothing is embedded (a text costs 3 to 20 ms, its vector 4 kB): words alone count.
EMBEDDED_PHRASINGS = 60_000
#: From this likeness of a question to a phrasing on it counts as asked in these words.
_VERBATIM = 0.8
#: When more than this share of the entries is new, the index is built from the beginning.
_RELEARN = 0.1
#: So many of the best are looked at together, to see what tells each from the others.
RIVALS = 12
#: Contrast where nothing is embedded: what a first hit has that is right as often as not.
_NO_CONTRAST = 0.35


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
    """A found entry.

    Attributes:
        id: Of the entry.
        score: Between 0 and about 1.
        contrast: Whether the question leans to this entry by just what tells it from its rivals, -1 to 1.
    """

    id: str
    score: float
    contrast: float


class Index:
    """An immutable search index over entries."""

    def __init__(
        self,
        entries: Sequence[Entry],
        embed_texts: Callable[[Sequence[str]], np.ndarray] = embed_all,
        weights: dict[str, float] | None = None,
        previous: Index | None = None,
    ) -> None:
        """Builds the index.

        Args:
            entries: At least one, each with at least one phrasing.
            embed_texts: Gives ``(n, dimensions)`` vectors (see ``meaning.embed_all``); a caller may keep them
                between runs.
            weights: Replaces ``WEIGHTS``.
            previous: The index of the edition before: what did not change is taken over from it.
        """
        self.ids = [entry.id for entry in entries]
        self._weights = weights or WEIGHTS
        self._entries = {entry.id: (position, entry) for position, entry in enumerate(entries)}
        counts = np.array([len(entry.phrasings) for entry in entries])
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        taken = _Taken(entries, self._starts, counts, previous)
        phrasings = [_normal(text) for entry in taken.new for text in entry.phrasings]
        texts = [_normal(" ".join((*entry.phrasings, entry.text))) for entry in taken.new]
        kept = previous if taken.old_entries.size else None
        self._grams = Counts(phrasings, _grams, kept and (kept._grams, taken.old_phrasings))
        self._terms = Counts(texts, _terms, kept and (kept._terms, taken.old_entries))
        self._whole = Counts(texts, _characters, kept and (kept._whole, taken.old_entries))
        self._grams.reordered(taken.phrasing_order)
        self._terms.reordered(taken.entry_order)
        self._whole.reordered(taken.entry_order)
        self._idf, self._idf_whole = idf(self._grams.rows), idf(self._whole.rows)
        self._phrasings = tfidf(self._grams.rows, self._idf).T.tocsr()
        self._texts = tfidf(self._whole.rows, self._idf_whole).T.tocsr()
        self._bm25 = bm25(self._terms.rows).T.tocsr()
        self._meanings = None
        if int(counts.sum()) <= EMBEDDED_PHRASINGS:
            shown = [_normal(f"{entry.phrasings[0]} {entry.text}"[:_TEXT_LENGTH]) for entry in taken.new]
            self._embed(phrasings, shown, embed_texts, taken, kept)
        else:  # so large a corpus is built anew with each edition; the counts would only take memory
            for counted in (self._grams, self._terms, self._whole):
                counted.forget()

    def _embed(
        self,
        phrasings: Sequence[str],
        shown: Sequence[str],
        embed_texts: Callable[[Sequence[str]], np.ndarray],
        taken: _Taken,
        kept: Index | None,
    ) -> None:
        """Makes the vectors of phrasings and of title with text; few new ones use the map learned before."""
        vectors = embed_texts([*phrasings, *shown])
        of_phrasings, of_texts = vectors[: len(phrasings)], vectors[len(phrasings) :]
        if kept is not None and kept._meanings is not None:
            self._sharpen = kept._sharpen
            of_phrasings, of_texts = self._sharpen(of_phrasings), self._sharpen(of_texts)
            of_phrasings = np.concatenate([kept._meanings[taken.old_phrasings], of_phrasings])
            of_texts = np.concatenate([kept._meanings_of_texts[taken.old_entries], of_texts])
        else:
            self._sharpen = Sharpening(of_phrasings, self._starts, parts())
            of_phrasings, of_texts = self._sharpen(of_phrasings), self._sharpen(of_texts)
        self._meanings = of_phrasings[taken.phrasing_order]
        self._meanings_of_texts = of_texts[taken.entry_order]

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
        among = max(limit, RIVALS)
        best = np.argpartition(-scores, min(among, len(scores) - 1))[:among]
        best = best[np.argsort(-scores[best], kind="stable")]
        best = best[scores[best] > 0]
        contrasts = self._contrasts(question, best)[:limit]
        found = zip(best, contrasts)  # noqa: B905 (as many as asked for)
        return [Hit(self.ids[i], float(scores[i]), float(contrast)) for i, contrast in found]

    def scores(self, question: str) -> np.ndarray:
        """The score of every entry, shape ``(len(ids),)``."""
        views = self._views(question)
        total = sum(self._weights[name] for name in views)
        scores = sum(self._weights[name] / total * view for name, view in views.items())
        # Who asks in an entry's own words means it, whatever else it says.
        verbatim = ((views["ngrams"] - _VERBATIM) / (1 - _VERBATIM)).clip(0, 1)
        return scores + verbatim * (1 - scores).clip(0)

    def knows(self, word: str) -> bool:
        """Whether a word of normal text stands in any entry, of this edition or one before."""
        return word in self._terms

    def _contrasts(self, question: str, best: np.ndarray) -> np.ndarray:
        """The likeness of the question and each of ``best`` once what the rivals share is taken off both.

        Entries about one thing lie close together, and a question about that thing close to them all: which
        of them is meant shows only in what is left after their mean.
        """
        if self._meanings is None or len(best) < 2:
            return np.full(len(best), _NO_CONTRAST)
        normal = _normal(question)
        part = part_of(normal)
        vector = self._sharpen(embed(normal)[np.newaxis])[0, part]
        phrasings = (self._meanings[self._starts[i] : self._ends[i], part] for i in best)
        nearest = np.stack([rows[np.argmax(rows @ vector)] for rows in phrasings])
        shared = nearest[:RIVALS].mean(axis=0)
        left, asked = nearest - shared, vector - shared
        lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(asked)
        return left @ asked / np.maximum(lengths, 1e-6)

    def _views(self, question: str) -> dict[str, np.ndarray]:
        """How every entry looks in each view of ``WEIGHTS``: arrays of ``(len(ids),)``, each 0 to 1."""
        normal = _normal(question)
        grams = self._grams.query(normal)
        ngrams = (tfidf(grams, self._idf) @ self._phrasings).toarray()[0]
        terms = self._terms.query(normal)
        terms.data[:] = 1
        bm25_scores = (terms @ self._bm25).toarray()[0]
        # BM25 has no upper bound: against the most this question could score, it has one.
        bound = max(float(bm25_scores.max(initial=0)), 1.5 * terms.nnz, 1e-6)
        whole = (tfidf(self._whole.query(normal), self._idf_whole) @ self._texts).toarray()[0]
        ngrams = np.maximum.reduceat(ngrams, self._starts)
        views = {"ngrams": ngrams, "whole": whole, "bm25": bm25_scores / bound}
        if self._meanings is not None:
            part = part_of(normal)
            vector = self._sharpen(embed(normal)[np.newaxis])[0, part]
            meaning = np.maximum.reduceat(self._meanings[:, part] @ vector, self._starts)
            views["meaning"] = np.clip(meaning, 0, None)
            views["text"] = np.clip(self._meanings_of_texts[:, part] @ vector, 0, None)
        return views


class _Taken:
    """What an index takes over from the one before.

    Attributes:
        new: Entries that are new or changed.
        old_entries, old_phrasings: Rows of the index before that stay as they were.
        entry_order, phrasing_order: Bring old rows followed by new ones into the order of the entries.
    """

    def __init__(
        self, entries: Sequence[Entry], starts: np.ndarray, counts: np.ndarray, previous: Index | None
    ) -> None:
        known = previous._entries if previous and previous._meanings is not None else {}
        same = np.array([known.get(entry.id, (0, None))[1] == entry for entry in entries], dtype=bool)
        if same.mean() < 1 - _RELEARN:  # so much is new that all of it is learned again
            same[:] = False
        self.new = [entry for entry, is_same in zip(entries, same, strict=True) if not is_same]
        places = np.flatnonzero(same)
        self.old_entries = np.array([known[entries[i].id][0] for i in places], dtype=np.int64)
        before = previous._starts[self.old_entries] if places.size else np.zeros(0, dtype=np.int64)
        self.old_phrasings = _spread(before, counts[places])
        ordered = np.concatenate([places, np.flatnonzero(~same)])
        self.entry_order = np.argsort(ordered, kind="stable")
        self.phrasing_order = np.argsort(_spread(starts[ordered], counts[ordered]), kind="stable")


def _spread(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The positions from each of ``starts`` on, as many as ``counts`` says."""
    total = int(counts.sum())
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(total) if total else np.zeros(0, np.int64)


def _normal(text: str) -> str:
    return normalize(text).text


def _characters(text: str) -> Iterable[str]:
    """Character n-grams of one to three."""
    compact = text.replace(" ", "")
    for size in (1, 2, 3):
        yield from (compact[i : i + size] for i in range(len(compact) - size + 1))


def _grams(text: str) -> Iterable[str]:
    """Character n-grams of one to three, and words of two characters or more."""
    yield from _characters(text)
    yield from (f"w:{word}" for word in words(text) if len(word) > 1)


def _terms(text: str) -> Iterable[str]:
    """Words, and pairs of characters for what the dictionary does not know."""
    compact = text.replace(" ", "")
    yield from words(text)
    yield from (f"2:{compact[i : i + 2]}" for i in range(len(compact) - 1))
