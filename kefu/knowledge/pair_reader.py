"""Tells whether two entries say the same by reading both at one go, where there is a sentence model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from kefu.knowledge.comparison import Described
from kefu.knowledge.distinctions import first_part
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.language.adapted import AdaptedModel
from kefu.language.adapter import Adapter
from kefu.language.sentence_model import sentence_model

#: What ``pair_learning`` learned.
SHIPPED = FOLDER / "pair_reader.npz"


def said(entry: Described) -> str:
    """An entry as it is read."""
    return f"{entry.name}\u3002{first_part(entry.text)}" if entry.text else entry.name


class PairReader:
    """A cross-encoder: both entries are read together, so that each word of one meets the other's."""

    def __init__(self, model: AdaptedModel) -> None:
        """Takes the model; its adapter holds ``kernel`` and ``bias`` for a pair's first row."""
        self._model = model
        self._kernel, self._bias = (model.adapter.task[name] for name in ("kernel", "bias"))

    def __call__(self, pairs: Sequence[tuple[Described, Described]]) -> np.ndarray:
        """How likely each pair is the same: ``(len(pairs),)``; which comes first makes no difference."""
        texts = [(said(a), said(b)) for a, b in pairs]
        odds = [self._model.firsts(some) @ self._kernel for some in (texts, [pair[::-1] for pair in texts])]
        return 1 / (1 + np.exp(-(odds[0] + odds[1])[:, 0] / 2 - self._bias[0]))


def pair_reader() -> PairReader | None:
    """The reader that ships; ``None`` where its sentence model is not."""
    model = sentence_model()
    return _loaded(model.folder, model.mark) if model else None


@lru_cache(maxsize=1)
def _loaded(folder: Path, mark: str) -> PairReader | None:
    adapter = Adapter.load(SHIPPED)
    return PairReader(AdaptedModel(folder, adapter)) if adapter.base == mark else None
