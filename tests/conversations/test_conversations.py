"""Every dialogue in this folder, played against the trained model with the real actions."""

from pathlib import Path

import pytest

from tests.conversations.dialogues import play, read

DIALOGUES = read(Path(__file__).parent)


def cases():
    for dialogue in DIALOGUES:
        marks = [pytest.mark.xfail(reason=dialogue.fails)] if dialogue.fails else []
        yield pytest.param(dialogue, id=f"{dialogue.group}: {dialogue.title}", marks=marks)


@pytest.mark.parametrize("dialogue", cases())
def test_the_assistant_holds_the_conversation(talk, dialogue):
    faults, transcript = play(talk, dialogue)
    assert not faults, f"{dialogue.title}\n{transcript}\n" + "\n".join(faults)


def test_titles_are_unique():
    titles = [dialogue.title for dialogue in DIALOGUES]
    assert len(titles) == len(set(titles))
