"""Language, suggestions, and messages that were not understood."""

import pytest

from actions.conversation import Turn
from actions.general import (
    ActionDefaultFallback,
    ActionFallback,
    ActionRecordSuggestion,
    ActionSetLanguage,
    ActionSmallTalk,
)
from kefu.tickets import service
from tests.customer import Customer


@pytest.fixture
def customer(demo):
    return Customer()


@pytest.mark.parametrize(("said", "language"), [("英文", "en"), ("中文", "zh")])
def test_the_language_asked_for_is_spoken_from_now_on(customer, said, language):
    customer.says(f"请说{said}", "set_language", language=(said, language)).gets(ActionSetLanguage())
    assert customer.responses == [f"utter_language_set_{language}"]
    assert customer.slots["language"] == language


def test_a_language_that_we_do_not_speak_is_declined(customer):
    customer.says("你会法语吗", "set_language", language="法语").gets(ActionSetLanguage())
    assert customer.responses == ["utter_language_not_spoken"]
    assert customer.slots.get("language") is None


def test_a_suggestion_becomes_a_ticket_without_questions(customer):
    customer.says("希望出个白色的L3", "give_suggestion", product="L3").gets(ActionRecordSuggestion())
    ticket = service.find_ticket(customer.name)
    assert (ticket.kind, ticket.urgency, ticket.product, ticket.problem_type) == (
        "suggestion",
        "low",
        "L3",
        "改进建议",
    )


def test_what_fits_an_entry_very_well_is_answered_though_no_intent_was_sure(customer):
    miss(customer)
    customer.says("七天无理由退货", "nlu_fallback").gets(ActionFallback())
    assert customer.slots["answer"] == "policy:七天无理由退货"
    assert miss(customer) == ["utter_not_understood"], "the first in a row again"


def miss(customer):
    return customer.says("北京到上海的高铁票", "nlu_fallback").gets(ActionFallback()).responses


@pytest.mark.parametrize(
    ("intent", "action"),
    [
        ("nlu_fallback", ActionFallback()),
        ("out_of_scope", ActionSmallTalk()),
        ("chitchat", ActionSmallTalk()),
    ],
)
def test_a_wish_that_no_intent_was_found_for_is_answered(customer, intent, action):
    customer.says("带猫眼又带指纹的锁", intent).gets(action)
    assert customer.responses == ["utter_products_fit"]
    assert customer.slots["options"] == ["product:L3"]


def test_two_misses_in_a_row_bring_the_offer_of_a_person(customer):
    assert miss(customer) == ["utter_not_understood"]
    assert miss(customer) == ["utter_not_understood_again"]
    assert customer.slots["awaiting"] == "ticket_offer"


def test_a_message_understood_between_two_misses_starts_the_count_anew(customer):
    miss(customer)
    customer.says("谢谢", "thank")  # a rule answers it, without an action of ours
    assert miss(customer) == ["utter_not_understood"]
    assert miss(customer) == ["utter_not_understood_again"]


def test_when_no_rule_knows_what_comes_next_the_message_is_taken_back(customer):
    customer.says("嗯嗯").gets(ActionDefaultFallback())
    assert customer.responses == ["utter_not_understood"]
    assert "rewind" in [event["event"] for event in customer.events]


def test_a_turn_is_read_in_the_language_of_the_newest_text_that_tells(customer):
    customer.says("my lock is broken").says("L3")
    assert Turn.of(customer.tracker).language == "en"


def test_a_button_counts_as_no_text(customer):
    assert Turn.of(customer.presses("/report_fault", "report_fault").tracker).text == ""


def test_a_message_handled_again_has_the_same_key_and_another_message_another(customer):
    first = Turn.of(customer.says("好").tracker).key
    assert Turn.of(customer.tracker).key == first
    assert Turn.of(customer.says("好").tracker).key != first


@pytest.mark.parametrize(
    ("before", "now", "mood"),
    [
        (None, None, "neutral"),
        (None, "unhappy", "unhappy"),
        ("angry", "neutral", "angry"),
        ("angry", None, "angry"),
        ("angry", "happy", "happy"),
        ("unhappy", "neutral", "neutral"),
    ],
)
def test_anger_lasts_for_one_message_more(customer, before, now, mood):
    for said, felt in (("第几次了", before), ("转人工", now)):
        customer.says(said)
        if felt:
            customer.feels(felt)
    assert Turn.of(customer.tracker).mood == mood
    customer.says("好的")
    assert Turn.of(customer.tracker).mood == ("angry" if now == "angry" else "neutral")
