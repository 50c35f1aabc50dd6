"""What search compares meanings by: the sentence model, and for English questions the encoder.

The model that ships has read Chinese. The encoder tells what means the same across languages (won't charge,
充不进电), so an entry has a vector of each, and a question of the one that reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from kefu.language import embedding
from kefu.language.detect import language_of
from kefu.language.sentence_model import sentence_model


def parts() -> list[slice]:
    """The parts of a vector: what the sentence model tells, if there is one, and what the encoder tells."""
    model = sentence_model()
    start = model.dimensions if model else 0
    return [*([slice(0, start)] if model else []), slice(start, start + embedding.DIMENSIONS)]


def part_of(question: str) -> slice:
    """The part of a vector that a question is compared by."""
    return parts()[0 if language_of(question) == "zh" else -1]


def embed_all(texts: Sequence[str]) -> np.ndarray:
    """Vectors of normal texts, ``(len(texts), d)`` float32.

    Each part is a unit vector; zeros for an empty text.
    """
    model = sentence_model()
    told = embedding.embed_all(texts)
    return np.hstack([model.embed_all(texts), told]) if model else told


def embed(question: str) -> np.ndarray:
    """The vector of one question as normal text, ``(d,)``, read-only; only its own part is filled.

    The same questions come again and again.
    """
    return _embedded(question, mark())


def forget() -> None:
    """Forgets the vectors that ``embed`` keeps, so that each costs what it costs the first time."""
    _embedded.cache_clear()


def mark() -> str:
    """Tells the vectors of one model from those of others."""
    model = sentence_model()
    return model.mark if model else ""


@lru_cache(maxsize=4096)
def _embedded(question: str, _mark: str) -> np.ndarray:
    own, model = part_of(question), sentence_model()
    vector = np.zeros(parts()[-1].stop, dtype=np.float32)
    is_models = model is not None and own.start == 0
    vector[own] = (model if is_models else embedding).embed_all([question])[0]
    vector.flags.writeable = False
    return vector
