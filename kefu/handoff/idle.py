"""Talks in which somebody has fallen silent, in two steps. Each use case takes the caller's transaction.

A customer who does not react is asked whether they are still there, then the talk ends. An agent who does not
answer is reminded by the console's page, then the customer goes to a colleague.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.handoff import overview, service
from kefu.handoff.models import Handoff

#: How long after the agent's last words a customer is asked, and after which the talk ends.
ASK_AFTER, END_AFTER = timedelta(minutes=5), timedelta(minutes=10)
#: How long after the customer's last words a colleague may have them; the page reminds at half of it.
RECLAIM_AFTER = timedelta(minutes=6)


def silent_customers(session: Session, limit: int = 100) -> list[Handoff]:
    """Talks whose customer is to be asked whether they are still there."""
    due = _unanswered_by_customer(ASK_AFTER).where(Handoff.idle_step == 0)
    return list(session.scalars(due.order_by(Handoff.id).limit(limit)))


def ask(session: Session, handoff: Handoff) -> bool:
    """Notes that the customer is asked; ``False`` if somebody else has just done so, or somebody spoke."""
    same = (Handoff.id == handoff.id, Handoff.state == "human", Handoff.idle_step == 0)
    silent = (Handoff.agent_at == handoff.agent_at, Handoff.customer_at == handoff.customer_at)
    asked = update(Handoff).where(*same, *silent).values(idle_step=1)
    return session.execute(asked.execution_options(synchronize_session=False)).rowcount == 1


def close_silent(session: Session) -> list[Handoff]:
    """Ends the talks whose customer was asked and still says nothing."""
    due = session.scalars(_unanswered_by_customer(END_AFTER).where(Handoff.idle_step == 1)).all()
    return [service.end(session, handoff.id, "idle") for handoff in due]


def reclaim(session: Session) -> list[Handoff]:
    """Takes customers whom their agent does not answer back, if a colleague has room for them."""
    rows = overview.open_rows(session)
    online = [one for one in overview.colleagues(session, rows.values()) if one.status == "online"]
    room = {one.id: one.capacity - one.load for one in online}
    late = select(Handoff).where(
        Handoff.state == "human",
        Handoff.customer_at > Handoff.agent_at,
        Handoff.customer_at < utcnow() - RECLAIM_AFTER,
    )
    taken = []
    for handoff in session.scalars(late.order_by(Handoff.priority, Handoff.customer_at)).all():
        others = [one.id for one in online if handoff.queue in one.queues and one.id != handoff.agent_id]
        free = next((agent for agent in others if room[agent] > 0), None)
        if free is not None:
            room[free] -= 1
            service.give_back(session, handoff)
            taken.append(handoff)
    session.flush()
    return taken


def _unanswered_by_customer(after: timedelta):
    silent = Handoff.agent_at < utcnow() - after
    return select(Handoff).where(Handoff.state == "human", Handoff.agent_at > Handoff.customer_at, silent)
