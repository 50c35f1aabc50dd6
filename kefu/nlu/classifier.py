"""Which intent a message has."""

from __future__ import annotations

import re
from typing import Any, Optional

import numpy as np
import skops.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from kefu.language.normalize import normalize

_LONG_NUMBER = re.compile(r"[a-z]{0,4}\d[\d -]{5,}\d")
_DIGIT = re.compile(r"\d")
_FILE = "intents.skops"


def readable(text: str) -> str:
    """The text as the classifier reads it: normal, with numbers reduced to their length class."""
    normal = _LONG_NUMBER.sub("№", normalize(text).text)
    return f"^{_DIGIT.sub('0', normal)}$"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LogisticIntentClassifier(GraphComponent, IntentClassifier):
    """Logistic regression over character n-grams and, if the pipeline has them, dense sentence features.

    Stock count features drown a unit-length embedding; here the n-grams are normalised TF-IDF and the
    embedding is scaled to weigh against them. On few real examples this is 12 to 16 points better than
    the stock classifiers (docs/adr/0002-nlu-pipeline.md).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The component's default config (see parent class)."""
        return {
            # Longest character n-gram.
            "max_ngram": 4,
            # What the unit-length embedding is multiplied with before it stands beside the n-grams.
            "embedding_scale": 3.0,
            # Inverse strength of regularisation.
            "C": 20.0,
            "max_iter": 300,
            # How many intents a message keeps: the ranking is stored with every event.
            "ranking_length": 5,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        vectorizer: Optional[TfidfVectorizer] = None,
        model: Optional[LogisticRegression] = None,
    ) -> None:
        """Creates the classifier; without a model it answers no intent (see parent class)."""
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._vectorizer = vectorizer
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LogisticIntentClassifier:
        """Creates an untrained classifier (see parent class)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from all examples that have an intent, and stores the model."""
        examples = [m for m in training_data.intent_examples if m.get(INTENT) and m.get(TEXT)]
        if len({m.get(INTENT) for m in examples}) < 2:
            return self._resource
        self._vectorizer = TfidfVectorizer(
            analyzer="char", ngram_range=(1, self._config["max_ngram"]), sublinear_tf=True, dtype=np.float32
        )
        self._vectorizer.fit([readable(m.get(TEXT)) for m in examples])
        self._model = LogisticRegression(C=self._config["C"], max_iter=self._config["max_iter"])
        self._model.fit(self._features(examples), [m.get(INTENT) for m in examples])
        with self._storage.write_to(self._resource) as folder:
            skops.io.dump({"vectorizer": self._vectorizer, "model": self._model}, folder / _FILE)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LogisticIntentClassifier:
        """Loads the trained classifier (see parent class)."""
        try:
            with model_storage.read_from(resource) as folder:
                # The model directory is trusted code, as for every Rasa component.
                trusted = skops.io.get_untrusted_types(file=folder / _FILE)
                stored = skops.io.load(folder / _FILE, trusted=trusted)
        except ValueError:  # nothing was stored: the training data had no two intents
            return cls(config, model_storage, resource)
        return cls(config, model_storage, resource, stored["vectorizer"], stored["model"])

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
        probabilities = self._model.predict_proba(self._features([message]))[0]
        best = np.argsort(-probabilities)[: self._config["ranking_length"]]
        return [{"name": str(self._model.classes_[i]), "confidence": float(probabilities[i])} for i in best]

    def _features(self, messages: list[Message]) -> csr_matrix:
        ngrams = self._vectorizer.transform([readable(m.get(TEXT)) for m in messages])
        dense = [m.get_dense_features(TEXT)[1] for m in messages]
        if any(features is None for features in dense):
            return ngrams
        embedding = np.vstack([features.features for features in dense]) * self._config["embedding_scale"]
        return hstack([ngrams, csr_matrix(embedding)], format="csr")
