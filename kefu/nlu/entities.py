"""The last word on entities: one span, one type, one canonical value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import dump_obj_as_json_to_file, read_json_file

from kefu.knowledge.live import name_matcher
from kefu.language.expressions import find_expressions
from kefu.language.normalize import fold
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
#: What comes behind a street: houses, floors and rooms.
_HOUSE = re.compile(
    r"(?:(?:\d+|[一二三四五六七八九十]+|[A-Za-z])?号[楼院铺]?|"
    r"(?:\d+|[一二三四五六七八九十]+|[A-Za-z])(?:栋|幢|座|单元|室|层|楼|院|铺|户|房|弄)|"
    r"(?:小区|花园|大厦|广场|公寓)|(?<=[楼元栋幢座])\d+)+"
)
#: What a learned span must look like to be one of these.
_SHAPES = {
    "phone": re.compile(r"(?:\D?\d){7,}"),
    "order_number": re.compile(r"(?:\D?\d){6,}"),
    "tracking_number": re.compile(r"(?:\D?\d){6,}"),
    "amount": re.compile(r"[\d一二两三四五六七八九十百千万]"),
    "option_index": re.compile(r"[\da-eA-E一二两三四五六七八九十首前后上下左右中最末头]"),
}
_ONLY_IN = {"option_index": frozenset({"choose_option"})}
_FILE = "names.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityResolver(GraphComponent, EntityExtractorMixin):
    """Merges what patterns, the knowledge graph and the learned extractor found in a message.

    What has a fixed form (phone, ticket, date, ...) comes first, then certain names, then what was learned,
    then the remaining names where the intent asks for them. No two entities overlap. Values are canonical: a
    product's name in the graph, digits for numbers, options and ratings.

    Trainers decide how far a name is to be trusted: one that stands in the training data mostly without an
    annotation (安装, 机器人) is left to the learned extractor. So is a name that never stands there, where
    trainers leave most names of its kind unmarked. A name that came into the graph after the training is
    trusted, so that new products and functions are understood at once.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """No options."""
        return {}

    def __init__(self, storage: ModelStorage, resource: Resource, doubtful: Iterable[str] = ()) -> None:
        """Creates the component; ``doubtful`` are names, ``entity:name``, that are left to the extractor."""
        self._storage, self._resource = storage, resource
        self._doubtful = frozenset(doubtful)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityResolver:
        """Creates the component (see parent class)."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> EntityResolver:
        """Loads what was learned about names (see parent class)."""
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, read_json_file(folder / _FILE))

    def train(self, training_data: TrainingData) -> Resource:
        """Learns which names are to be trusted."""
        seen, annotated = Counter(), Counter()
        for message in training_data.training_examples:
            spans = {(e["entity"], e["start"], e["end"]) for e in message.get(ENTITIES) or ()}
            for name in message.get(NAMES) or ():
                key = _key(name, message.get(TEXT))
                seen[key] += 1
                annotated[key] += (name["entity"], name["start"], name["end"]) in spans
        doubtful = {key for key in seen if annotated[key] * 2 < seen[key]}
        habits = Counter(key.partition(":")[0] for key in seen)
        habits.subtract(2 * [key.partition(":")[0] for key in doubtful])
        doubtful |= {
            f"{entity}:{name}"
            for entity, name in name_matcher().names
            if habits[entity] < 0 and f"{entity}:{name}" not in seen
        }
        self._doubtful = frozenset(doubtful)
        with self._storage.write_to(self._resource) as folder:
            dump_obj_as_json_to_file(folder / _FILE, sorted(self._doubtful))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Replaces the entities of each message by the resolved ones."""
        for message in messages:
            if message.get(TEXT):
                message.set(ENTITIES, self._resolve(message), add_to_output=True)
        return messages

    def _resolve(self, message: Message) -> list[dict[str, Any]]:
        text = message.get(TEXT)
        intent = (message.get(INTENT) or {}).get("name") or ""
        learned = [self._whole(e, text) for e in message.get(ENTITIES, []) if _plausible(e, text, intent)]
        names = [
            {"entity": n["entity"], "start": n["start"], "end": n["end"], "value": n["value"]}
            for n in message.get(NAMES) or ()
            if _key(n, text) not in self._doubtful
        ]
        sources = (
            find_numbers(text, intent),
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

    @staticmethod
    def _whole(entity: dict[str, Any], text: str) -> dict[str, Any]:
        """An address with the house and room behind it."""
        rest = _HOUSE.match(text, entity["end"]) if entity["entity"] in _WIDE else None
        if not rest:
            return entity
        return {**entity, "end": rest.end(), "value": text[entity["start"] : rest.end()]}

    def _canonical(self, entity: dict[str, Any], text: str) -> dict[str, Any]:
        said = text[entity["start"] : entity["end"]]
        value = entity["value"]
        if value == said:
            value = name_matcher().value_of(entity["entity"], said) or canonical(entity["entity"], said)
        return {**entity, "value": value, "extractor": self.name}


def _key(name: dict[str, Any], text: str) -> str:
    return f"{name['entity']}:{fold(text[name['start'] : name['end']])}"


def _plausible(entity: dict[str, Any], text: str, intent: str) -> bool:
    """Whether a learned entity can be what it is said to be."""
    kind = entity["entity"]
    if intent in _ELSEWHERE and kind in _OF_PRODUCTS:
        return False
    if intent not in _ONLY_IN.get(kind, (intent,)):
        return False
    shape = _SHAPES.get(kind)
    return not shape or bool(shape.search(text[entity["start"] : entity["end"]]))
