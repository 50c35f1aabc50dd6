"""A follow-up is understood as a question."""

from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.nlu.follow_up import FollowUpIntent


def intent_of(text, entity, start, end):
    entities = [{"entity": entity, "start": start, "end": end, "value": text[start:end]}]
    message = Message(data={TEXT: text, INTENT: {"name": "thank", "confidence": 0.3}, ENTITIES: entities})
    FollowUpIntent.create({}, None, None, None).process([message])
    return message.get(INTENT)["name"]


def test_a_product_with_a_particle_is_a_question():
    assert intent_of("那L3呢", "product", 1, 3) == "ask_product_info"


def test_a_part_with_a_particle_is_a_question():
    assert intent_of("滤网呢", "function", 0, 2) == "ask_product_info"


def test_a_date_with_a_particle_is_none():
    assert intent_of("明天呢", "date", 0, 2) == "thank"
