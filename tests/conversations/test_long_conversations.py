"""Late in a conversation, on the store that a running assistant has, dialogues go as at its beginning.

Small talk before a dialogue puts the cut of the store's window (kefu.stores.window) into the dialogue, each
time after another of its turns: forms are opened before the cut and filled after it.
"""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import pytest

from kefu.stores.tracker_store import KefuTrackerStore
from kefu.stores.window import LONGEST, SHORTEST
from tests.conversations.dialogues import play, read

SMALL_TALK = ("你好", "你能做什么", "谢谢", "你是机器人吗")
GROUPS = (
    "the_form_can_be_left_and_resumed",
    "the_form_opens_a_ticket",
    "digressions_are_answered_and_the_form_goes_on",
    "faults_are_diagnosed_step_by_step",
)
DIALOGUES = [
    dialogue for dialogue in read(Path(__file__).parent) if dialogue.group in GROUPS and not dialogue.fails
]


@pytest.fixture(scope="module")
def stored(talk):
    """The assistant, keeping conversations as it does when it runs."""
    store = KefuTrackerStore(domain=talk.domain)
    with talk.kept_in(store) as stored:
        yield stored, store


@pytest.mark.parametrize("group", GROUPS)
def test_dialogues_go_on_across_the_cut(stored, group):
    talk, store = stored
    for number, dialogue in enumerate(one for one in DIALOGUES if one.group == group):
        for by in {turn.by for turn in dialogue.turns}:
            sender = f"{dialogue.group}: {dialogue.title} ({by})"
            for text in islice(cycle(SMALL_TALK), LONGEST - number % SHORTEST):
                talk.say(sender, text)
        faults, transcript = play(talk, dialogue)
        assert not faults, f"{dialogue.title}\n{transcript}\n" + "\n".join(faults)
    cut = [live for live in store._live.values() if live.prefix]
    assert len(cut) > 3, "nothing was cut: this test shows nothing"
