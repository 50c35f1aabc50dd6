"""Use cases of tickets. A customer reaches only what is theirs: every look-up names the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.events import record
from kefu.tickets import numbers
from kefu.tickets.models import KINDS, URGENCIES, Ticket, TicketNote

#: Urging again within this time is noted once.
URGE_PAUSE = timedelta(minutes=30)


class NoSuchTicket(LookupError):
    """The customer has no such ticket, whether or not anyone else has."""


@dataclass(frozen=True)
class TicketRequest:
    """What a customer asks to have done.

    Attributes:
        request_key: The same for a repeated request; see `Ticket.request_key`.
        kind: One of `KINDS`.
        urgency: One of `URGENCIES`.
    """

    request_key: str
    customer: str
    channel: str
    kind: str
    urgency: str
    description: str
    phone: str | None = None
    product: str | None = None
    line: str | None = None
    function: str | None = None
    problem_type: str | None = None

    def __post_init__(self) -> None:
        """Refuses what no ticket can hold, naming the field."""
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} is not one of {', '.join(KINDS)}")
        if self.urgency not in URGENCIES:
            raise ValueError(f"urgency: {self.urgency!r} is not one of {', '.join(URGENCIES)}")
        if not self.description.strip():
            raise ValueError("description: is empty")


def open_ticket(request: TicketRequest) -> Ticket:
    """Opens a ticket, or returns the one that the same request opened before."""
    try:
        return _open(request)
    except IntegrityError:  # at this very moment: the same request again, or the day's first number
        return _open(request)


def _open(request: TicketRequest) -> Ticket:
    with session_scope() as session:
        opened = session.scalar(select(Ticket).filter_by(request_key=request.request_key))
        if opened:
            return opened
        today = utcnow().replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(settings().company_timezone))
        ticket = Ticket(number=numbers.issue(session, numbers.TICKET, today.date()), **vars(request))
        session.add(ticket)
        session.flush()
        _note(session, ticket, "opened", category=ticket.category, urgency=ticket.urgency)
        return ticket


def find_ticket(customer: str, number: str | None = None) -> Ticket:
    """The customer's ticket of that number, or the one they touched last.

    Raises:
        NoSuchTicket: There is none.
    """
    with session_scope() as session:
        return _own(session, customer, number)


def list_tickets(customer: str, limit: int = 5) -> list[Ticket]:
    """The customer's newest tickets."""
    with session_scope() as session:
        query = select(Ticket).filter_by(customer=customer).order_by(Ticket.id.desc()).limit(limit)
        return list(session.scalars(query))


def urge_ticket(customer: str, number: str | None = None) -> tuple[Ticket, bool]:
    """Notes that the customer presses; returns the ticket and whether this counted."""
    with session_scope() as session:
        ticket = _own(session, customer, number)
        ticket.must_be_open()
        last = next((note for note in reversed(ticket.notes) if note.kind == "urged"), None)
        if last and utcnow() - last.at < URGE_PAUSE:
            return ticket, False
        ticket.urged += 1
        _note(session, ticket, "urged", count=ticket.urged)
        return ticket, True


def add_detail(customer: str, text: str, number: str | None = None) -> Ticket:
    """Adds what the customer says to the ticket's history."""
    with session_scope() as session:
        ticket = _own(session, customer, number)
        ticket.must_be_open()
        ticket.changed_at = utcnow()
        _note(session, ticket, "detail", text)
        return ticket


def cancel_ticket(customer: str, number: str | None = None) -> Ticket:
    """Withdraws a ticket that is not finished.

    Raises:
        WrongState: It is finished or withdrawn already.
    """
    with session_scope() as session:
        ticket = _own(session, customer, number)
        ticket.move("cancelled")
        _note(session, ticket, "cancelled")
        return ticket


def reopen_ticket(customer: str, text: str, number: str | None = None) -> Ticket:
    """Takes up a finished ticket again, for the reason given.

    Raises:
        WrongState: It is still being worked on.
    """
    with session_scope() as session:
        ticket = _own(session, customer, number)
        ticket.move("new")
        _note(session, ticket, "reopened", text)
        return ticket


def rate(customer: str, rating: int, number: str | None = None) -> Ticket | None:
    """Records a rating from 1 to 5, on the customer's ticket if there is one."""
    if not 1 <= rating <= 5:
        raise ValueError(f"rating: {rating} is not between 1 and 5")
    with session_scope() as session:
        try:
            ticket = _own(session, customer, number)
        except NoSuchTicket:
            record(session, "service.rated", customer, rating=rating)
            return None
        ticket.rating = rating
        _note(session, ticket, "rated", rating=rating)
        return ticket


def company_time(moment: datetime) -> datetime:
    """A time from the database in the company's zone, for showing."""
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(settings().company_timezone))


def _own(session: Session, customer: str, number: str | None) -> Ticket:
    query = select(Ticket).filter_by(customer=customer)
    if number:
        normal = numbers.normal_number(number)
        # Customers also give the last digits only; among their own tickets these tell.
        whole = normal.startswith(numbers.TICKET)
        query = query.filter(
            Ticket.number == normal if whole else Ticket.number.endswith(normal, autoescape=True)
        )
    ticket = session.scalars(query.order_by(Ticket.changed_at.desc(), Ticket.id.desc()).limit(1)).first()
    if ticket is None:
        raise NoSuchTicket(number or "any")
    return ticket


def _note(session: Session, ticket: Ticket, kind: str, text: str = "", **data) -> None:
    ticket.notes.append(TicketNote(kind=kind, text=text, data=data))
    record(session, f"ticket.{kind}", ticket.customer, ticket=ticket.number, kind=ticket.kind, **data)
