"""Promises to customers watched by the clock: warned of before they are broken, escalated after."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import Select

from kefu.db import session_scope, utcnow
from kefu.tickets import clocks
from kefu.tickets.models import Ticket
from kefu.tickets.steps import CLOCK, note, raise_to_supervisor


def watch(limit: int = 200) -> int:
    """Warns and escalates what is due by now; several processes may do so at once.

    However many tickets are open, only those are read whose time has come (`Ticket.sla_at` is indexed).

    Args:
        limit: At most so many in one go.

    Returns:
        How many were looked at.
    """
    now = utcnow()
    with session_scope() as session:
        found = session.scalars(due_now(now, limit)).all()
    for ticket_id in found:
        try:
            with session_scope() as session:
                if ticket := session.get(Ticket, ticket_id):
                    _look_at(session, ticket, now)
        except StaleDataError:
            pass  # somebody has just changed it; if it is still due, the next round finds it
    return len(found)


def due_now(now: datetime, limit: int) -> Select:
    """Selects the ids of tickets to be looked at, those first whose time came first."""
    return select(Ticket.id).where(Ticket.sla_at <= now).order_by(Ticket.sla_at).limit(limit)


def _look_at(session: Session, ticket: Ticket, now: datetime) -> None:
    changed_at = ticket.changed_at
    if ticket.resolve_warn_at is None:  # opened before clocks were watched
        clocks.wind(ticket)
    for name in clocks.running(ticket):
        stage, warn_at = getattr(ticket, f"{name}_stage"), getattr(ticket, f"{name}_warn_at")
        if getattr(ticket, f"{name}_by") <= now:
            if stage != "breached":
                _reach(session, ticket, name, "breached")
                raise_to_supervisor(session, ticket, CLOCK, why=f"{name}_late")
        elif stage == "" and warn_at is not None and warn_at <= now:
            _reach(session, ticket, name, "warned")
    ticket.sla_at = clocks.next_at(ticket)
    # The customer's newest ticket is the one that people touched last, not the clock.
    ticket.changed_at = changed_at
    flag_modified(ticket, "changed_at")


def _reach(session: Session, ticket: Ticket, name: str, stage: str) -> None:
    setattr(ticket, f"{name}_stage", stage)
    note(
        session, ticket, f"sla_{stage}", None,
        clock=name, queue=ticket.queue, agent=ticket.assignee_id, by=CLOCK.id,
    )  # fmt: skip
