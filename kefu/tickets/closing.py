"""What comes after a ticket is resolved, when its customer says nothing: a reminder, then it is closed."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import Select

from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.tickets.models import Ticket
from kefu.tickets.progress import due
from kefu.tickets.steps import CLOCK, take


def unreminded(session: Session, limit: int = 100) -> list[Ticket]:
    """Resolved tickets whose customer has said nothing for half the time."""
    half = utcnow() - timedelta(days=settings().close_after_days) / 2
    silent = _silent_since(half).where(Ticket.reminded_at.is_(None), due())
    return list(session.scalars(silent.limit(limit)))


def remind(session: Session, ticket: Ticket) -> bool:
    """Notes that the customer is asked once more; ``False`` if that was done, or is not needed any more."""
    here = (Ticket.id == ticket.id, Ticket.status == "resolved", Ticket.reminded_at.is_(None))
    asked = update(Ticket).where(*here, Ticket.asked_at == ticket.asked_at)
    asked = asked.values(reminded_at=utcnow(), changed_at=Ticket.changed_at)
    return session.execute(asked.execution_options(synchronize_session=False)).rowcount == 1


def close_silent() -> None:
    """Closes resolved tickets whose customer has said nothing for the whole time.

    Several processes may do so at once: what one of them, or the customer, has just changed is left alone.
    """
    since = utcnow() - timedelta(days=settings().close_after_days)
    with session_scope() as session:
        silent = session.scalars(_silent_since(since).with_only_columns(Ticket.id)).all()
    for ticket_id in silent:
        with suppress(StaleDataError), session_scope() as session:
            ticket = session.scalar(_silent_since(since).where(Ticket.id == ticket_id))
            if ticket:
                take(session, ticket, "closed", CLOCK)


def _silent_since(moment: datetime) -> Select:
    """Selects resolved tickets whose customers were asked before ``moment`` and have not answered."""
    asked = (Ticket.status == "resolved", Ticket.told == "resolved", Ticket.asked_at <= moment)
    return select(Ticket).where(*asked).order_by(Ticket.asked_at)
