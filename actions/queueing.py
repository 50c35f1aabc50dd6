"""The place in the queue of who waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa_sdk.executor import CollectingDispatcher

from kefu.db import session_scope
from kefu.handoff import service

if TYPE_CHECKING:
    from actions.conversation import Turn


def tell_place(turn: Turn, say: CollectingDispatcher) -> bool:
    """Tells place and waiting time; ``False`` if the customer does not wait."""
    with session_scope() as session:
        handoff = service.current(session, turn.conversation)
        if handoff is None or handoff.state != "queued":
            return False
        place = service.place(session, handoff)
    say.utter_message(response="utter_handoff_waiting", position=place.position, minutes=place.minutes)
    return True
