"""A person is offered or called though nobody asked for one, by the rules of ``data/takeover.yml``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from kefu.customers.service import level_of
from kefu.db import company_time, session_scope
from kefu.handoff import service
from kefu.handoff.patience import Need, patience
from kefu.knowledge.categories import classify, ticket_kind_of, urgency_of
from kefu.knowledge.service import catalog
from kefu.tickets.routing import Case, Route, route

if TYPE_CHECKING:
    from actions.conversation import Turn


def missed(turn: Turn) -> EventType:
    """Counts the message as one that the assistant could not help with."""
    return SlotSet("misses", turn.misses + 1)


def by_mood(turn: Turn) -> Need | None:
    """Why a person is needed before anything is answered: the customer is upset, and not in danger."""
    need = patience().worn_by_mood(turn.felt)
    return need if need and not _paused(turn) and not urgency_of(turn.intent, turn.text)[1] else None


def relieve(
    turn: Turn, say: CollectingDispatcher, events: list[EventType], upset: Need | None, wish: bool
) -> list[EventType]:
    """Offers or calls a person, where the customer's mood or what came of their message asks for one.

    The database is asked only where it could matter: for the upset, after a miss, and for a wish.

    Args:
        turn: The turn.
        say: Holds what was said to it. What owns up to a miss or offers a ticket gives way to the person.
        events: What its action returned.
        upset: What the mood asks for.
        wish: Whether the action is for what only people can do.

    Returns:
        The turn's events.
    """
    misses, offered = _set(events, "misses") or 0, _set(events, "ticket_offer")
    if not upset and (turn.form or _paused(turn) or not (misses or (wish and offered))):
        return events
    if urgency_of("report_fault", (offered or {}).get("problem") or turn.text)[1]:
        return events
    with session_scope() as session:
        level = level_of(session, turn.conversation)
        need = upset or patience().worn_by_outcome(level, misses, bool(wish and offered))
        if need is None or service.current(session, turn.conversation):
            return [*events, *settled(None)] if need else events
        wanted = route_of(turn, level)
        asked = service.reachable(session, turn.conversation, wanted)
        if asked is None:
            return events + _call_back(turn, say, events, wanted) if upset else events
        if need.then == "call":
            handoff, _ = service.request(session, turn.conversation, need.reason, asked, level, turn.mood)
            place = service.place(session, handoff)
            _give_way(say, events)
            say.utter_message(response="utter_handoff_called", position=place.position, minutes=place.minutes)
            return [*events, *settled(None), *_no_ticket(events)]
    return events if turn.form else events + _offer(say, events, need.reason)


def _offer(say: CollectingDispatcher, events: list[EventType], reason: str) -> list[EventType]:
    """Offers a person, beside the question that was just asked if there is one."""
    if _set(events, "awaiting") not in (None, "ticket_offer"):
        say.utter_message(response="utter_person_at_hand")
        return settled(reason)
    _give_way(say, events)
    say.utter_message(response="utter_offer_person")
    return [*settled(reason), *_no_ticket(events), SlotSet("awaiting", "person_offer")]


def _call_back(
    turn: Turn, say: CollectingDispatcher, events: list[EventType], asked: Route
) -> list[EventType]:
    """Offers a ticket with the time until which somebody calls back, unless the customer was helped."""
    if turn.form or not (_give_way(say, events) or len(say.messages) == 1):
        return settled(None)
    say.utter_message(response="utter_offer_consultation", when=call_back_time(asked))
    if _set(events, "ticket_offer"):
        return settled(None)
    return [*settled(None), *offer_ticket(turn.intent, turn.text, turn.product)]


def offer_ticket(intent: str, problem: str, product: str | None) -> list[EventType]:
    """The events that make a yes to come open a ticket about ``problem``."""
    return [
        SlotSet("awaiting", "ticket_offer"),
        SlotSet("ticket_offer", {"intent": intent, "problem": problem, "product": product}),
        SlotSet("fault", None),
    ]


def _give_way(say: CollectingDispatcher, events: list[EventType]) -> bool:
    """Takes back what was said last, if it only owns up to a miss or asks whether a ticket is wanted."""
    awaiting = _set(events, "awaiting")
    gives_way = awaiting == "ticket_offer" or (awaiting is None and bool(_set(events, "misses")))
    if gives_way:
        say.messages.pop()
    return gives_way


def _no_ticket(events: list[EventType]) -> list[EventType]:
    """Takes back the ticket that was offered, if one was."""
    offered = _set(events, "awaiting") == "ticket_offer"
    return [SlotSet("awaiting", None), SlotSet("ticket_offer", None)] if offered else []


def settled(reason: str | None) -> list[EventType]:
    """Notes that a person was offered (why), or called or asked for, just now."""
    return [SlotSet("person", {"at": int(time.time()), "reason": reason}), SlotSet("misses", 0)]


def reason_of(turn: Turn) -> str:
    """Why a customer who wants a person wants one: the offer made a while ago, or their own wish."""
    offered = turn.slots.get("person") or {}
    return (offered.get("reason") if _paused(turn) else None) or "asked"


def route_of(turn: Turn, level: str) -> Route:
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
            level=level,
            channel=turn.channel,
            mood=turn.mood,
            text=turn.text,
        )
    )


def call_back_time(asked: Route) -> str:
    """Until when somebody answers, as customers are told."""
    return company_time(asked.respond_by).strftime("%Y-%m-%d %H:%M")


def _set(events: list[EventType], slot: str) -> Any:
    """What events set a slot to in the end; ``None`` if they do not."""
    return next((event["value"] for event in reversed(events) if event.get("name") == slot), None)


def _paused(turn: Turn) -> bool:
    """Whether a person was offered, called or asked for a while ago."""
    last = (turn.slots.get("person") or {}).get("at", 0)
    return time.time() - last < patience().pause_minutes * 60
