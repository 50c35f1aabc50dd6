"""A person is offered or called though nobody asked for one, by the rules of ``data/takeover.yml``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from kefu.customers.service import level_of
from kefu.db import session_scope, utcnow
from kefu.handoff import service
from kefu.handoff.patience import Need, patience
from kefu.knowledge.categories import classify, ticket_kind_of, urgency_of
from kefu.knowledge.service import catalog
from kefu.tickets.answers import says_only_unsolved
from kefu.tickets.routing import Case, Route, route
from kefu.tickets.telling import when

if TYPE_CHECKING:
    from actions.conversation import Turn


#: So few characters tell a colleague nothing: 没用.
FEW = 6
#: So many characters of a problem are kept.
_LONGEST = 2000
#: What asks for people, and not what for.
_ASKS_PEOPLE = ("request_human", "check_queue", "affirm", "open_ticket")


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
        asked = service.reachable(session, turn.conversation, route_of(turn, level))
        if asked is None:
            return events + _call_back(turn, say, events, level) if upset else events
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


def _call_back(turn: Turn, say: CollectingDispatcher, events: list[EventType], level: str) -> list[EventType]:
    """Offers a ticket with the time until which somebody calls back, unless the customer was helped."""
    if turn.form or not (_give_way(say, events) or len(say.messages) == 1):
        return settled(None)
    offered = _set(events, "ticket_offer")
    about = (offered["intent"], offered["problem"]) if offered else (turn.intent, turn.text)
    say.utter_message(response="utter_offer_consultation", when=call_back_time(turn, level, *about))
    product = offered["product"] if offered else turn.product
    return [*settled(None), *offer_ticket(*about, product, int(time.time()))]


def offer_ticket(intent: str, problem: str, product: str | None, since: int | None = None) -> list[EventType]:
    """The events that make a yes to come open a ticket about ``problem``.

    ``since``: when the customer was told by when somebody contacts them (epoch seconds), if they were.
    """
    offer = {"intent": intent, "problem": problem, "product": product}
    offer |= {"since": since} if since else {}
    return [SlotSet("awaiting", "ticket_offer"), SlotSet("ticket_offer", offer), SlotSet("fault", None)]


def add_to_offer(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Takes what is told after a ticket was offered into that ticket, and asks again whether it is wanted.

    Returns:
        The turn's events; ``None`` if no ticket was offered.
    """
    offer = turn.slots.get("ticket_offer") if turn.slots.get("awaiting") == "ticket_offer" else None
    if turn.form or not offer or not turn.text:
        return None
    say.utter_message(response="utter_offer_noted")
    return offer_ticket(
        offer["intent"], together(offer["problem"], turn.text), turn.first("product") or offer["product"],
        offer.get("since"),
    )  # fmt: skip


def together(*told: str | None) -> str:
    """What was told one after the other, each once, as long as a ticket bears."""
    return "\n".join(dict.fromkeys(filter(None, told)))[:_LONGEST]


def in_own_words(turn: Turn, name: str) -> str:
    """The problem called ``name`` by us, and below it what the customer said of it themselves."""
    asked = (turn.slots.get("question") or {}).get("text") or ""
    says_more = len(turn.text) > FEW and turn.intent not in _ASKS_PEOPLE
    now = turn.text if says_more and not says_only_unsolved(turn.text) else ""
    return "\n".join(dict.fromkeys(filter(None, ["" if name in asked else name, asked, now])))


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
    """Who should take the customer, by what they speak of, or were speaking of."""
    question = turn.slots.get("question") or {}
    intent = question.get("intent") or turn.intent_before or turn.intent
    if turn.intent in _ASKS_PEOPLE and turn.names_anything:
        intent = "report_fault"  # the wish for a person says itself what for
    return _route(turn, level, intent, turn.text)


def _route(turn: Turn, level: str, intent: str, text: str) -> Route:
    fault = catalog().graph.get((turn.slots.get("fault") or {}).get("ref"))
    category = classify(intent, text, turn.line, turn.function, fault)
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
            text=text,
        )
    )


def call_back_time(turn: Turn, level: str, intent: str, problem: str) -> str:
    """Until when somebody answers the ticket that is offered, said as it is once that is opened."""
    return when(_route(turn, level, intent, problem).respond_by, turn.language, utcnow())


def _set(events: list[EventType], slot: str) -> Any:
    """What events set a slot to in the end; ``None`` if they do not."""
    return next((event["value"] for event in reversed(events) if event.get("name") == slot), None)


def _paused(turn: Turn) -> bool:
    """Whether a person was offered, called or asked for a while ago."""
    last = (turn.slots.get("person") or {}).get("at", 0)
    return time.time() - last < patience().pause_minutes * 60
