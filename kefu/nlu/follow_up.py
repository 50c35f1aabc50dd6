"""A follow-up is understood as a question, whatever its few words sound like."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    INTENT,
    INTENT_NAME_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from kefu.language.following import follows_up

_NAMES = frozenset({"product", "product_line", "function"})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FollowUpIntent(GraphComponent):
    """Makes 那 L3 呢 a question: which one, the question before tells.

    Stands behind the classifier and its fallback: in so few words they hear thanks, prices or nothing.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options."""
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FollowUpIntent:
        """Creates the component (see parent class)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of each message that is but a follow-up."""
        for message in messages:
            named = [
                (entity[ENTITY_ATTRIBUTE_START], entity[ENTITY_ATTRIBUTE_END])
                for entity in message.get(ENTITIES) or ()
                if entity[ENTITY_ATTRIBUTE_TYPE] in _NAMES
            ]
            if message.get(TEXT) and follows_up(message.get(TEXT), named):
                certain = {INTENT_NAME_KEY: "ask_product_info", PREDICTED_CONFIDENCE_KEY: 1.0}
                message.set(INTENT, certain, add_to_output=True)
        return messages
