"""Danger is understood, whatever the sentence around it looks like."""

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.nlu.danger import DangerIntent


def intent_of(text, intent):
    message = Message(data={TEXT: text, INTENT: {"name": intent, "confidence": 0.9}})
    DangerIntent.create({}, None, None, None).process([message])
    return message.get(INTENT)["name"]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("谢谢,不过还在冒烟", "thank"), ("V5着火了", "answer_helpful"), ("漏电了怎么办", "out_of_scope"),
        ("孩子被反锁在家里了怎么办", "out_of_scope"), ("有人在撬我家门", "greet"),
        ("煤气味很重", "nlu_fallback"),
        ("my kid is locked in the room", "inform_me"), ("我不想活了", "chitchat"),
    ],
)  # fmt: skip
def test_danger_is_a_fault_reported(text, intent):
    assert intent_of(text, intent) == "report_fault"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("热水器打不着火", "out_of_scope"), ("谢谢", "thank"), ("防撬报警怎么关", "thank"),
        ("想死你们了", "greet"), ("没有冒烟了,谢谢", "thank"),
    ],
)  # fmt: skip
def test_words_that_only_sound_like_danger_change_nothing(text, intent):
    assert intent_of(text, intent) == intent


def test_a_wish_that_leads_to_people_stays_what_it_is():
    assert intent_of("冒烟了，我要投诉", "complain") == "complain"
