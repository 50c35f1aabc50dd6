"""Codes for linking are understood, whatever they look like to what was learned."""

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.customers.codes import new_link_code
from kefu.nlu.link_codes import LinkCodeIntent


def intent_of(text):
    message = Message(data={TEXT: text, INTENT: {"name": "out_of_scope", "confidence": 0.9}})
    LinkCodeIntent.create({}, None, None, None).process([message])
    return message.get(INTENT)["name"]


def test_any_code_that_we_show_is_the_wish_to_link():
    assert {intent_of(new_link_code()) for _ in range(200)} == {"link_account"}


@pytest.mark.parametrize(
    "text", ["qfd8 r6tt", "绑定码 QFD8R6TT", "绑定码：QFD8-R6TT，谢谢", "my link code is QFD8R6TT"]
)
def test_however_it_is_typed(text):
    assert intent_of(text) == "link_account"


@pytest.mark.parametrize(
    "text",
    [
        "", "382913", "SF234567", "GD26112200070", "KEYBOARD", "R3 Pro", "我的单号 AB345678",
        "型号是QFD8R6TT的能用吗",
    ],
)  # fmt: skip
def test_other_numbers_and_words_change_nothing(text):
    assert intent_of(text) == "out_of_scope"
