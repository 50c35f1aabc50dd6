"""Tickets that the supervisor has to look at."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.events import record
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.routing import FIRST, rules


def escalate(session: Session, ticket: Ticket, reason: str, by: str) -> None:
    """Raises a ticket to the supervisor, ahead of its priority.

    Args:
        session: The caller's transaction.
        ticket: Which.
        reason: ``respond_late`` or ``resolve_late``, or why in a colleague's words.
        by: Id of the colleague, or ``system``.

    Raises:
        WrongState: It is finished or withdrawn.
    """
    ticket.must_be_open()
    ticket.escalated_at, ticket.escalated_reason = utcnow(), reason
    ticket.priority = raised(ticket.priority)
    ticket.notes.append(TicketNote(kind="escalated", text=reason, data={"by": by}))
    record(session, "ticket.escalated", ticket.customer, ticket=ticket.number, by=by, queue=ticket.queue)


def raised(priority: int) -> int:
    """The priority of an escalated ticket."""
    return max(FIRST, priority - rules().deadlines.up)
