"""A person asked for: the queue, where somebody is there, else a ticket."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Turn, TurnAction
from actions.danger import warn
from actions.ticket_offer import ActionOfferTicket
from kefu.db import session_scope
from kefu.handoff import service
from kefu.knowledge.categories import classify, ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.tickets.routing import Case, Route, route


class ActionRequestHuman(TurnAction):
    """Puts the customer into the queue."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_request_human"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says the place in the queue; where nobody is there, offers a ticket instead."""
        asked = _route(turn)
        with session_scope() as session:
            waits = service.current(session, turn.conversation) is not None
            if not waits and not service.is_staffed(session, asked.queue):
                return ActionOfferTicket().act(turn, say)
            handoff, new = service.request(session, turn.conversation, _reason(turn), asked)
            place = service.place(session, handoff)
        warn(say, turn.intent, turn.text)
        response = "utter_handoff_requested" if new else "utter_handoff_waiting"
        say.utter_message(response=response, position=place.position, minutes=place.minutes)
        return [SlotSet("awaiting", None), SlotSet("ticket_offer", None), SlotSet("misses", 0)]


class ActionLeaveQueue(TurnAction):
    """Takes the customer out of the queue."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_leave_queue"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says that they no longer wait, or that they did not."""
        with session_scope() as session:
            left = service.leave(session, turn.conversation)
        say.utter_message(response="utter_handoff_left" if left else "utter_handoff_not_waiting")
        return []


def _route(turn: Turn) -> Route:
    """Who should take the customer, by what they were speaking of."""
    question = turn.slots.get("question") or {}
    intent = question.get("intent") or turn.intent_before or turn.intent
    fault = catalog().graph.get((turn.slots.get("fault") or {}).get("ref"))
    category = classify(intent, turn.text, turn.line, turn.function, fault)
    return route(
        Case(
            kind=ticket_kind_of(intent),
            urgency=category.urgency,
            line=category.line,
            function=category.function,
            problem_type=category.problem_type,
            channel=turn.channel,
            mood=turn.mood,
            text=turn.text,
        )
    )


def _reason(turn: Turn) -> str:
    return "misses" if int(turn.slots.get("misses") or 0) > 1 else "asked"
