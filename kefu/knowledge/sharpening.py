"""Makes sentence vectors tell entries apart: what differs between phrasings of one entry counts less."""

from __future__ import annotations

import numpy as np


class Sharpening:
    """A linear map of sentence vectors, learned from phrasings that mean the same.

    Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006): directions along which the
    phrasings of one entry spread say how something is asked, the others what is asked. It shrinks to no
    change at all as there are fewer phrasings to learn from.
    """

    def __init__(self, vectors: np.ndarray, starts: np.ndarray) -> None:
        """Learns the map.

        Args:
            vectors: Unit vectors of all phrasings, entry by entry, ``(phrasings, dimensions)``.
            starts: Where each entry's phrasings begin.
        """
        count, dimensions = vectors.shape
        sizes = np.diff(np.append(starts, count))
        spread = vectors - np.repeat(np.add.reduceat(vectors, starts) / sizes[:, None], sizes, axis=0)
        free = count - len(starts)
        # Fewer texts than dimensions tell little: as if so many more had told nothing.
        self._mean = vectors.sum(axis=0) / (count + dimensions)
        self._map = np.eye(dimensions, dtype=np.float32)
        if free and spread.any():
            values, directions = np.linalg.eigh(spread.T @ spread / free)
            values = values.clip(0) + values.mean() * (1 + dimensions / free)
            self._map = ((directions * values**-0.5) @ directions.T).astype(np.float32)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """The sharpened unit vectors of ``(n, dimensions)`` unit vectors; zero rows stay zero."""
        filled = vectors.any(axis=1, keepdims=True)
        mapped = (vectors - self._mean) @ self._map * filled
        return mapped / np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-6)
