"""A person asked for: the queue, where somebody is there, else a ticket."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.agreed import tell_agreed
from actions.conversation import Turn, TurnAction
from actions.danger import warn
from actions.queueing import tell_place
from actions.recall import recall
from actions.relief import reason_of, route_of, settled
from actions.ticket_offer import ActionOfferTicket
from actions.tickets import ActionCheckTicket
from kefu.customers.service import level_of
from kefu.db import session_scope
from kefu.handoff import service
from kefu.tickets import answers
from kefu.tickets.service import list_tickets


class ActionRequestHuman(TurnAction):
    """Puts the customer into the queue."""

    of_people = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_request_human"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says the place in the queue; where nobody is there, offers a ticket instead."""
        with session_scope() as session:
            level = level_of(session, turn.conversation)
            wanted = route_of(turn, level)
            asked = service.reachable(session, turn.conversation, wanted)
            if asked is None and service.current(session, turn.conversation) is None:
                return ActionOfferTicket().act(turn, say)
            reason = reason_of(turn)
            handoff, new = service.request(
                session, turn.conversation, reason, asked or wanted, level, turn.mood
            )
            place = service.place(session, handoff)
        warn(turn, say, turn.intent, turn.text)
        response = "utter_handoff_requested" if new else "utter_handoff_waiting"
        say.utter_message(response=response, position=place.position, minutes=place.minutes)
        return [SlotSet("awaiting", None), SlotSet("ticket_offer", None), *settled(None)]


class ActionLeaveQueue(TurnAction):
    """Takes the customer out of the queue."""

    of_people = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_leave_queue"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says that they no longer wait, or did not; who was just offered a person only declines."""
        if turn.slots.get("awaiting") == "person_offer":
            say.utter_message(response="utter_ok")
            return []
        if answers.asks_how_long(turn.text) and tell_place(turn, say):
            return []  # how long do I have to wait
        with session_scope() as session:
            left = service.leave(session, turn.conversation)
        say.utter_message(response="utter_handoff_left" if left else "utter_handoff_not_waiting")
        return []


class ActionTellAgreed(TurnAction):
    """Tells again what was agreed with a colleague."""

    of_people = True
    keeps_question = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_tell_agreed"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says the note of the last talk; where there is none, how their ticket stands."""
        if answers.asks_where_we_were(turn.text) and recall(turn, say):
            return []
        if tell_agreed(turn, say):
            return []
        if list_tickets(turn.customer, limit=1):
            return ActionCheckTicket().act(turn, say)
        say.utter_message(response="utter_nothing_agreed")
        return []
