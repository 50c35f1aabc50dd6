"""Talks in which somebody has fallen silent, in two steps. Each use case takes the caller's transaction.

A customer who does not react is asked whether they are still there, then the talk ends. For an agent who does
not answer an apology is made, which alarms the supervisor, then the customer waits for somebody else.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.events import record
from kefu.handoff import service
from kefu.handoff.models import Agent, Handoff

#: How long after the agent's last words a customer is asked, and after which the talk ends.
ASK_AFTER, END_AFTER = timedelta(minutes=5), timedelta(minutes=10)
#: How long a customer may wait for an answer until they are apologised to, and until somebody else gets them.
SORRY_AFTER, RECLAIM_AFTER = timedelta(minutes=3), timedelta(minutes=6)
#: Steps of ``Handoff.idle_step``.
ASKED, SORRY = 1, 2
#: By whom a talk was ended that nobody answered, and nobody else could take.
UNANSWERED = "unanswered"


def silent_customers(session: Session, limit: int = 100) -> list[Handoff]:
    """Talks whose customer is to be asked whether they are still there."""
    due = _unanswered_by_customer(ASK_AFTER).where(Handoff.idle_step == 0)
    return list(session.scalars(due.order_by(Handoff.id).limit(limit)))


def ask(session: Session, handoff: Handoff) -> bool:
    """Notes that the customer is asked; ``False`` if somebody else has just done so, or somebody spoke."""
    same = (Handoff.id == handoff.id, Handoff.state == "human", Handoff.idle_step == 0)
    silent = (Handoff.agent_at == handoff.agent_at, Handoff.customer_at == handoff.customer_at)
    asked = update(Handoff).where(*same, *silent).values(idle_step=ASKED)
    return session.execute(asked.execution_options(synchronize_session=False)).rowcount == 1


def close_silent(session: Session) -> list[Handoff]:
    """Ends the talks whose customer was asked and still says nothing."""
    due = session.scalars(_unanswered_by_customer(END_AFTER).where(Handoff.idle_step == ASKED)).all()
    return [service.end(session, handoff.id, "idle") for handoff in due]


def neglected(session: Session, limit: int = 100) -> list[Handoff]:
    """Talks whose customer is to be apologised to, as nobody answers them."""
    due = _unanswered_by_agent(SORRY_AFTER).where(Handoff.idle_step != SORRY)
    return list(session.scalars(due.order_by(Handoff.id).limit(limit)))


def apologise(session: Session, handoff: Handoff) -> bool:
    """Notes that the customer is apologised to; ``False`` if that was just done, or somebody spoke."""
    same = (Handoff.id == handoff.id, Handoff.state == "human", Handoff.idle_step != SORRY)
    silent = (Handoff.agent_id == handoff.agent_id, _waits())
    told = update(Handoff).where(*same, *silent).values(idle_step=SORRY)
    if session.execute(told.execution_options(synchronize_session=False)).rowcount != 1:
        return False
    record(session, "handoff.unanswered", handoff.conversation, handoff=handoff.id, agent=handoff.agent_id)
    return True


def reclaim(session: Session) -> list[Handoff]:
    """Takes customers back whom their agent does not answer, and rests the agent, who is not there.

    They wait for whoever is there, of another team if need be. Where nobody is, the talk ends: they are told,
    and offered a ticket.
    """
    late = _unanswered_by_agent(RECLAIM_AFTER).order_by(Handoff.priority, Handoff.customer_at)
    taken = session.scalars(late).all()
    for agent in session.scalars(select(Agent).where(Agent.id.in_({one.agent_id for one in taken}))):
        if agent.status == "online":
            agent.be("away")
            record(session, "agent.status", None, agent=agent.id, status="away", silent=True)
    session.flush()
    for handoff in taken:
        queue = service.staffed_queue(session, handoff.conversation, handoff.queue)
        if queue is None:
            service.end(session, handoff.id, UNANSWERED)
            continue
        service.give_back(session, handoff)
        if queue != handoff.queue:
            handoff.queue, handoff.skill = queue, ""
            handoff.reasons = [*handoff.reasons, ["queue", queue, service.NOBODY_ONLINE]]
    session.flush()
    return taken


def _waits():
    return or_(Handoff.agent_at.is_(None), Handoff.agent_at < Handoff.customer_at)


def _unanswered_by_agent(after: timedelta):
    silent = Handoff.customer_at < utcnow() - after
    return select(Handoff).where(Handoff.state == "human", _waits(), silent)


def _unanswered_by_customer(after: timedelta):
    silent = Handoff.agent_at < utcnow() - after
    return select(Handoff).where(Handoff.state == "human", Handoff.agent_at > Handoff.customer_at, silent)
