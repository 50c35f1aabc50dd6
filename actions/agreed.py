"""What was agreed in a talk with a colleague, told again when it is asked for later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa_sdk.executor import CollectingDispatcher

from kefu.db import session_scope
from kefu.handoff.service import last_agreed

if TYPE_CHECKING:
    from actions.conversation import Turn


def tell_agreed(turn: Turn, say: CollectingDispatcher) -> bool:
    """Tells what the last talk agreed on; ``False`` if nothing was noted lately."""
    with session_scope() as session:
        agreed = last_agreed(session, turn.conversation)
    if agreed is None:
        return False
    agent, note = agreed
    say.utter_message(response="utter_agreed", agent=agent, note=note)
    return True
