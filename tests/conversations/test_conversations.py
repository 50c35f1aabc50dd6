"""Every dialogue in this folder, played against the trained model with the real actions."""

from pathlib import Path

import pytest

from tests.conversations.dialogues import play, read

DIALOGUES = read(Path(__file__).parent)


@pytest.mark.parametrize("dialogue", [pytest.param(d, id=f"{d.group}: {d.title}") for d in DIALOGUES])
def test_the_assistant_holds_the_conversation(talk, dialogue):
    faults, transcript = play(talk, dialogue)
    assert not faults, f"{dialogue.title}\n{transcript}\n" + "\n".join(faults)


def test_titles_are_unique():
    titles = [dialogue.title for dialogue in DIALOGUES]
    assert len(titles) == len(set(titles))
