"""The meaning of a message as a dense feature."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.language.embedding import embed, embed_all
from kefu.language.normalize import normalize


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddingFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds the sentence embedding of the normal text, shape ``(1, 512)``.

    With ``sequence_features`` every token gets the same vector too, which DIET needs: it asks each
    featurizer for both kinds.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The component's default config (see parent class)."""
        return {**DenseFeaturizer.get_default_config(), "sequence_features": False}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to validate: the only option is a switch."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEmbeddingFeaturizer:
        """Creates the component and loads the weights, so that no first customer waits."""
        embed("预热")
        return cls(execution_context.node_name, config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the features to messages at run time."""
        for message in messages:
            if message.get(TEXT):
                self._add(message, embed(normalize(message.get(TEXT)).text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the features to all training examples, in batches."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        vectors = embed_all([normalize(message.get(TEXT)).text for message in messages])
        for message, vector in zip(messages, vectors, strict=True):
            self._add(message, vector)
        return training_data

    def _add(self, message: Message, vector: np.ndarray) -> None:
        sentence = vector.reshape(1, -1)
        message.add_features(Features(sentence, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        if self._config["sequence_features"]:
            sequence = np.repeat(sentence, len(message.get(TOKENS_NAMES[TEXT])), axis=0)
            message.add_features(Features(sequence, FEATURE_TYPE_SEQUENCE, TEXT, self._identifier))
