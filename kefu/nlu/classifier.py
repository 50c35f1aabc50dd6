"""Which intent a message has."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.linear import LinearTextModel

_FILE = "intents.skops"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(GraphComponent, IntentClassifier):
    """A linear model over character n-grams and, if the pipeline has them, dense sentence features.

    Stock count features drown a unit-length embedding; here the n-grams are normalised TF-IDF and the
    embedding is scaled to weigh against them (docs/adr/0002-nlu-pipeline.md).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The component's default config (see parent class)."""
        return {
            # Longest character n-gram, and in how many examples one must stand to count.
            "max_ngram": 3,
            "min_examples": 2,
            # What the unit-length embedding is multiplied with before it stands beside the n-grams.
            "embedding_scale": 1.0,
            # Inverse strength of regularisation.
            "C": 1.0,
            # How many intents a message keeps: the ranking is stored with every event.
            "ranking_length": 5,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: LinearTextModel | None = None,
    ) -> None:
        """Creates the classifier; without a model it answers no intent (see parent class)."""
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        """Creates an untrained classifier (see parent class)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples that have an intent, and stores the model."""
        examples = [m for m in training_data.intent_examples if m.get(INTENT) and m.get(TEXT)]
        if len({m.get(INTENT) for m in examples}) < 2:
            return self._resource
        embeddings = [self._embedding(message) for message in examples]
        self._model = LinearTextModel.fit(
            [message.get(TEXT) for message in examples],
            [message.get(INTENT) for message in examples],
            None if any(embedding is None for embedding in embeddings) else np.vstack(embeddings),
            max_ngram=self._config["max_ngram"],
            min_examples=self._config["min_examples"],
            strength=self._config["C"],
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.dump(folder / _FILE)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """Loads the trained classifier (see parent class)."""
        try:
            with model_storage.read_from(resource) as folder:
                return cls(config, model_storage, resource, LinearTextModel.load(folder / _FILE))
        except ValueError:  # nothing was stored: the training data had no two intents
            return cls(config, model_storage, resource)

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets ``intent`` and ``intent_ranking`` of each message."""
        for message in messages:
            ranking = self._ranking(message)
            first = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            message.set(INTENT, first, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> list[dict[str, Any]]:
        if self._model is None or not (message.get(TEXT) or "").strip():
            return []
        probabilities = self._model.probabilities(message.get(TEXT), self._embedding(message))
        best = np.argsort(-probabilities)[: self._config["ranking_length"]]
        return [{"name": self._model.labels[i], "confidence": float(probabilities[i])} for i in best]

    def _embedding(self, message: Message) -> np.ndarray | None:
        dense = message.get_dense_features(TEXT)[1]
        return None if dense is None else dense.features[0] * self._config["embedding_scale"]
