"""What customers are told without having asked: a colleague moved their ticket on, took over, or left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.orm import Session

from kefu.conversations.ledger import Ledger
from kefu.handoff import idle
from kefu.handoff import service as handoffs
from kefu.handoff.models import Agent, Handoff
from kefu.knowledge.categories import rules
from kefu.language.detect import LANGUAGES
from kefu.tickets import progress
from kefu.tickets.models import Ticket

log = structlog.get_logger()


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
    """

    conversation: str
    response: str
    facts: dict[str, dict[str, Any]]
    once: Callable[[Session], bool]
    body: dict[str, Any] = field(default_factory=dict)
    returns: bool = False


class News:
    """Looks for what customers do not know yet, and tells each thing once.

    Several servers may do so at once: who notes it first, in the transaction that stores the bubble, tells.

    Args:
        ledger: Where bubbles are stored.
        words: Words a response: conversation, response, facts by language.
        resume: Gives a conversation back to the bot.
        run: Runs blocking calls beside the event loop.
        seconds: How often to look.
    """

    def __init__(
        self,
        ledger: Ledger,
        words: Callable[[str, str, dict], Awaitable[str]],
        resume: Callable[[str], Awaitable[None]],
        run: Callable[..., Awaitable],
        seconds: float = 1,
    ) -> None:
        self._ledger, self._words, self._resume, self._run = ledger, words, resume, run
        self._seconds = seconds

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
        text = await self._words(item.conversation, item.response, item.facts)
        body = {"text": text, **item.body}
        told = await self._run(self._ledger.push, item.conversation, body, item.once)
        if told is not None and item.returns:
            await self._resume(told.conversation)

    def _items(self) -> list[Item]:
        with self._ledger.scope() as session:
            tickets = [_of_ticket(ticket) for ticket in progress.untold(session)]
            silent = [_of_silence(handoff) for handoff in idle.silent_customers(session)]
        return tickets + silent + [_of_handoff(session, handoff) for handoff in handoffs.untold(session)]


def _of_ticket(ticket: Ticket) -> Item:
    labels = rules().labels
    facts = {
        language: {
            "number": ticket.number,
            "status": labels.statuses[ticket.status].get(language),
            "next": labels.next_steps[ticket.status].get(language),
        }
        for language in LANGUAGES
    }
    case = {"case": {"number": ticket.number, "status": ticket.status}}
    return Item(
        ticket.customer, "utter_case_receipt", facts, lambda session: progress.tell(session, ticket), case
    )


def _of_silence(handoff: Handoff) -> Item:
    return Item(
        handoff.conversation,
        "utter_handoff_still_there",
        dict.fromkeys(LANGUAGES, {}),
        lambda session: idle.ask(session, handoff),
        {"aside": True, "handoff": handoff.state},
    )


def _of_handoff(session: Session, handoff: Handoff) -> Item:
    agent = session.get(Agent, handoff.agent_id) if handoff.agent_id else None
    facts: dict[str, Any] = {"agent": agent.name if agent else "", "note": handoff.note}
    response = f"utter_handoff_{handoff.state}"
    if handoff.state == "queued":  # again: whoever asks for a person is told by the answer
        facts["position"] = handoffs.place(session, handoff).position
    elif handoff.state == "closed":
        kind = "noted" if handoff.note else "idle" if handoff.closed_by == "idle" else "closed"
        response = f"utter_handoff_{kind}"
    return Item(
        handoff.conversation,
        response,
        dict.fromkeys(LANGUAGES, facts),
        lambda session: handoffs.tell(session, handoff),
        {"aside": True, "handoff": handoff.state},
        returns=handoff.state == "closed",
    )
