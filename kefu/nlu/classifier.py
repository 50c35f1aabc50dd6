"""Which intent a message has."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

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
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from kefu.language.normalize import normalize

_LONG_NUMBER = re.compile(r"[a-z]{0,4}\d[\d -]{5,}\d")
_DIGIT = re.compile(r"\d")
_FILE = "intents.skops"
# With so few examples a n-gram that stands once is all there is.
_FEW = 500


def readable(text: str) -> str:
    """The text as the classifier reads it: normal, with numbers reduced to their length class."""
    normal = _LONG_NUMBER.sub("№", normalize(text).text)
    return f"^{_DIGIT.sub('0', normal)}$"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(GraphComponent, IntentClassifier):
    """A linear model over character n-grams and, if the pipeline has them, dense sentence features.

    Stock count features drown a unit-length embedding; here the n-grams are normalised TF-IDF and the
    embedding is scaled to weigh against them. The margins of a linear support vector machine become
    confidences through a softmax whose temperature is chosen on margins of held-out examples, so that a
    threshold means the same after every training (docs/adr/0002-nlu-pipeline.md).
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
        vectorizer: TfidfVectorizer | None = None,
        model: LinearSVC | None = None,
        sharpness: float = 1.0,
    ) -> None:
        """Creates the classifier; without a model it answers no intent (see parent class)."""
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._vectorizer = vectorizer
        self._model = model
        self._sharpness = sharpness
        self._scorer: _Scorer | None = None

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
        self._vectorizer = TfidfVectorizer(
            analyzer="char",
            ngram_range=(1, self._config["max_ngram"]),
            min_df=self._config["min_examples"] if len(examples) > _FEW else 1,
            sublinear_tf=True,
            dtype=np.float32,
        )
        self._vectorizer.fit([readable(m.get(TEXT)) for m in examples])
        features, intents = self._features(examples), np.array([m.get(INTENT) for m in examples])
        self._model = LinearSVC(C=self._config["C"], random_state=0).fit(features, intents)
        self._sharpness = self._calibrate(features, intents)
        self._scorer = None
        with self._storage.write_to(self._resource) as folder:
            stored = {"vectorizer": self._vectorizer, "model": self._model, "sharpness": self._sharpness}
            skops.io.dump(stored, folder / _FILE)
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
                # The model directory is trusted code, as for every Rasa component.
                trusted = skops.io.get_untrusted_types(file=folder / _FILE)
                stored = skops.io.load(folder / _FILE, trusted=trusted)
        except ValueError:  # nothing was stored: the training data had no two intents
            return cls(config, model_storage, resource)
        return cls(config, model_storage, resource, **stored)

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
        self._scorer = self._scorer or _Scorer(self._vectorizer, self._model)
        dense = message.get_dense_features(TEXT)[1]
        embedding = None if dense is None else dense.features[0] * self._config["embedding_scale"]
        probabilities = _softmax(self._sharpness * self._scorer(readable(message.get(TEXT)), embedding))[0]
        best = np.argsort(-probabilities)[: self._config["ranking_length"]]
        return [{"name": str(self._model.classes_[i]), "confidence": float(probabilities[i])} for i in best]

    def _calibrate(self, features: csr_matrix, intents: np.ndarray) -> float:
        """The factor on margins that makes confidences of unseen examples most likely to be true."""
        classes, labels = np.unique(intents, return_inverse=True)
        folds = min(3, int(np.bincount(labels).min()))
        if folds < 2:
            return 1.0
        margins = np.zeros((len(labels), len(classes)))
        for train, held_out in StratifiedKFold(folds, shuffle=True, random_state=0).split(features, labels):
            model = LinearSVC(C=self._config["C"], random_state=0).fit(features[train], labels[train])
            margins[held_out] = self._margins(model, features[held_out])

        def surprise(sharpness: float) -> float:
            likelihoods = _softmax(sharpness * margins)[np.arange(len(labels)), labels]
            return -float(np.log(likelihoods + 1e-12).mean())

        return float(minimize_scalar(surprise, bounds=(0.1, 50), method="bounded").x)

    @staticmethod
    def _margins(model: LinearSVC, features: csr_matrix) -> np.ndarray:
        """Margins of each intent, shape ``(examples, intents)``; two intents share one margin."""
        margins = model.decision_function(features)
        return np.column_stack([-margins, margins]) if margins.ndim == 1 else margins

    def _features(self, messages: list[Message]) -> csr_matrix:
        ngrams = self._vectorizer.transform([readable(m.get(TEXT)) for m in messages])
        dense = [m.get_dense_features(TEXT)[1] for m in messages]
        if any(features is None for features in dense):
            return ngrams
        embedding = np.vstack([features.features for features in dense]) * self._config["embedding_scale"]
        return hstack([ngrams, csr_matrix(embedding)], format="csr")


class _Scorer:
    """The trained model for one text at a time: checking and building sparse matrices costs 1 ms a text."""

    def __init__(self, vectorizer: TfidfVectorizer, model: LinearSVC) -> None:
        self._ngrams, self._places = vectorizer.build_analyzer(), vectorizer.vocabulary_
        self._idf = vectorizer.idf_
        self._weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
        self._bias = model.intercept_

    def __call__(self, text: str, embedding: np.ndarray | None) -> np.ndarray:
        """Margins of each intent, shape ``(1, intents)``, as the model gives for the features of ``text``."""
        found = (self._places.get(ngram) for ngram in self._ngrams(text))
        counts = Counter(place for place in found if place is not None)
        places = list(counts)
        tfidf = (1 + np.log(list(counts.values()))) * self._idf[places]
        tfidf /= np.linalg.norm(tfidf) or 1
        margins = tfidf.astype(np.float32) @ self._weights[places] + self._bias
        if embedding is not None:
            margins += embedding @ self._weights[len(self._idf) :]
        return np.array([[-margins[0], margins[0]]]) if len(margins) == 1 else margins[np.newaxis]


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
