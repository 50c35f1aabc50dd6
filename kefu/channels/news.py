"""What customers are told without having asked: a colleague moved their ticket on, took over, or left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from kefu.conversations.ledger import Entry, Ledger
from kefu.db import utcnow
from kefu.handoff import idle
from kefu.handoff import service as handoffs
from kefu.handoff.models import Agent, Handoff
from kefu.language.detect import LANGUAGES
from kefu.notifications import subscriptions
from kefu.notifications.rules import rules
from kefu.tickets import closing, progress, telling
from kefu.tickets.models import Ticket
from kefu.tickets.routing import Case, route
from kefu.tickets.steps import CLOCK

log = structlog.get_logger()

#: Among so many last messages the customer's own words are looked for.
_LOOKED_AT = 20


@dataclass(frozen=True)
class Item:
    """One piece of news.

    Attributes:
        conversation: One of the customer's.
        response: Its words in domain.yml.
        facts: What the words need, by language.
        once: Notes that it is told; ``False`` if that was done before.
        body: What the bubble holds besides its text.
        returns: Whether the bot has the conversation again.
        asks: Slots by which the dialogue knows what it asks, so that a bare yes is understood.
    """

    conversation: str
    response: str
    facts: dict[str, dict[str, Any]]
    once: Callable[[Session], bool]
    body: dict[str, Any] = field(default_factory=dict)
    returns: bool = False
    asks: dict[str, Any] = field(default_factory=dict)


#: What the dialogue then expects of the customer, by the state that a ticket has come to.
_WAITS_FOR = {"resolved": "confirmation", "waiting": "detail"}


def rests(session: Session, ticket: Ticket) -> datetime | None:
    """Until when the customer of a ticket is left in peace; nothing where it is urgent, or they are awake."""
    if ticket.urgency in rules().tickets_at_any_hour:
        return None
    return subscriptions.rests_until(session, ticket.customer)


class News:
    """Looks for what customers do not know yet, and tells each thing once.

    Several servers may do so at once: who notes it first, in the transaction that stores the bubble, tells.

    Args:
        ledger: Where bubbles are stored.
        words: Words a response, as a bubble: conversation, response, facts by language.
        resume: Gives a conversation back to the bot.
        ask: Lets the dialogue of a conversation know by slots what it was asked.
        run: Runs blocking calls beside the event loop.
        rests: Until when a customer is not to be told of a ticket, if not now.
        seconds: How often to look.
    """

    def __init__(
        self,
        ledger: Ledger,
        words: Callable[[str, str, dict], Awaitable[dict]],
        resume: Callable[[str], Awaitable[None]],
        ask: Callable[[str, dict], Awaitable[None]],
        run: Callable[..., Awaitable],
        rests: Callable[[Session, Ticket], datetime | None] = lambda session, ticket: None,
        seconds: float = 1,
    ) -> None:
        self._ledger, self._words, self._run = ledger, words, run
        self._resume, self._ask = resume, ask
        self._rests, self._seconds = rests, seconds

    async def forever(self) -> None:
        """Looks again and again, until cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:
                log.error("news.failed", error=type(error).__name__)
            await asyncio.sleep(self._seconds)

    async def once(self) -> None:
        """Tells what has happened by now; what fails is tried again next time, and holds up nothing else."""
        for item in await self._run(self._items):
            try:
                await self._tell(item)
            except Exception as error:
                log.error("news.not_told", response=item.response, error=type(error).__name__)

    async def _tell(self, item: Item) -> None:
        said = await self._words(item.conversation, item.response, item.facts)
        told = await self._run(self._ledger.push, item.conversation, {**said, **item.body}, item.once)
        if told is not None and item.returns:
            await self._resume(told.conversation)
        if told is not None and item.asks:
            await self._ask(told.conversation, item.asks)

    def _items(self) -> list[Item]:
        with self._ledger.scope() as session:
            untold = [ticket for ticket in progress.untold(session) if self._may_be_told(session, ticket)]
            silent = [ticket for ticket in closing.unreminded(session) if self._may_be_told(session, ticket)]
            tickets = [_of_ticket(ticket, _response(ticket)) for ticket in untold]
            tickets += [_reminder(ticket) for ticket in silent]
            talks = [_of_silence(handoff) for handoff in idle.silent_customers(session)]
            talks += [_of_neglect(handoff) for handoff in idle.neglected(session)]
            talks += [self._of_handoff(session, handoff) for handoff in handoffs.untold(session)]
        return tickets + talks

    def _may_be_told(self, session: Session, ticket: Ticket) -> bool:
        until = self._rests(session, ticket)
        if until is not None:
            progress.hold(session, ticket, until)
        return until is None

    def _of_handoff(self, session: Session, handoff: Handoff) -> Item:
        item = _of_handoff(session, handoff)
        if handoff.closed_by != idle.UNANSWERED:
            return item
        # Their agent fell silent, and nobody else is there: as for who asks for a person then.
        asked = Case(kind="consultation", channel=handoff.conversation.partition("-")[0], level=handoff.level)
        now, due = utcnow(), route(asked).respond_by
        problem = _last_words(self._ledger.before(handoff.conversation, None, _LOOKED_AT))
        offer = {"intent": "request_human", "problem": problem, "product": None, "since": int(time.time())}
        return replace(
            item,
            response="utter_handoff_unanswered",
            facts={language: {"when": telling.when(due, language, now)} for language in LANGUAGES},
            body={"handoff": handoff.state},  # no aside: it asks something
            asks={"awaiting": "ticket_offer", "ticket_offer": offer},
        )


