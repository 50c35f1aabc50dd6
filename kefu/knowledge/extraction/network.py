"""Tags of a text's units: a recurrent network below a conditional random field, run with NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kefu.knowledge.extraction.sight import Sight


@dataclass(frozen=True)
class Head:
    """One family of kinds.

    Attributes:
        kinds: The kinds; the tags are none, and the beginning and the inside of each.
        weights, bias: From the network's state to scores of tags: ``(2 * units, tags)``.
        moves: Scores of a tag after a tag: ``(tags, tags)``.
    """

    kinds: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray
    moves: np.ndarray

    @property
    def tags(self) -> list[str]:
        """All tags in the order of the scores."""
        return tags_of(self.kinds)


def tags_of(kinds: Sequence[str]) -> list[str]:
    """``O`` and two tags for each kind."""
    return ["O", *(f"{place}-{kind}" for kind in kinds for place in "BI")]


class Network:
    """What ``learning.learn`` found, as arrays by name (see there)."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Takes the arrays."""
        self._a = arrays
        self._signs = [{word: i for i, word in enumerate(arrays[f"words{k}"].tolist())} for k in range(3)]
        self.heads = [
            Head(
                tuple(arrays[f"kinds{h}"].tolist()), arrays[f"head{h}/kernel"], arrays[f"head{h}/bias"],
                arrays[f"moves{h}"],
            )
            for h in range(2)
        ]  # fmt: skip

    def numbered(self, sight: Sight) -> np.ndarray:
        """The signs of each unit as numbers, 0 for words never seen: ``(n, SIGNS)``."""
        return numbered(sight, self._signs)

    def scores(self, sight: Sight) -> list[np.ndarray]:
        """Scores of tags for each unit, one array a head."""
        a = self._a
        meaning = np.maximum(sight.meaning @ a["meaning/kernel"] + a["meaning/bias"], 0)
        clause = np.maximum(sight.clauses @ a["clause/kernel"] + a["clause/bias"], 0)[sight.clause]
        numbers = self.numbered(sight)
        signs = [a[f"signs{k}"][numbers[:, k]] for k in range(numbers.shape[1])]
        rows = np.concatenate([meaning, clause, *signs, sight.places], axis=1)
        forth = _recur(rows, a["forth/kernel"], a["forth/recurrent"], a["forth/bias"])
        back = _recur(rows[::-1], a["back/kernel"], a["back/recurrent"], a["back/bias"])[::-1]
        state = np.concatenate([forth, back, meaning], axis=1)
        return [state @ head.weights + head.bias for head in self.heads]


def numbered(sight: Sight, known: Sequence[dict[str, int]]) -> np.ndarray:
    """Words as their numbers in ``known``."""
    rows = [[known[k].get(word, 0) for k, word in enumerate(words)] for words in sight.signs]
    return np.array(rows, dtype=np.int32).reshape(-1, len(known))


def _recur(rows: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A long short-term memory over ``rows`` (gates in Keras' order: in, forget, cell, out)."""
    size = recurrent.shape[0]
    ahead = rows @ kernel + bias
    state, cell = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    states = np.empty((len(rows), size), dtype=np.float32)
    for t, gates in enumerate(ahead):
        gates = gates + state @ recurrent
        opened = 1 / (1 + np.exp(-gates))
        cell = opened[size : 2 * size] * cell + opened[:size] * np.tanh(gates[2 * size : 3 * size])
        state = opened[3 * size :] * np.tanh(cell)
        states[t] = state
    return states


def likeliest(scores: np.ndarray, moves: np.ndarray) -> tuple[list[int], np.ndarray]:
    """The likeliest tags (Viterbi) and how likely every tag of every unit is: ``(n, tags)``."""
    best, from_ = scores[0], []
    for row in scores[1:]:
        ways = best[:, None] + moves
        from_.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + row
    path = [int(best.argmax())]
    for step in reversed(from_):
        path.append(int(step[path[-1]]))
    forth, back = [scores[0]], [np.zeros(scores.shape[1])]
    for row in scores[1:]:
        forth.append(_together(forth[-1][:, None] + moves, 0) + row)
    for row in scores[:0:-1]:
        back.append(_together(moves + (row + back[-1])[None, :], 1))
    shares = np.array(forth) + np.array(back[::-1])
    return path[::-1], np.exp(shares - _together(shares, 1)[:, None])


def _together(scores: np.ndarray, axis: int) -> np.ndarray:
    """The logarithm of the sum of exponentials."""
    top = scores.max(axis=axis, keepdims=True)
    return (top + np.log(np.exp(scores - top).sum(axis=axis, keepdims=True))).squeeze(axis)
