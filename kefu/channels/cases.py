"""Receipts of cases: customers are told, where they spoke last, that a colleague moved their ticket on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from kefu.conversations.ledger import Entry, Ledger
from kefu.db import session_scope
from kefu.knowledge.categories import rules
from kefu.language.detect import LANGUAGES
from kefu.tickets.models import Ticket
from kefu.tickets.progress import tell, untold

log = structlog.get_logger()

RESPONSE = "utter_case_receipt"

Words = Callable[[str, str, dict], Awaitable["str | None"]]


class CaseReceipts:
    """Looks for tickets in a state that their customer does not know, and tells them once each.

    Several servers may do so at once: who notes it first, in the transaction that stores the bubble, tells.

    Args:
        ledger: Where bubbles are stored.
        words: Words a response for a conversation: conversation, response, facts by language.
        show: Shows a stored bubble.
        run: Runs blocking calls beside the event loop.
        seconds: How often to look.
    """

    def __init__(
        self,
        ledger: Ledger,
        words: Words,
        show: Callable[[Entry], Awaitable[None]],
        run: Callable[..., Awaitable],
        seconds: float = 3,
    ) -> None:
        self._ledger, self._words, self._show, self._run = ledger, words, show, run
        self._seconds = seconds

    async def forever(self) -> None:
        """Looks again and again, until cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:
                log.error("case.receipt.failed", error=type(error).__name__)
            await asyncio.sleep(self._seconds)

    async def once(self) -> None:
        """Tells what has changed by now."""
        for ticket in await self._run(_untold):
            text = await self._words(ticket.customer, RESPONSE, _facts(ticket))
            body = {"text": text, "case": {"number": ticket.number, "status": ticket.status}}
            entry = await self._run(self._ledger.push, ticket.customer, body, lambda s, t=ticket: tell(s, t))
            if entry is not None:
                await self._show(entry)


def _untold() -> list[Ticket]:
    with session_scope() as session:
        return untold(session)


def _facts(ticket: Ticket) -> dict[str, dict[str, str]]:
    labels = rules().labels
    return {
        language: {
            "number": ticket.number,
            "status": labels.statuses[ticket.status].get(language),
            "next": labels.next_steps[ticket.status].get(language),
        }
        for language in LANGUAGES
    }