def _of_ticket(
    ticket: Ticket, response: str, note: Callable[[Session, Ticket], bool] = progress.tell
) -> Item:
    waits_for = _WAITS_FOR.get(ticket.status)
    asks = {"awaiting": waits_for, "ticket_number": ticket.number} if waits_for else {}
    return Item(
        ticket.customer,
        response,
        {language: telling.facts(ticket, language) for language in LANGUAGES},
        lambda session: note(session, ticket),
        {"case": {"number": ticket.number, "status": ticket.status}},
        asks=asks,
    )


def _reminder(ticket: Ticket) -> Item:
    return _of_ticket(ticket, "utter_case_reminder", closing.remind)


def _response(ticket: Ticket) -> str:
    """What is said of the state that a ticket has come to."""
    own = {"resolved": "utter_case_resolved", "merged": "utter_case_merged"}
    if ticket.status == "closed" and _closed_by_clock(ticket):
        return "utter_case_unanswered"
    if ticket.said:
        own |= {"resolved": "utter_case_solved", "waiting": "utter_case_waiting"}
    return own.get(ticket.status, "utter_case_receipt")


def _closed_by_clock(ticket: Ticket) -> bool:
    closing_note = next((note for note in reversed(ticket.notes) if note.kind == "closed"), None)
    return closing_note is not None and closing_note.data.get("by") == CLOCK.id


def _of_silence(handoff: Handoff) -> Item:
    return Item(
        handoff.conversation,
        "utter_handoff_still_there",
        dict.fromkeys(LANGUAGES, {}),
        lambda session: idle.ask(session, handoff),
        {"aside": True, "handoff": handoff.state},
    )


def _of_neglect(handoff: Handoff) -> Item:
    return Item(
        handoff.conversation,
        "utter_handoff_sorry",
        dict.fromkeys(LANGUAGES, {}),
        lambda session: idle.apologise(session, handoff),
        {"aside": True, "handoff": handoff.state},
    )


def _last_words(entries: list[Entry]) -> str:
    """What the customer wrote last, in so far as it is words."""
    spoken = (entry.body for entry in reversed(entries) if entry.direction == "in")
    return next((body["text"] for body in spoken if body.get("text") and not body.get("event")), "")


def _of_handoff(session: Session, handoff: Handoff) -> Item:
    agent = session.get(Agent, handoff.agent_id) if handoff.agent_id else None
    facts: dict[str, Any] = {"agent": agent.name if agent else "", "note": handoff.note}
    response = f"utter_handoff_{handoff.state}"
    if handoff.state == "queued":
        place = handoffs.place(session, handoff)
        facts["position"] = place.position
        if handoff.accepted_at is None:  # who asks for a person is told by the answer: somebody else did
            response, facts["minutes"] = "utter_handoff_called", place.minutes
    elif handoff.state == "closed":
        kind = "noted" if handoff.note and agent else "idle" if handoff.closed_by == "idle" else "closed"
        response = f"utter_handoff_{kind}"
    return Item(
        handoff.conversation,
        response,
        dict.fromkeys(LANGUAGES, facts),
        lambda session: handoffs.tell(session, handoff),
        {"aside": True, "handoff": handoff.state},
        returns=handoff.state == "closed",
    )
