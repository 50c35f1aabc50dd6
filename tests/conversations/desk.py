"""What happens to a customer's ticket outside of the dialogue: colleagues, time, and the news of both."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

from rasa.core.agent import Agent
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.news import News
from kefu.conversations.ledger import Ledger
from kefu.tickets import closing, progress
from kefu.tickets.models import Ticket
from kefu.tickets.steps import Actor

LI = Actor("supervisor", "account:1", "李晓雨")
#: Times of a ticket that lie further back when days have passed.
_TIMES = ("opened_at", "respond_by", "resolve_by", "asked_at", "reopened_at")


class Desk:
    """A colleague who works on the tickets of the dialogues' customers.

    Args:
        database: Of the assistant.
        agent: Rasa's, whose words and dialogues the news use.
        loop: In which the agent runs.
    """

    def __init__(self, database: Engine, agent: Agent, loop: AbstractEventLoop) -> None:
        self._database, self._loop = database, loop
        self._hub = Hub(Ledger(self._scope))
        self._told: list[tuple[str, str, dict[str, Any]]] = []
        loop.run_until_complete(self._prepare(agent))

    def works(self, step: str, number: str, text: str = "") -> None:
        """Takes a step with a ticket, with words for its customer.

        ``merged``: the customer's ticket before goes on as this one.
        """
        with self._scope() as session:
            if step != "merged":
                progress.move(session, number, step, LI, text=text)
                return
            into = progress.get(session, number)
            older = select(Ticket).where(Ticket.customer == into.customer, Ticket.id < into.id)
            progress.merge(
                session, session.scalars(older.order_by(Ticket.id.desc())).first().number, number, LI
            )

    def days_pass(self, days: float, number: str) -> None:
        """Lets time pass for a ticket."""
        with self._scope() as session:
            ticket = progress.get(session, number)
            for name in _TIMES:
                moment = getattr(ticket, name)
                setattr(ticket, name, moment and moment - timedelta(days=days))
        with mock.patch("kefu.db.engine", lambda: self._database):
            closing.close_silent()

    def news(self, customer: str) -> list[tuple[str, dict[str, Any]]]:
        """What the customer is told now: responses, each with its bubble."""
        self._told.clear()
        self._loop.run_until_complete(self._news.once())
        return [(response, said) for told, response, said in self._told if told == customer]

    async def _prepare(self, agent: Agent) -> None:
        self._hub.prepare(SimpleNamespace(ctx=SimpleNamespace(agent=agent)))
        hub = self._hub
        self._news = News(hub.ledger, self._words, hub.dialogue.resume, hub.dialogue.ask, hub.threads)

    async def _words(self, customer: str, response: str, facts: dict[str, dict]) -> dict[str, Any]:
        said = await self._hub._words(customer, response, facts)
        self._told.append((customer, response, said))
        return said

    @contextmanager
    def _scope(self) -> Iterator[Session]:
        with Session(self._database, future=True, expire_on_commit=False) as session, session.begin():
            yield session
