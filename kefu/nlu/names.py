"""Names from the knowledge graph, marked on the tokens of a message."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.knowledge.live import name_matcher

#: Where the names found in a message are kept for the components behind.
NAMES = "knowledge_names"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class KnowledgeNames(GraphComponent):
    """Finds products, lines, functions, symptoms, error codes and policies by all their names.

    What is found becomes a feature of the tokens, from which the entity extractor learns how far such a
    name is to be trusted, and a candidate for the resolver behind it. The names are those of the newest
    edition of the graph, at most a second old.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options."""
        return {}

    @staticmethod
    def required_packages() -> list[str]:
        """Packages that must be importable."""
        return ["spacy"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KnowledgeNames:
        """Creates the component and loads the names, so that no first customer waits."""
        name_matcher()
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Marks the names in each message."""
        matcher = name_matcher()
        for message in messages:
            if not message.get(TEXT):
                continue
            matches = matcher(message.get(TEXT))
            message.set(NAMES, [vars(match) for match in matches])
            for match in matches:
                for token in message.get(TOKENS_NAMES[TEXT]):
                    if match.start <= token.start and token.end <= match.end:
                        edge = "B" if token.start == match.start else "I"
                        pattern = token.get("pattern") or {}
                        token.set("pattern", {**pattern, "name": match.entity, "name_edge": edge})
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Marks the names in all training examples."""
        self.process(training_data.training_examples)
        return training_data
