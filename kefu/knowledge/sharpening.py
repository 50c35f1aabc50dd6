"""Makes sentence vectors tell entries apart: what differs between phrasings of one entry counts less."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Sharpening:
    """A linear map of sentence vectors, learned from phrasings that mean the same.

    Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006): directions along which the
    phrasings of one entry spread say how something is asked, the others what is asked. It shrinks to no
    change at all as there are fewer phrasings to learn from.
    """

    def __init__(
        self, vectors: np.ndarray, starts: np.ndarray, parts: Sequence[slice] = (slice(None),)
    ) -> None:
        """Learns the map.

        Args:
            vectors: Vectors of all phrasings, entry by entry, ``(phrasings, dimensions)``.
            starts: Where each entry's phrasings begin.
            parts: The parts of a vector, each a unit vector and mapped by itself.
        """
        self._maps = [(part, *_learned(vectors[:, part], starts)) for part in parts]

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """The sharpened vectors of ``(n, dimensions)`` vectors: parts of length one; zeros stay zeros."""
        mapped = np.zeros_like(vectors)
        for part, mean, to in self._maps:
            own = vectors[:, part]
            filled = own.any(axis=1, keepdims=True)
            own = (own - mean) @ to * filled
            mapped[:, part] = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-6)
        return mapped


def _learned(vectors: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is taken off each vector, and the matrix that the rest is multiplied by."""
    count, dimensions = vectors.shape
    sizes = np.diff(np.append(starts, count))
    spread = vectors - np.repeat(np.add.reduceat(vectors, starts) / sizes[:, None], sizes, axis=0)
    free = count - len(starts)
    # Fewer texts than dimensions tell little: as if so many more had told nothing.
    mean, to = vectors.sum(axis=0) / (count + dimensions), np.eye(dimensions, dtype=np.float32)
    if free and spread.any():
        values, directions = np.linalg.eigh(spread.T @ spread / free)
        values = values.clip(0) + values.mean() * (1 + dimensions / free)
        to = ((directions * values**-0.5) @ directions.T).astype(np.float32)
    return mean, to
