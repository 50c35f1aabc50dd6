"""The assistant that the dialogues talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.run.servers import endpoints
from tests.conversations.talk import Talk
from tests.e2e.assistant import Assistant


@pytest.fixture(scope="session")
def talk(trained_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """The trained model in this process, its actions in a server of their own."""
    assistant = Assistant(trained_model, tmp_path_factory.mktemp("var"))
    try:
        assistant.load_knowledge()
        assistant.start("actions", "sms")
        talk = Talk(trained_model, endpoints(assistant.environ), assistant)
        yield talk
        talk.close()
    finally:
        assistant.stop()
