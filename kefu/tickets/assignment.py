"""Who has a ticket. Each use case takes the caller's transaction.

Colleagues are known here by the id of their agent; who they are, and whom a ticket is given to, is decided
a floor above (`kefu.handoff.dispatch`). Of two who change one ticket at once, one is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from kefu.db import utcnow
from kefu.events import record
from kefu.tickets import clocks
from kefu.tickets.models import HELD, Ticket, TicketNote, WrongState
from kefu.tickets.routing import rules

SYSTEM = "system"


def give(session: Session, ticket: Ticket, agent_id: int, by: str, why: str, text: str = "") -> None:
    """Puts a ticket into the hands of a colleague, who has yet to begin with it.

    Args:
        session: The caller's transaction.
        ticket: Which; whoever had it has it no longer. If the customer has to answer, that stays so.
        agent_id: The colleague.
        by: Id of who says so (``account:7``), or ``system``.
        why: ``had_it``, ``knows``, ``skill`` or ``queue`` (chosen by rule), ``taken`` or ``handed_on``.
        text: The reason in words of a colleague.

    Raises:
        WrongState: It is finished or withdrawn.
    """
    ticket.must_be_open()
    if ticket.status != "waiting":
        ticket.move("assigned")
    ticket.assignee_id, ticket.assigned_at = agent_id, utcnow()
    _note(session, ticket, "assigned", by, text, to=f"agent:{agent_id}", why=why)


def take(session: Session, ticket: Ticket, agent_id: int, by: str) -> None:
    """Lets a colleague take a ticket that nobody has.

    Raises:
        WrongState: Somebody has it, or it is finished.
    """
    if not is_unassigned(ticket):
        raise WrongState(ticket.number, ticket.status)
    give(session, ticket, agent_id, by, "taken")


def adopt(session: Session, ticket: Ticket, agent_id: int, by: str) -> None:
    """Notes that a colleague has begun with a ticket that nobody had."""
    if ticket.assignee_id is None:
        ticket.assignee_id, ticket.assigned_at = agent_id, utcnow()
        record(session, "ticket.assigned", ticket.customer, ticket=ticket.number, agent=agent_id, by=by)


def hand_to_queue(session: Session, ticket: Ticket, queue: str, by: str, text: str) -> None:
    """Puts a ticket into a queue, where somebody other than who had it gets it.

    Args:
        session: The caller's transaction.
        ticket: Which.
        queue: One of ``data/routing.yml``.
        by: Id of who says so.
        text: Why, in their words.

    Raises:
        WrongState: It is finished or withdrawn.
        ValueError: There is no such queue.
    """
    ticket.must_be_open()
    if queue not in rules().queues:
        raise ValueError(f"queue: {queue!r} is not one of {', '.join(rules().queues)}")
    had_it, before = ticket.assignee_id, ticket.queue
    if queue != before:
        ticket.queue, ticket.skill = queue, ""  # another team's members need none in particular
    if ticket.status in HELD:
        ticket.back_to_queue()
    ticket.assignee_id = None
    _note(session, ticket, "handed_on", by, text, queue=queue, before=before, had_it=had_it)


def give_back(session: Session, ticket: Ticket, by: str, why: str) -> None:
    """Takes a ticket back into its queue; ``why`` is ``offline``, ``left`` or ``supervisor``.

    Raises:
        WrongState: Nobody has it.
    """
    had_it = ticket.assignee_id
    ticket.back_to_queue()
    _note(session, ticket, "given_back", by, why=why, had_it=had_it)


def give_all_back(session: Session, agent_id: int, by: str, why: str) -> list[str]:
    """Takes all tickets back that a colleague has not begun; gives their numbers."""
    theirs = session.scalars(not_begun([agent_id]).order_by(Ticket.id)).all()
    for ticket in theirs:
        give_back(session, ticket, by, why)
    session.flush()
    return [ticket.number for ticket in theirs]


def answered(session: Session, customers: Collection[str], agent_id: int) -> None:
    """Notes that a colleague has written to the customer whose tickets they have: these are responded to."""
    theirs = select(Ticket).where(Ticket.assignee_id == agent_id, Ticket.status == "assigned")
    open_ = theirs.where(Ticket.customer.in_(customers), Ticket.responded_at.is_(None))
    for ticket in session.scalars(open_).all():
        clocks.answered(ticket)
        record(session, "ticket.responded", ticket.customer, ticket=ticket.number, agent=agent_id)


def is_unassigned(ticket: Ticket) -> bool:
    """Whether it waits for somebody to take it; a reopened one still names who had it."""
    return ticket.is_open and (ticket.status == "new" or ticket.assignee_id is None)


def left_by(ticket: Ticket) -> int | None:
    """Who handed a ticket on to the queue that it waits in; they do not get it again by themselves."""
    for note in reversed(ticket.notes):
        if note.kind == "assigned":
            return None
        if note.kind == "handed_on":
            return note.data.get("had_it")
    return None


def waiting(queue: str, skilled: Collection[str], staffed: Collection[str], before: datetime) -> Select:
    """Selects the ids of a queue's new tickets that somebody could be given, the most urgent first.

    Args:
        queue: Which.
        skilled: Skills of those who have room.
        staffed: Skills of all who are there: for what they can do, others do not step in.
        before: Only those opened until then.
    """
    can = Ticket.skill.in_(skilled) | Ticket.skill.not_in(staffed)
    here = select(Ticket.id).where(Ticket.status == "new", Ticket.queue == queue, can)
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


def last_holder(session: Session, customers: Collection[str]) -> tuple[int, datetime] | None:
    """Who of the colleagues had a ticket of this customer last, and since when."""
    query = select(Ticket.assignee_id, Ticket.assigned_at).where(Ticket.customer.in_(customers))
    query = query.where(Ticket.assignee_id.is_not(None), Ticket.assigned_at.is_not(None))
    found = session.execute(query.order_by(Ticket.assigned_at.desc()).limit(1)).first()
    return tuple(found) if found else None


def _note(session: Session, ticket: Ticket, kind: str, by: str, text: str = "", **data) -> None:
    data = {name: value for name, value in data.items() if value is not None}
    ticket.notes.append(TicketNote(kind=kind, text=text, data={"by": by, **data}))
    record(session, f"ticket.{kind}", ticket.customer, ticket=ticket.number, by=by, **data)
