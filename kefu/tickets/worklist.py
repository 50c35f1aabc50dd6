"""Tickets as those who work on them look for them: over all customers, by filters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from kefu.knowledge.schema import TICKET_KINDS, URGENCIES
from kefu.tickets import numbers
from kefu.tickets.models import TRANSITIONS, Ticket
from kefu.tickets.routing import rules
from kefu.tickets.service import NoSuchTicket

STATUSES = ("new", "assigned", "in_progress", "waiting", "resolved", "closed", "cancelled")
#: What a colleague may do; reopening and withdrawing are the customer's.
STEPS = ("assigned", "in_progress", "waiting", "resolved", "closed")
ORDERS = {
    "newest": (Ticket.id.desc(),),
    "changed": (Ticket.changed_at.desc(), Ticket.id.desc()),
    "urged": (Ticket.urged.desc(), Ticket.id),
    "oldest": (Ticket.id,),
    "priority": (Ticket.priority, Ticket.resolve_by, Ticket.id),
}


@dataclass(frozen=True)
class Filters:
    """What a list of tickets shows; empty means any.

    Attributes:
        text: A number or its end, a phone number, or the id of a customer's conversation.
    """

    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    text: str = ""
    order: str = "newest"

    def __post_init__(self) -> None:
        """Refuses values that there are not, naming the field."""
        known = {
            "status": STATUSES,
            "kind": TICKET_KINDS,
            "urgency": URGENCIES,
            "queue": tuple(rules().queues),
        }
        for name, values in known.items():
            for value in getattr(self, name):
                if value not in values:
                    raise ValueError(f"{name}: {value!r} is not one of {', '.join(values)}")
        if self.order not in ORDERS:
            raise ValueError(f"order: {self.order!r} is not one of {', '.join(ORDERS)}")


def find(session: Session, filters: Filters, offset: int = 0, limit: int = 50) -> tuple[list[Ticket], int]:
    """Those tickets that pass the filters, and how many there are in all."""
    query = passing(filters)
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    page = query.order_by(*ORDERS[filters.order]).offset(offset).limit(limit)
    return session.scalars(page).all(), total


def passing(filters: Filters) -> Select:
    """Selects the tickets that pass the filters, in no order."""
    query = select(Ticket)
    for name in ("status", "kind", "urgency", "queue"):
        if values := getattr(filters, name):
            query = query.where(getattr(Ticket, name).in_(values))
    if text := filters.text.strip():
        normal = numbers.normal_number(text)
        ends = (
            Ticket.number.endswith(normal, autoescape=True) if len(normal) >= 4 else Ticket.number == normal
        )
        query = query.where(or_(ends, Ticket.phone == text, Ticket.customer == text))
    return query


def get(session: Session, number: str) -> Ticket:
    """The ticket of that number, whosever it is.

    Raises:
        NoSuchTicket: There is none.
    """
    ticket = session.scalar(select(Ticket).filter_by(number=numbers.normal_number(number)))
    if ticket is None:
        raise NoSuchTicket(number)
    return ticket


def of_customer(session: Session, conversations: Collection[str], limit: int = 50) -> list[Ticket]:
    """The newest tickets of one customer over all their conversations."""
    query = select(Ticket).where(Ticket.customer.in_(conversations))
    return session.scalars(query.order_by(Ticket.id.desc()).limit(limit)).all()


def next_steps(ticket: Ticket) -> list[str]:
    """Where a colleague may move a ticket now."""
    return [step for step in STEPS if ticket.status in TRANSITIONS[step] and step != ticket.status]
