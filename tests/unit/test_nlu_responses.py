"""Responses in the customer's language, with the options that actions pass."""

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.nlu.responses import LanguageAwareResponses

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
slots:
  language:
    type: categorical
    values: [zh, en, zh-Hans, zh-Hant]
    mappings:
    - type: custom
  style:
    type: categorical
    values: [short, detailed]
    mappings:
    - type: custom
responses:
  utter_answer:
  - text: "答：{answer}"
    buttons:
    - title: 好
      payload: /affirm
  - text: "A: {answer}"
    buttons:
    - title: OK
      payload: /affirm
    condition:
    - type: slot
      name: language
      value: en
  - text: "{answer}"
    condition:
    - type: slot
      name: style
      value: short
    - type: slot
      name: language
      value: zh
  utter_wait:
  - text: "about {minutes} minute{minutes_s}"
  utter_repair:
  - text: "{agent}正在为您维修门锁，编号 {number}。"
    buttons:
    - title: 没问题
      payload: /没问题
"""
)
OPTION = {"title": "L3", "payload": '/choose_option{"option_index": "1"}'}


@pytest.fixture
def say():
    responses = LanguageAwareResponses(None, DOMAIN)

    async def generate(*texts, chosen=None, page=None, **kwargs):
        tracker = DialogueStateTracker("web-1", DOMAIN.slots)
        for text in texts:
            tracker.update(UserUttered(text, metadata={"language": page} if page else None))
        if chosen:
            tracker.update(SlotSet("language", chosen))
        return await responses.generate("utter_answer", tracker, "web", answer="1899", **kwargs)

    return generate


async def test_chinese_is_answered_in_chinese_and_english_in_english(say):
    assert (await say("多少钱"))["text"] == "答：1899"
    assert (await say("how much is it"))["text"] == "A: 1899"


async def test_the_language_chosen_wins_over_the_one_written(say):
    assert (await say("多少钱", chosen="en"))["text"] == "A: 1899"


async def test_a_bare_value_keeps_the_language_spoken_before(say):
    assert (await say("how much is it", "L3"))["text"] == "A: 1899"


async def test_the_page_decides_before_anything_was_written(say):
    assert (await say("/greet", page="en"))["text"] == "A: 1899"
    assert (await say("/greet"))["text"] == "答：1899"


async def test_options_stand_before_or_behind_the_responses_own_buttons(say):
    before = await say("多少钱", options=[OPTION])
    behind = await say("多少钱", options_after=[OPTION])
    assert [button["title"] for button in before["buttons"]] == ["L3", "好"]
    assert [button["title"] for button in behind["buttons"]] == ["好", "L3"]


async def test_options_of_one_answer_do_not_stay_for_the_next(say):
    await say("多少钱", options=[OPTION])
    assert [button["title"] for button in (await say("多少钱"))["buttons"]] == ["好"]


@pytest.fixture
def customer():
    """A customer, with what they chose for all channels or in this conversation, and what they wrote."""

    async def hears(text, kept=None, slots=(), just=(), response="utter_repair", **facts):
        tracker = DialogueStateTracker("web-1", DOMAIN.slots)
        for name, value in slots:
            tracker.update(SlotSet(name, value))
        tracker.update(UserUttered(text, metadata={"chosen": kept} if kept else None))
        for name, value in just:
            tracker.update(SlotSet(name, value))
        facts = {"agent": "余小范", "number": "GD26112200070", "answer": "1899", **facts}
        return await LanguageAwareResponses(None, DOMAIN).generate(response, tracker, "web", **facts)

    return hears


async def test_english_counts_have_their_plural(customer):
    for minutes, said in ((1, "about 1 minute"), (2, "about 2 minutes"), (0, "about 0 minutes")):
        assert (await customer("wait", response="utter_wait", minutes=minutes))["text"] == said


async def test_who_writes_traditional_characters_is_answered_in_them_and_names_stay(customer):
    said = await customer("門鎖壞了")
    assert said["text"] == "余小范正在為您維修門鎖，編號 GD26112200070。"
    assert said["buttons"] == [{"title": "沒問題", "payload": "/没问题"}]
    assert (await customer("门锁坏了"))["text"].startswith("余小范正在为您")


async def test_what_the_customer_chose_on_another_channel_counts_here(customer):
    assert (await customer("门锁坏了", {"language": "zh-Hant"}))["text"].startswith("余小范正在為您")
    assert (await customer("門鎖壞了", {"language": "zh-Hans"}))["text"].startswith("余小范正在为您")
    english = await customer("多少钱", {"language": "en", "style": None}, response="utter_answer")
    assert english["text"] == "A: 1899"


async def test_what_was_chosen_just_now_wins_over_what_was_known_as_the_message_came(customer):
    said = await customer(
        "说中文",
        {"language": "en"},
        slots=[("language", "en")],
        just=[("language", "zh")],
        response="utter_answer",
    )
    assert said["text"] == "答：1899"


async def test_who_wants_it_short_gets_the_short_variant_where_there_is_one(customer):
    short = {"style": "short"}
    assert (await customer("多少钱", short, response="utter_answer"))["text"] == "1899"
    assert (await customer("how much is it", short, response="utter_answer"))["text"] == "A: 1899"
    now = await customer("短点", response="utter_answer", chosen=short)
    assert now["text"] == "1899"
