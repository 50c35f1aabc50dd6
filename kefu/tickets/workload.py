"""How the open tickets are spread: over colleagues and queues, in cheap queries for those who look on."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from kefu.db import batches
from kefu.tickets.lifecycle import OPEN
from kefu.tickets.models import Ticket, TicketNote


def of_colleagues(session: Session) -> dict[int, dict[str, int]]:
    """By agent: how many open tickets they have (``open``), and how many of these are begun (``begun``)."""
    query = select(Ticket.assignee_id, Ticket.status, func.count())
    query = query.where(Ticket.assignee_id.is_not(None), Ticket.status.in_(OPEN[1:]))
    found: dict[int, dict[str, int]] = {}
    for agent, status, count in session.execute(query.group_by(Ticket.assignee_id, Ticket.status)):
        numbers = found.setdefault(agent, {"open": 0, "begun": 0})
        numbers["open"] += count
        numbers["begun"] += count if status != "assigned" else 0
    return found


def of_queues(session: Session) -> dict[str, dict[str, int]]:
    """By queue: how many tickets wait for somebody (``new``), are late, and are escalated.

    Whatever is late was escalated, so that only escalated ones are read.
    """
    new = select(Ticket.queue, func.count()).where(Ticket.status == "new")
    escalated = select(Ticket.queue, func.count()).where(
        Ticket.escalated_at.is_not(None), Ticket.status.in_(OPEN)
    )
    broken = or_(
        and_(Ticket.respond_stage == "breached", Ticket.responded_at.is_(None)),
        and_(Ticket.resolve_stage == "breached", Ticket.paused_at.is_(None)),
    )
    late = escalated.where(broken)
    found: dict[str, dict[str, int]] = {}
    for name, query in (("new", new), ("late", late), ("escalated", escalated)):
        for queue, count in session.execute(query.group_by(Ticket.queue)):
            found.setdefault(queue, {"new": 0, "late": 0, "escalated": 0})[name] = count
    return found


def newest_notes(session: Session, after: int | None = None, limit: int = 100) -> list[int]:
    """Ids of the notes on tickets after a certain one, or of the last ``limit``."""
    if after is not None:
        return session.scalars(select(TicketNote.id).where(TicketNote.id > after)).all()
    return session.scalars(select(TicketNote.id).order_by(TicketNote.id.desc()).limit(limit)).all()


def noted(session: Session, ids: Collection[int]) -> list[tuple[TicketNote, str, int | None]]:
    """These notes in their order, each with its ticket's number and who has it."""
    found = []
    for some in batches(sorted(ids)):
        query = select(TicketNote, Ticket.number, Ticket.assignee_id).join(
            Ticket, Ticket.id == TicketNote.ticket_id
        )
        found += session.execute(query.where(TicketNote.id.in_(some)).order_by(TicketNote.id)).all()
    return found
