"""How the customer feels: angry, unhappy, neutral or happy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import raise_warning
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kefu.config import ROOT
from kefu.language.embedding import embed, embed_all
from kefu.language.normalize import normalize
from kefu.nlu.linear import LinearTextModel
from kefu.tickets.routing import MOODS

#: Where a message's mood stands in what understanding gives: ``{"name", "confidence"}``.
MOOD = "mood"
NEUTRAL = "neutral"
_FILE = "moods.skops"


class MoodDataError(RasaException):
    """The file of examples can't be used; the message names the file and the mood."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MoodClassifier(GraphComponent):
    """Adds ``mood`` to what is understood of a message, learned from a file of its own.

    A mood crosses intents: a fault can be told calmly or in anger. So it has its own examples (besides those
    of intents that are always calm), and its own weights on the n-grams and the embedding that the intent is
    found with; these are computed once a message.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The component's default config (see parent class)."""
        return {
            # The examples, from the project's folder.
            "examples": "data/mood.yml",
            # A mood less probable than this is called neutral.
            "threshold": 0.4,
            # How much each mood gains on neutral, of which there are most examples. So much that in
            # cross-validation 4 % of the calm messages are taken for angry (docs/adr/0002-nlu-pipeline.md).
            "odds": {"angry": 3.0, "unhappy": 2.0, "happy": 2.0},
            # As in the intent classifier.
            "max_ngram": 3,
            "min_examples": 1,
            "embedding_scale": 1.0,
            "C": 1.0,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: LinearTextModel | None = None,
    ) -> None:
        """Creates the classifier; without a model every message is neutral (see parent class)."""
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
    ) -> MoodClassifier:
        """Creates an untrained classifier (see parent class)."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """The content of the examples: Rasa sees only its own training data (see parent class)."""
        path = _path({**cls.get_default_config(), **config})
        return hashlib.sha256(_content(path).encode()).hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the file of examples and the calm ones of ``training_data``, and stores the model."""
        path = _path(self._config)
        moods = read(path)
        examples = moods.examples + _calm(training_data, moods, path)
        texts = [text for text, _ in examples]
        embeddings = embed_all([normalize(text).text for text in texts])
        self._model = LinearTextModel.fit(
            texts,
            [mood for _, mood in examples],
            embeddings * self._config["embedding_scale"],
            max_ngram=self._config["max_ngram"],
            min_examples=self._config["min_examples"],
            strength=self._config["C"],
            balanced=True,
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
    ) -> MoodClassifier:
        """Loads the trained classifier (see parent class)."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearTextModel.load(folder / _FILE))

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets ``mood`` of each message."""
        for message in messages:
            message.set(MOOD, self._mood(message.get(TEXT) or ""), add_to_output=True)
        return messages

    def _mood(self, text: str) -> dict[str, Any]:
        if self._model is None or not text.strip():
            return {INTENT_NAME_KEY: NEUTRAL, PREDICTED_CONFIDENCE_KEY: 0.0}
        # The pipeline's featurizer has just asked for the same embedding, which is kept.
        embedding = embed(normalize(text).text) * self._config["embedding_scale"]
        found = self._model.probabilities(text, embedding)
        odds = self._config["odds"]
        weighed = {m: float(p) * odds.get(m, 1.0) for m, p in zip(self._model.labels, found, strict=True)}
        name = max(weighed, key=weighed.__getitem__)
        total = sum(weighed.values())
        if weighed[name] < self._config["threshold"] * total:
            name = NEUTRAL
        return {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: weighed[name] / total}


@dataclass(frozen=True)
class Moods:
    """A file of examples.

    Attributes:
        examples: ``(text, mood)``, in the file's order.
        calm_intents: Intents whose examples count as neutral.
    """

    examples: list[tuple[str, str]]
    calm_intents: tuple[str, ...] = ()


def read(path: Path) -> Moods:
    """Reads and checks a file of examples.

    Raises:
        MoodDataError: The file is missing or no YAML, a key or mood is unknown or missing, or a line is no
            example.
    """
    try:
        content = YAML(typ="safe").load(_content(path))
    except YAMLError as error:
        raise MoodDataError(f"{path.name}: {error}") from error
    content = content if isinstance(content, dict) else {}
    if unknown := sorted(content.keys() - {"moods", "calm_intents"}):
        raise MoodDataError(f"{path.name}: {unknown[0]}: is unknown; there are moods and calm_intents")
    moods, calm = content.get("moods"), content.get("calm_intents", [])
    if not isinstance(moods, dict):
        raise MoodDataError(f"{path.name}: moods: is missing")
    if not isinstance(calm, list) or not all(isinstance(intent, str) for intent in calm):
        raise MoodDataError(f"{path.name}: calm_intents: is no list of intents")
    if unknown := [mood for mood in moods if mood not in MOODS]:
        raise MoodDataError(f"{path.name}: moods: {unknown[0]} is not one of {', '.join(MOODS)}")
    known: dict[str, str] = {}
    for mood in MOODS:
        for text in _listed(path, mood, moods.get(mood)):
            if text in known:
                raise MoodDataError(f"{path.name}: {mood}: {text!r} stands under {known[text]} already")
            known[text] = mood
    return Moods(list(known.items()), tuple(calm))


def _calm(training_data: TrainingData, moods: Moods, path: Path) -> list[tuple[str, str]]:
    for intent in moods.calm_intents:
        if intent not in training_data.intents:
            raise_warning(f"{path.name}: calm_intents: the training data has no intent {intent}")
    marked = dict(moods.examples)
    calm = [m.get(TEXT) for m in training_data.intent_examples if m.get(INTENT) in moods.calm_intents]
    return [(text, NEUTRAL) for text in dict.fromkeys(calm) if text and text not in marked]


def _listed(path: Path, mood: str, block: Any) -> list[str]:
    if not isinstance(block, str) or not block.strip():
        raise MoodDataError(f"{path.name}: {mood}: has no examples (a block of lines that begin with '- ')")
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    for line in lines:
        if not line.startswith("- ") or not line[2:].strip():
            raise MoodDataError(f"{path.name}: {mood}: {line!r} does not begin with '- '")
    return [line[2:].strip() for line in lines]


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MoodDataError(f"{path}: can't be read: {error}") from error


def _path(config: dict[str, Any]) -> Path:
    return ROOT / config["examples"]
