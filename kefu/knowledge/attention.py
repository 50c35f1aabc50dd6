"""What each piece of one entry finds in another: decomposable attention, run with NumPy alone.

After Parikh et al. 2016 (arXiv:1606.01933): every piece is set beside what the other entry says most like it,
both are compared, and what the comparisons tell is added up, the rarer pieces counting more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kefu.language.embedding import encoder
from kefu.language.pieces import pieces

#: So many pieces of an entry are read: its name, then its text.
LONGEST = 60
#: Pieces this common count little for themselves: how rare a piece has to be to tell anything.
COMMON = 0.6
_BATCH = 128


@dataclass(frozen=True)
class Read:
    """An entry's pieces.

    Attributes:
        rows: What each piece means, of whatever width.
        marks: For each whether it is a word, whether it is of the name, how rare it is: ``(n, 3)``.
    """

    rows: np.ndarray
    marks: np.ndarray


def read(name: str, text: str) -> Read:
    """The pieces of an entry, ``PIECE_DIMENSIONS`` wide; in half precision, as many entries are kept."""
    rows, marks = zip(*(pieces_of(said) for said in (name, text)), strict=True)
    of_name = [np.full(len(found), float(k == 0), dtype=np.float32) for k, found in enumerate(rows)]
    word, rare = np.concatenate(marks).T
    whole = np.concatenate(rows)[:LONGEST].astype(np.float16)
    return Read(whole, np.stack([word, np.concatenate(of_name), rare], axis=1)[:LONGEST])


@lru_cache(maxsize=1000)
def pieces_of(said: str) -> tuple[np.ndarray, np.ndarray]:
    """What each piece of a text means, and for each whether it is a word and how rare it is."""
    spans, rows = pieces(said)
    found = [said[start:end] for start, end in spans]
    marks = [(float(any(map(str.isalnum, piece))), _rarity(piece)) for piece in found]
    return rows, np.array(marks, dtype=np.float32).reshape(-1, 2)


@lru_cache(maxsize=20_000)
def _rarity(piece: str) -> float:
    """How rare a piece is: the encoder numbers its pieces from the most frequent on."""
    model = encoder().sp
    numbers = [3, *model.encode(piece)[1:-1]]
    return float(np.log(max(numbers)) / np.log(model.vocab_size))


@dataclass(frozen=True)
class Side:
    """One side of some pairs, filled up to one length ``n``.

    Attributes:
        rows: Pieces, ``(pairs, n, width)``.
        marks: As of ``Read``; nothing where nothing stands: ``(pairs, n, 3)``.
    """

    rows: np.ndarray
    marks: np.ndarray


def side(entries: Sequence[Read]) -> Side:
    """Entries of different lengths, filled up."""
    longest = max(1, *(len(entry.rows) for entry in entries))
    rows = np.zeros((len(entries), longest, entries[0].rows.shape[1]), dtype=np.float32)
    marks = np.zeros((len(entries), longest, 3), dtype=np.float32)
    for i, entry in enumerate(entries):
        rows[i, : len(entry.rows)], marks[i, : len(entry.rows)] = entry.rows, entry.marks
    return Side(rows, marks)


def closeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How close entries are as wholes.

    Args:
        one: Sentence vectors of the name and of the whole of each first entry: ``(pairs, 2, dimensions)``.
        other: The same of each second entry.

    Returns:
        Of names, of wholes, of a name and the other's whole (the lesser, the greater): ``(pairs, 4)``.
    """
    close = np.einsum("pid,pjd->pij", one, other)
    across = np.sort(close[:, [0, 1], [1, 0]], axis=1)
    return np.concatenate([close[:, [0, 1], [0, 1]], across], axis=1)


class Attention:
    """One network, of the arrays that ``attention_learning.learn`` found (see there)."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes the arrays; half precision is what they are kept in."""
        self.arrays = arrays
        self._a = {name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()}

    def looked_at(self, entry: Read) -> Read:
        """An entry as this network sees it, each piece a unit vector."""
        rows = entry.rows @ self._a["seen/kernel"] + self._a["seen/bias"]
        return Read(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9), entry.marks)

    def __call__(self, pairs: Sequence[tuple[Read, Read]], close: np.ndarray) -> np.ndarray:
        """Log-odds that both of each pair say the same: ``(len(pairs),)``.

        Args:
            pairs: Entries that were ``looked_at``.
            close: Their ``closeness``, ``(len(pairs), 4)``.
        """
        odds = np.zeros(len(pairs))
        for batch in _batches(pairs):
            one, other = (side([pairs[i][k] for i in batch]) for k in range(2))
            odds[batch] = self._odds(one, other, close[batch])
        return odds

    def _odds(self, one: Side, other: Side, close: np.ndarray) -> np.ndarray:
        alike = one.rows @ other.rows.transpose(0, 2, 1)
        here, there = self._found(one, other, alike), self._found(other, one, alike.transpose(0, 2, 1))
        told = np.concatenate([here + there, np.abs(here - there), 3 * close], axis=1)
        return self._dense("told", np.maximum(self._dense("hidden", told), 0))[:, 0]

    def _found(self, own: Side, other: Side, alike: np.ndarray) -> np.ndarray:
        """What the pieces of one side find in the other, added up: of all, of the name, the most of each."""
        there, named = other.marks[:, None, :, 0], other.marks[:, None, :, 1]
        weighed = self._a["sharpness"] * alike - 1e4 * (1 - there)
        shares = np.exp(weighed - weighed.max(axis=2, keepdims=True))
        met = shares / shares.sum(axis=2, keepdims=True) @ other.rows
        best = (alike - 10 * (1 - there)).max(axis=2)
        in_name = (alike - 10 * (1 - there * named)).max(axis=2)
        word, of_name, rare = np.moveaxis(own.marks, 2, 0)
        marks = np.stack([best, in_name, of_name, rare], axis=2)
        seen = np.concatenate([own.rows * met, np.abs(own.rows - met), marks], axis=2)
        compared = np.maximum(self._dense("compared", seen), 0)
        weight = self._dense(
            "weight", np.concatenate([own.rows, rare[..., None], of_name[..., None]], axis=2)
        )
        weight = np.logaddexp(0, weight[..., 0] + 3 * (rare - COMMON)) * word
        told = np.concatenate([compared, best[..., None]], axis=2)
        return np.concatenate(
            [_mean(told, weight), _mean(told, weight * of_name), (compared * word[..., None]).max(axis=1)],
            axis=1,
        )

    def _dense(self, layer: str, rows: np.ndarray) -> np.ndarray:
        return rows @ self._a[f"{layer}/kernel"] + self._a[f"{layer}/bias"]


def _mean(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    share = weight / (weight.sum(axis=1, keepdims=True) + 1e-6)
    return (rows * share[..., None]).sum(axis=1)


def _batches(pairs: Sequence[tuple[Read, Read]]) -> Iterator[np.ndarray]:
    """Pairs of about one length together."""
    order = np.argsort([max(len(one.rows), len(other.rows)) for one, other in pairs], kind="stable")
    yield from (order[start : start + _BATCH] for start in range(0, len(order), _BATCH))
