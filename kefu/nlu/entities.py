"""The last word on entities: one span, one type, one canonical value."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.knowledge.live import name_matcher
from kefu.language.expressions import find_expressions
from kefu.language.numbers import canonical, find_numbers
from kefu.nlu.names import NAMES

#: Names that are what they look like wherever they stand.
_CERTAIN = frozenset({"product", "product_line", "error_code"})
#: Names that mean something only where they are asked about; elsewhere the extractor decides alone.
_WHERE = {
    "function": frozenset({"ask_how_to", "ask_product_info", "report_fault"}),
    "symptom": frozenset({"report_fault"}),
    "policy_topic": frozenset({"ask_policy"}),
}
#: Nobody speaks of the company's products, faults or rules here, whatever the words look like.
_ELSEWHERE = frozenset(
    {"out_of_scope", "chitchat", "greet", "goodbye", "thank", "affirm", "deny", "bot_challenge",
     "ask_capabilities", "set_language"}
)  # fmt: skip
_OF_PRODUCTS = frozenset({"function", "symptom", "error_code", "policy_topic"})
#: Learned spans that swallow dates, cities and numbers inside them.
_WIDE = frozenset({"address"})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityResolver(GraphComponent, EntityExtractorMixin):
    """Merges what patterns, the knowledge graph and the learned extractor found in a message.

    What has a fixed form (phone, ticket, date, ...) comes first, then certain names, then what was learned,
    then the remaining names where the intent asks for them. No two entities overlap. Values are canonical: a
    product's name in the graph, digits for numbers, options and ratings.
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
    ) -> EntityResolver:
        """Creates the component (see parent class)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Replaces the entities of each message by the resolved ones."""
        for message in messages:
            if message.get(TEXT):
                message.set(ENTITIES, self._resolve(message), add_to_output=True)
        return messages

    def _resolve(self, message: Message) -> list[dict[str, Any]]:
        text = message.get(TEXT)
        intent = (message.get(INTENT) or {}).get("name") or ""
        learned = message.get(ENTITIES, [])
        if intent in _ELSEWHERE:
            learned = [entity for entity in learned if entity["entity"] not in _OF_PRODUCTS]
        names = [
            {"entity": n["entity"], "start": n["start"], "end": n["end"], "value": n["value"]}
            for n in message.get(NAMES) or ()
        ]
        sources = (
            find_numbers(text, intent, learned),
            [entity for entity in learned if entity["entity"] in _WIDE],
            [name for name in names if name["entity"] in _CERTAIN],  # before dates: 二号灯 is a product
            find_expressions(text, intent),
            learned,
            [name for name in names if intent in _WHERE.get(name["entity"], ())],
        )
        kept: list[dict[str, Any]] = []
        for entity in (entity for source in sources for entity in source):
            if all(entity["end"] <= k["start"] or k["end"] <= entity["start"] for k in kept):
                kept.append(self._canonical(entity, text))
        return sorted(kept, key=lambda entity: entity["start"])

    def _canonical(self, entity: dict[str, Any], text: str) -> dict[str, Any]:
        said = text[entity["start"] : entity["end"]]
        value = entity["value"]
        if value == said:
            value = name_matcher().value_of(entity["entity"], said) or canonical(entity["entity"], said)
        return {**entity, "value": value, "extractor": self.name}
