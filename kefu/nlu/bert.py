"""Dense features of a Chinese BERT that stands in a folder on this machine (docs/bert.md)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.featurizers.dense_featurizer.lm_featurizer import LanguageModelFeaturizer
from rasa.shared.exceptions import RasaException

VARIABLE = "KEFU_BERT_DIR"
#: What the folder has to hold, and what each file is.
NEEDED = {
    "config.json": "the model's sizes",
    "vocab.txt": "its characters and word pieces, one a line",
    "tf_model.h5": "its weights for TensorFlow",
}


class BertMissing(RasaException):
    """The folder of the model is not named, or lacks something; the message says what to do."""


def bert_folder() -> Path:
    """The folder that ``KEFU_BERT_DIR`` names.

    Raises:
        BertMissing: It is not set, is no folder, or lacks a file.
    """
    named = os.environ.get(VARIABLE)
    wanted = ", ".join(f"{name} ({what})" for name, what in NEEDED.items())
    if not named:
        raise BertMissing(f"{VARIABLE}: not set. Name the folder of a Chinese BERT, which holds {wanted}.")
    folder = Path(named)
    if not folder.is_dir():
        raise BertMissing(f"{VARIABLE}: {named} is no folder. It has to be one that holds {wanted}.")
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise BertMissing(f"{VARIABLE}: {named} lacks {', '.join(missing)}. It has to hold {wanted}.")
    return folder


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class BertFeaturizer(LanguageModelFeaturizer):
    """Rasa's featurizer of language models, on a local folder: nothing is ever downloaded.

    Three things differ. The folder comes from the environment, so that a trained model runs wherever the
    weights stand. Special tokens are the vocabulary's own, not those of one English model. And every token of
    ours has at least one piece: one that BERT drops would leave its neighbours' features to others.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options but those of every featurizer (see parent class)."""
        return {**LanguageModelFeaturizer.get_default_config(), "model_name": "bert"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Other weights make another model: training is not taken from the cache then."""
        folder = bert_folder()
        known = [(name, (folder / name).stat().st_size) for name in NEEDED]
        sizes = (folder / "config.json").read_text(encoding="utf-8")
        return hashlib.sha256(f"{known}{sizes}".encode()).hexdigest()

    def _load_model_metadata(self) -> None:
        self._config["model_weights"] = str(bert_folder())
        super()._load_model_metadata()

    def _lm_tokenize(self, text: str) -> tuple[list[int], list[str]]:
        ids, pieces = super()._lm_tokenize(text)
        return (ids, pieces) if ids else ([self.tokenizer.unk_token_id], [self.tokenizer.unk_token])

    def _add_lm_specific_special_tokens(self, token_ids: list[list[int]]) -> list[list[int]]:
        first, last = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        return [[first, *ids, last] for ids in token_ids]
