"""What search compares meanings by: the encoder that always comes along, or the company's own model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from kefu.language import embedding
from kefu.language.sentence_model import sentence_model


def embed_all(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors of normal texts, ``(len(texts), d)`` float32; a zero row for an empty text."""
    model = sentence_model()
    return model.embed_all(texts) if model else embedding.embed_all(texts)


def embed(text: str) -> np.ndarray:
    """The unit vector of one normal text, ``(d,)``, read-only; the same questions come again and again."""
    return _embedded(text, mark())


def forget() -> None:
    """Forgets the vectors that ``embed`` keeps, so that each costs what it costs the first time."""
    _embedded.cache_clear()


def mark() -> str:
    """Tells the vectors of one model from those of others."""
    model = sentence_model()
    return model.mark if model else ""


@lru_cache(maxsize=4096)
def _embedded(text: str, _mark: str) -> np.ndarray:
    vector = embed_all([text])[0]
    vector.flags.writeable = False
    return vector
