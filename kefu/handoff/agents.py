"""Use cases of agents: who they are, whether they are there. Each takes the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.selectable import CompoundSelect

from kefu.db import utcnow
from kefu.events import record
from kefu.handoff import service
from kefu.handoff.models import Agent, Handoff
from kefu.tickets import assignment

STATUSES = ("online", "away", "offline")
#: Whose desk gives no sign of life for so long has gone.
SILENT = timedelta(seconds=30)
DEFAULT_CAPACITY, MAX_CAPACITY = 5, 50
MAX_TICKETS = 200


class NoSuchAgent(LookupError):
    """There is no such agent."""


def get(session: Session, agent_id: int | None) -> Agent:
    """The agent.

    Raises:
        NoSuchAgent: There is none of that id.
    """
    agent = session.get(Agent, agent_id) if agent_id is not None else None
    if agent is None:
        raise NoSuchAgent(agent_id)
    return agent


def hire(
    session: Session,
    name: str,
    queues: Sequence[str] = (),
    skills: Sequence[str] = (),
    capacity: int = DEFAULT_CAPACITY,
) -> Agent:
    """Adds a colleague, who is offline at first."""
    agent = Agent(name=name, queues=list(queues), skills=list(skills), capacity=capacity)
    session.add(agent)
    session.flush()
    return agent


def change(session: Session, agent_id: int, **values) -> Agent:
    """Changes ``name``, ``queues``, ``skills``, ``capacity``, ``ticket_capacity`` or ``active``.

    Who is no longer active goes, and leaves the tickets that they have not begun to the others.
    """
    agent = get(session, agent_id)
    for name, value in values.items():
        setattr(agent, name, value)
    if not agent.active and agent.status != "offline":
        service.release(session, agent.id)
    if not agent.active:
        session.flush()
        assignment.give_all_back(session, agent.id, assignment.BY_ITSELF, "left")
    return agent


def set_status(session: Session, agent_id: int, status: str) -> Agent:
    """Lets an agent come, rest, or go; who goes leaves their customers to the others."""
    agent = get(session, agent_id)
    if agent.status != status:
        record(session, "agent.status", None, agent=agent.id, status=status)
    if status == "offline":
        service.release(session, agent.id)
    agent.be(status)
    agent.seen_at = utcnow()
    session.flush()
    return agent


def alive(session: Session, agent_ids: Collection[int]) -> None:
    """Notes that these agents' desks are open."""
    seen = update(Agent).where(Agent.id.in_(agent_ids)).values(seen_at=utcnow())
    session.execute(seen.execution_options(synchronize_session=False))


def dismiss_silent(session: Session) -> list[int]:
    """Takes the customers of those back whose desk has been silent for long; gives the agents' ids.

    Who looks less often than ``SILENT`` must have let the desks say that they are there before.
    """
    gone = or_(Agent.seen_at.is_(None), Agent.seen_at < utcnow() - SILENT)
    silent = session.scalars(select(Agent).where(Agent.status != "offline", gone)).all()
    for agent in silent:
        service.release(session, agent.id)
        record(session, "agent.status", None, agent=agent.id, status="offline", silent=True)
    session.flush()
    return [agent.id for agent in silent]


def knows(session: Session, agent_id: int, conversations: Collection[str]) -> bool:
    """Whether an agent talks or talked there, may accept them, or has an open ticket of theirs."""
    talks = select(Handoff.id).where(Handoff.conversation.in_(conversations), _theirs(session, agent_id))
    if session.execute(talks.limit(1)).first() is not None:
        return True
    return session.scalar(assignment.held_for(agent_id, conversations).limit(1)) is not None


def known(session: Session, agent_id: int) -> CompoundSelect:
    """Selects the conversations that ``knows`` is true of."""
    talks = select(Handoff.conversation).where(_theirs(session, agent_id))
    return talks.union(assignment.held_for(agent_id))


def _theirs(session: Session, agent_id: int) -> ColumnElement:
    agent = get(session, agent_id)
    waiting = (Handoff.state == "queued") & Handoff.queue.in_(agent.queues)
    return or_(Handoff.agent_id == agent_id, Handoff.preferred_agent_id == agent_id, waiting)
