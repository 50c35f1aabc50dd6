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
    values: [zh, en]
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
