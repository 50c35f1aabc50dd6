"""Tags a text's units by a sentence model that was taught so, where there is one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from kefu.knowledge.extraction.sight import Sight, means
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.language.adapted import AdaptedModel
from kefu.language.adapter import Adapter
from kefu.language.sentence_model import sentence_model

#: What ``text_learning`` learned.
SHIPPED = FOLDER / "text_reader.npz"


class TextReader:
    """Stands beside the tagger's networks.

    Attributes:
        moves: For each family of kinds the scores of a tag after a tag: ``(tags, tags)``.
    """

    def __init__(self, model: AdaptedModel) -> None:
        """Takes the model; its adapter holds ``kernel``, ``bias`` and ``moves`` of each head."""
        self._model = model
        task = model.adapter.task
        heads = range(len([name for name in task if name.startswith("moves")]))
        self.moves = [task[f"moves{h}"] for h in heads]
        self._heads = [(task[f"head{h}/kernel"], task[f"head{h}/bias"]) for h in heads]

    def scores(self, sight: Sight, text: str) -> list[np.ndarray]:
        """Scores of tags for each unit, one array a head."""
        rows = means(sight.spans, *self._model.pieces(text))
        return [rows @ kernel + bias for kernel, bias in self._heads]


def text_reader() -> TextReader | None:
    """The reader that ships; ``None`` where its sentence model is not."""
    model = sentence_model()
    return _loaded(model.folder, model.mark) if model else None


@lru_cache(maxsize=1)
def _loaded(folder: Path, mark: str) -> TextReader | None:
    adapter = Adapter.load(SHIPPED)
    return TextReader(AdaptedModel(folder, adapter)) if adapter.base == mark else None
