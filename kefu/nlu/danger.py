"""Danger is understood as such, whatever the sentence around it looks like."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.knowledge.categories import urgency_of

#: A fault is what the answer begins with a warning for; so it does for these, which lead to people as well.
_FAULT = "report_fault"
_HEARD = frozenset(
    {_FAULT, "open_ticket", "complain", "answer_unhelpful", "urge_ticket", "add_ticket_detail",
     "reopen_ticket", "book_appointment", "request_return", "request_exchange", "request_refund",
     "request_human", "ask_product_info", "ask_how_to", "ask_policy", "ask_price", "inform"}
)  # fmt: skip


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DangerIntent(GraphComponent):
    """Makes a message that tells of danger a reported fault: 谢谢,不过还在冒烟 is no thanks.

    Which words tell of danger stands in ``data/knowledge/categories.yml`` (``urgency: critical``). Stands
    behind the classifier and its fallback, since nothing learned may overrule it.
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
    ) -> DangerIntent:
        """Creates the component (see parent class)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of each message that tells of danger."""
        for message in messages:
            text, intent = message.get(TEXT), message.get(INTENT) or {}
            if not text or intent.get(INTENT_NAME_KEY) in _HEARD:
                continue
            _, danger = urgency_of(_FAULT, text)
            if danger:
                certain = {INTENT_NAME_KEY: _FAULT, PREDICTED_CONFIDENCE_KEY: 1.0}
                message.set(INTENT, certain, add_to_output=True)
        return messages
