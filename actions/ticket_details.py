"""What a colleague waits for is taken into the ticket, whatever the message was understood as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.safety import say_safety
from kefu.knowledge.categories import urgency_of
from kefu.knowledge.service import catalog
from kefu.tickets import answers, service
from kefu.tickets.models import Ticket
from kefu.tickets.telling import facts

if TYPE_CHECKING:
    from actions.conversation import Turn

#: What nobody says who only tells a colleague what they asked for.
_WISHES = frozenset(
    {
        "open_ticket", "check_ticket", "urge_ticket", "cancel_ticket", "reopen_ticket", "rate_service",
        "request_human", "check_queue", "leave_queue", "check_agreed", "link_account", "unlink_account",
        "set_language", "set_style", "ask_my_data",
        "forget_me", "subscribe_updates", "unsubscribe_updates", "ask_capabilities",
        "bot_challenge", "repeat_answer", "greet", "thank", "goodbye", "compare_products", "ask_price",
        "ask_recommendation", "ask_promotions", "request_return", "request_exchange", "request_refund",
        "check_appointment", "change_appointment", "cancel_appointment", "cancel_order", "give_suggestion",
    }
)  # fmt: skip
#: Understood as telling something, a question word in it asks nothing: 忘了什么时候买的.
_TELLS = ("inform", "add_ticket_detail")
#: Said to a detail, more may follow.
_ADDED = ("utter_ticket_detail_added", "utter_ticket_detail_critical")
#: A yes that is this short tells nothing yet.
_BARE = 6


def take_detail(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Adds the message to the ticket whose colleague waits for it.

    Returns:
        The turn's events; ``None`` if nobody waits, or the message is clearly another wish.
    """
    if turn.slots.get("awaiting") != "detail" or turn.form or not turn.text:
        return None
    ticket = _waiting(turn)
    danger = urgency_of("report_fault", turn.text)[1]
    if ticket is None or names_other_line(turn, ticket) or not (danger or _may_tell(turn)):
        return None
    if not danger and turn.intent == "affirm" and len(turn.text) <= _BARE:
        say.utter_message(response="utter_ok")
    else:
        add_detail(turn, say, ticket.number)
    return [SlotSet("awaiting", "detail"), SlotSet("ticket_number", ticket.number)]


def still_waited_for(turn: Turn) -> str | None:
    """What ``awaiting`` is after an action that asks nothing: a colleague may wait on."""
    return "detail" if turn.slots.get("awaiting") == "detail" and _waiting(turn) else None


def add_detail(turn: Turn, say: CollectingDispatcher, number: str) -> None:
    """Adds the message to a ticket; a danger told of makes that critical, after the words for safety."""
    danger = urgency_of("report_fault", turn.text)[1]
    if danger:
        say_safety(turn, say, danger)
    ticket = service.add_detail(turn.key, turn.customer, turn.text, number, critical=bool(danger))
    response = "utter_ticket_detail_critical" if danger else "utter_ticket_detail_added"
    say.utter_message(response=response, **facts(ticket, turn.language))


def add_phone(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Takes a phone number told after the ticket was opened as the one to call about it.

    Returns:
        The turn's events; ``None`` if the message holds none, or no open ticket is spoken of.
    """
    phone, number = answers.phone_in(turn.text), turn.slots.get("ticket_number")
    tickets = service.list_tickets(turn.customer) if phone and number else []
    ticket = next((t for t in tickets if t.number == number and t.is_open), None)
    if ticket is None:
        return None
    service.add_detail(turn.key, turn.customer, turn.text, number, phone=phone)
    say.utter_message(response="utter_ticket_phone_noted", number=number, phone=phone)
    return [SlotSet("ticket_number", number)]


def names_other_line(turn: Turn, ticket: Ticket) -> bool:
    """Whether a message names a product of another line than the ticket is about."""
    line_of = catalog().graph.line_of
    named = {*turn.values("product_line"), *(line_of(product) for product in turn.values("product"))}
    return not named <= {ticket.line}


def _may_tell(turn: Turn) -> bool:
    asks = turn.intent not in _TELLS and answers.is_question(turn.text)
    return turn.intent not in _WISHES and not asks


def _waiting(turn: Turn) -> Ticket | None:
    """The customer's ticket that waits for them, or that they have just added to."""
    spoken_of, added = turn.slots.get("ticket_number"), turn.asked in _ADDED
    tickets = service.list_tickets(turn.customer)
    waiting = [t for t in tickets if t.status == "waiting" or (added and t.is_open and t.number == spoken_of)]
    # A serial number may have been taken for the number of a ticket.
    return next((t for t in waiting if t.number == spoken_of), next(iter(waiting), None))
