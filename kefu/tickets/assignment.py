"""Who has a ticket. Each use case takes the caller's transaction.

Colleagues are known here by the id of their agent; who they are, and whom a ticket is given to, is decided
a floor above (`kefu.handoff.dispatch`). Of two who change one ticket at once, one is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from kefu.db import utcnow
from kefu.tickets import clocks
from kefu.tickets.lifecycle import SUPERVISOR, SYSTEM, NotAllowed, WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.routing import rules
from kefu.tickets.steps import Actor, note, take


class Colleague(Protocol):
    """Who may have a ticket, as far as that is known here."""

    id: int
    name: str


#: States in which somebody has a ticket.
HELD = ("assigned", "in_progress", "waiting")
#: Who gives tickets, and takes them back, when nobody says so.
BY_ITSELF = Actor(SYSTEM, "dispatch")


def give(session: Session, ticket: Ticket, to: Colleague, actor: Actor, why: str, text: str = "") -> None:
    """Puts a ticket into the hands of a colleague, who has yet to begin with it.

    Args:
        session: The caller's transaction.
        ticket: Which; whoever had it has it no longer. If the customer has to answer, that stays so.
        to: The colleague.
        actor: Who says so.
        why: ``had_it``, ``knows``, ``skill`` or ``queue`` (chosen by rule), ``taken`` or ``handed_on``.
        text: The reason in words of a colleague.

    Raises:
        WrongState: It is finished or withdrawn.
    """
    # The history and the customer are told the name of who has it, not of who gave it.
    known = Actor(actor.role, actor.id, to.name)
    take(session, ticket, "assigned", known, text=text, to=f"agent:{to.id}", why=why)
    ticket.assignee_id, ticket.assigned_at = to.id, utcnow()
    if why != "taken":  # whoever takes it may have to give it back: it waits for the same people then
        ticket.left_by, ticket.reserved = None, False


def pick(session: Session, ticket: Ticket, to: Colleague, actor: Actor) -> None:
    """Lets a colleague take a ticket that nobody has.

    Raises:
        WrongState: Somebody has it, or it is finished.
        NotAllowed: It waits for a supervisor.
    """
    if not is_unassigned(ticket):
        raise WrongState(ticket.number, ticket.status)
    if ticket.reserved and actor.role != SUPERVISOR:
        raise NotAllowed(actor.role, "assigned")
    give(session, ticket, to, actor, "taken")


def adopt(ticket: Ticket, agent_id: int) -> None:
    """Notes that a colleague who finished a ticket that nobody had is who had it."""
    ticket.assignee_id, ticket.assigned_at = agent_id, utcnow()


def hand_to_queue(session: Session, ticket: Ticket, queue: str, actor: Actor, text: str) -> None:
    """Puts a ticket into a queue, where somebody other than who had it gets it.

    Args:
        session: The caller's transaction.
        ticket: Which.
        queue: One of ``data/routing.yml``.
        actor: Who says so.
        text: Why, in their words.

    Raises:
        WrongState: It is finished or withdrawn.
        ValueError: There is no such queue.
    """
    if queue not in rules().queues:
        raise ValueError(f"queue: {queue!r} is not one of {', '.join(rules().queues)}")
    take(
        session, ticket, "handed_on", actor, text=text,
        queue=queue, before=ticket.queue, had_it=ticket.assignee_id,
    )  # fmt: skip
    if queue != ticket.queue:
        ticket.queue, ticket.skill = queue, ""  # another team's members need none in particular
    ticket.left_by, ticket.assignee_id, ticket.reserved = ticket.assignee_id, None, False
    ticket.told = ticket.status  # nothing that the customer could do something with


def give_back(session: Session, ticket: Ticket, actor: Actor, why: str) -> None:
    """Takes a ticket that was not begun back into its queue; ``why``: ``offline``, ``left``, ``supervisor``.

    Raises:
        WrongState: Nobody has it, or it was begun.
    """
    take(session, ticket, "given_back", actor, why=why, had_it=ticket.assignee_id)
    ticket.assignee_id = None
    ticket.told = ticket.status


def give_all_back(session: Session, agent_id: int, actor: Actor, why: str) -> list[str]:
    """Takes all tickets back that a colleague has not begun; gives their numbers."""
    theirs = session.scalars(not_begun([agent_id]).order_by(Ticket.id)).all()
    for ticket in theirs:
        give_back(session, ticket, actor, why)
    session.flush()
    return [ticket.number for ticket in theirs]


def answered(session: Session, customers: Collection[str], agent_id: int) -> None:
    """Notes that a colleague has written to the customer whose tickets they have: these are responded to."""
    theirs = select(Ticket).where(Ticket.assignee_id == agent_id, Ticket.status == "assigned")
    open_ = theirs.where(Ticket.customer.in_(customers), Ticket.responded_at.is_(None))
    for ticket in session.scalars(open_).all():
        clocks.answered(ticket)
        note(session, ticket, "responded", None, by=f"agent:{agent_id}")


def is_unassigned(ticket: Ticket) -> bool:
    """Whether it waits for somebody to take it; a reopened one still names who had it."""
    return ticket.is_open and (ticket.status == "new" or ticket.assignee_id is None)


def may_work(ticket: Ticket, role: str, agent_id: int | None) -> bool:
    """Whether a colleague may take a ticket further: their own, or what is free to take; supervisors any."""
    if role == SUPERVISOR or not ticket.is_open or (is_unassigned(ticket) and not ticket.reserved):
        return True
    return ticket.assignee_id == agent_id


def waiting(queue: str, before: datetime) -> Select:
    """Selects a queue's new tickets, the most urgent first: id, skill, and who is not to get them again.

    Args:
        queue: Which.
        before: Only those opened until then.
    """
    here = select(Ticket.id, Ticket.skill, Ticket.left_by).where(
        Ticket.status == "new", Ticket.queue == queue, Ticket.reserved.is_(False)
    )
    return here.where(Ticket.opened_at <= before).order_by(Ticket.priority, Ticket.id)


def not_begun(agent_ids: Collection[int]) -> Select:
    """Selects the tickets that these colleagues have and have not begun."""
    return select(Ticket).where(Ticket.assignee_id.in_(agent_ids), Ticket.status == "assigned")


def loads(session: Session) -> dict[int, int]:
    """How many open tickets each colleague has."""
    query = select(Ticket.assignee_id, func.count()).where(
        Ticket.assignee_id.is_not(None), Ticket.status.in_(HELD)
    )
    return dict(session.execute(query.group_by(Ticket.assignee_id)).all())


def load(session: Session, agent_id: int) -> int:
    """How many open tickets a colleague has."""
    query = select(func.count()).where(Ticket.assignee_id == agent_id, Ticket.status.in_(HELD))
    return session.scalar(query)


def holder(session: Session, customers: Collection[str]) -> int | None:
    """Who has an open ticket of this customer, the one given last if there are several."""
    query = select(Ticket.assignee_id).where(Ticket.customer.in_(customers), Ticket.status.in_(HELD))
    query = query.where(Ticket.assignee_id.is_not(None)).order_by(Ticket.assigned_at.desc())
    return session.scalar(query.limit(1))


def held_for(agent_id: int, customers: Collection[str] | None = None) -> Select:
    """Selects for whom a colleague has an open ticket, of these customers or of any."""
    query = select(Ticket.customer).where(Ticket.assignee_id == agent_id, Ticket.status.in_(HELD))
    return query if customers is None else query.where(Ticket.customer.in_(customers))


def last_holder(session: Session, customers: Collection[str]) -> tuple[int, datetime] | None:
    """Who of the colleagues had a ticket of this customer last, and since when."""
    query = select(Ticket.assignee_id, Ticket.assigned_at).where(Ticket.customer.in_(customers))
    query = query.where(Ticket.assignee_id.is_not(None), Ticket.assigned_at.is_not(None))
    found = session.execute(query.order_by(Ticket.assigned_at.desc()).limit(1)).first()
    return tuple(found) if found else None
