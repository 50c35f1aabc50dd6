"""Late in a conversation, on the store that a running assistant has, dialogues go as at its beginning.

The window (kefu.stores.window) is shorter here than when running, and small talk comes before each dialogue:
so the cut is within the dialogue, in each after another of its turns, and forms are opened before the cut
and filled after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest
from rasa.shared.core.events import ActiveLoop

from kefu.stores import window
from kefu.stores.tracker_store import KefuTrackerStore
from tests.conversations.dialogues import play, read
from tests.conversations.talk import Talk

SMALL_TALK = ("你好", "你能做什么", "谢谢", "你是机器人吗")
GROUPS = (
    "the_form_can_be_left_and_resumed",
    "the_form_opens_a_ticket",
    "digressions_are_answered_and_the_form_goes_on",
    "faults_are_diagnosed_step_by_step",
)
# Other customers than those of the same dialogues elsewhere: these have their tickets already.
DIALOGUES = [
    replace(one, title=f"{one.title}, late")
    for one in read(Path(__file__).parent)
    if one.group in GROUPS and not one.fails
]


class Store(KefuTrackerStore):
    """Counts what is cut."""

    cuts = cuts_in_forms = 0

    def _append(self, connection, tracker, new):
        live = super()._append(connection, tracker, new)
        if live is not None and live is not tracker:
            Store.cuts += 1
            Store.cuts_in_forms += any(isinstance(e, ActiveLoop) for e in list(live.events)[: live.prefix])
        return live


@pytest.fixture(scope="module")
def stored(talk) -> Iterator[Talk]:
    """The assistant, keeping conversations as it does when it runs."""
    with pytest.MonkeyPatch.context() as patch, talk.kept_in(Store(domain=talk.domain)):
        for name, value in {"LONGEST": 3, "SHORTEST": 1, "FEWEST_ACTIONS": 4}.items():
            patch.setattr(window, name, value)
        yield talk


@pytest.mark.parametrize("group", GROUPS)
def test_dialogues_go_on_across_the_cut(stored, group):
    for number, dialogue in enumerate(one for one in DIALOGUES if one.group == group):
        for by in {turn.by for turn in dialogue.turns}:
            sender = f"{dialogue.group}: {dialogue.title} ({by})"
            for text in islice(cycle(SMALL_TALK), 1 + number % 3):
                stored.say(sender, text)
        faults, transcript = play(stored, dialogue)
        assert not faults, f"{dialogue.title}\n{transcript}\n" + "\n".join(faults)


def test_many_were_cut_and_some_within_a_form(stored):
    assert Store.cuts > 20 and Store.cuts_in_forms > 3
