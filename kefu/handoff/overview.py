"""What a desk shows: all open takeovers and all colleagues, in cheap queries that run many times a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.handoff.models import OPEN, Agent, Handoff


class Row(NamedTuple):
    """An open takeover; see ``Handoff``."""

    id: int
    conversation: str
    state: str
    reason: str
    level: str
    mood: str
    queue: str
    skill: str
    priority: int
    requested_at: datetime
    agent_id: int | None
    preferred_agent_id: int | None
    accepted_at: datetime | None
    idle_step: int
    passed_on: str
    customer_typing_at: datetime | None


_OPEN = select(*(getattr(Handoff, name) for name in Row._fields)).where(Handoff.state.in_(OPEN))


class Colleague(NamedTuple):
    """An agent as the others see them; ``load`` is how many customers they have now."""

    id: int
    name: str
    status: str
    queues: list[str]
    skills: list[str]
    capacity: int
    ticket_capacity: int
    load: int = 0


_COLLEAGUES = (
    select(*(getattr(Agent, name) for name in Colleague._fields if name != "load"))
    .where(Agent.active)
    .order_by(Agent.id)
)


def open_rows(session: Session) -> dict[int, Row]:
    """Every open takeover by its id."""
    return {row.id: Row(*row) for row in session.execute(_OPEN)}


def colleagues(session: Session, rows: Collection[Row]) -> list[Colleague]:
    """Every active agent with their load."""
    loads = Counter(row.agent_id for row in rows if row.state == "human")
    found = session.execute(_COLLEAGUES)
    return [Colleague(*values, load=loads[values[0]]) for values in found]


def everybody(session: Session) -> list[Agent]:
    """Every agent, also those who have left."""
    return session.scalars(select(Agent).order_by(Agent.id)).all()


def of_circle(session: Session, conversations: Collection[str], limit: int = 20) -> list[Handoff]:
    """The newest takeovers in these conversations, ended ones too, newest first."""
    query = select(Handoff).where(Handoff.conversation.in_(conversations))
    return session.scalars(query.order_by(Handoff.id.desc()).limit(limit)).all()
