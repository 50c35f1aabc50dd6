"""A code for linking is understood as such, though nothing can be learned of codes."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.customers.answers import is_link_code, link_code_in, wants_link_code


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class LinkCodeIntent(GraphComponent):
    """Makes a message that is a code for linking, or names one as such, the wish to link.

    Stands behind the classifier and its fallback: a random code looks to them like anything.
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
    ) -> LinkCodeIntent:
        """Creates the component (see parent class)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of each message that holds a code."""
        for message in messages:
            text = message.get(TEXT) or ""
            if is_link_code(text) or (link_code_in(text) and wants_link_code(text)):
                certain = {INTENT_NAME_KEY: "link_account", PREDICTED_CONFIDENCE_KEY: 1.0}
                message.set(INTENT, certain, add_to_output=True)
        return messages
