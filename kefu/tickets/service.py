"""Use cases of tickets. A customer reaches only what is theirs: every look-up names the customer.

``customer`` is the identity that speaks (`kefu.customers`). A ticket remembers the one that opened it, and is
found by all that are linked with that one; when the link is undone it stays with it.

Every change names the message that asks for it (``request_key``): handled again, it changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import Select

from kefu.customers.service import circle_query, level_of
from kefu.db import session_scope, today, utcnow
from kefu.events import record, record_once
from kefu.knowledge.schema import TICKET_KINDS, URGENCIES
from kefu.tickets import numbers
from kefu.tickets.models import Ticket, TicketNote, WrongState
from kefu.tickets.routing import MOODS, Case, route

#: Urging again within this time is noted once.
URGE_PAUSE = timedelta(minutes=30)

_UseCase = TypeVar("_UseCase", bound=Callable)


class NoSuchTicket(LookupError):
    """The customer has no such ticket, whether or not anyone else has."""


@dataclass(frozen=True)
class TicketRequest:
    """What a customer asks to have done.

    Attributes:
        request_key: The same for a repeated request; see `Ticket.request_key`.
        kind: One of `TICKET_KINDS`.
        urgency: One of `URGENCIES`.
        mood: One of `MOODS`: how the customer feels.
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
    mood: str = "neutral"

    def __post_init__(self) -> None:
        """Refuses what no ticket can hold, naming the field."""
        if self.kind not in TICKET_KINDS:
            raise ValueError(f"kind: {self.kind!r} is not one of {', '.join(TICKET_KINDS)}")
        if self.urgency not in URGENCIES:
            raise ValueError(f"urgency: {self.urgency!r} is not one of {', '.join(URGENCIES)}")
        if self.mood not in MOODS:
            raise ValueError(f"mood: {self.mood!r} is not one of {', '.join(MOODS)}")
        if not self.description.strip():
            raise ValueError("description: is empty")


def _once_more(use_case: _UseCase) -> _UseCase:
    """Tries again when another transaction came first; the second time sees what that one did.

    It was the same message handled twice at once, a colleague at the same ticket, or the day's first number.
    """

    @wraps(use_case)
    def tried(*args, **kwargs):
        try:
            return use_case(*args, **kwargs)
        except (IntegrityError, StaleDataError, WrongState):
            return use_case(*args, **kwargs)

    return tried


@_once_more
def open_ticket(request: TicketRequest) -> Ticket:
    """Opens a ticket, or returns the one that the same request opened before."""
    with session_scope() as session:
        opened = session.scalar(select(Ticket).filter_by(request_key=request.request_key))
        if opened:
            return opened
        number = numbers.issue(session, numbers.TICKET, today())
        ticket = Ticket(number=number, opened_at=utcnow(), **vars(request))
        _route(session, ticket)
        session.add(ticket)
        session.flush()
        category, urgency = ticket.category, ticket.urgency
        _note(
            session, ticket, "opened", request.request_key,
            category=category, urgency=urgency, queue=ticket.queue,
        )  # fmt: skip
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
        return list(session.scalars(_of(customer).order_by(Ticket.id.desc()).limit(limit)))


@_once_more
def urge_ticket(
    request_key: str, customer: str, number: str | None = None, mood: str = "neutral"
) -> tuple[Ticket, bool]:
    """Notes that the customer presses, and in what mood; returns the ticket and whether this counted."""
    with session_scope() as session:
        if done := _done(session, "urged", request_key):
            return done, True
        ticket = _own(session, customer, number)
        ticket.must_be_open()
        last = next((note for note in reversed(ticket.notes) if note.kind == "urged"), None)
        if last and utcnow() - last.at < URGE_PAUSE:
            return ticket, False
        ticket.urged += 1
        ticket.mood = min(ticket.mood, mood, key=MOODS.index)  # the worst first
        _route(session, ticket)
        _note(session, ticket, "urged", request_key, count=ticket.urged)
        return ticket, True


@_once_more
def add_detail(request_key: str, customer: str, text: str, number: str | None = None) -> Ticket:
    """Adds what the customer says to the ticket's history."""
    with session_scope() as session:
        if done := _done(session, "detail", request_key):
            return done
        ticket = _own(session, customer, number)
        ticket.must_be_open()
        ticket.changed_at = utcnow()
        _note(session, ticket, "detail", request_key, text)
        return ticket


@_once_more
def cancel_ticket(request_key: str, customer: str, number: str | None = None) -> Ticket:
    """Withdraws a ticket that is not finished.

    Raises:
        WrongState: It is finished or withdrawn already.
    """
    with session_scope() as session:
        if done := _done(session, "cancelled", request_key):
            return done
        ticket = _own(session, customer, number)
        ticket.move("cancelled")
        ticket.told = ticket.status
        _note(session, ticket, "cancelled", request_key)
        return ticket


@_once_more
def reopen_ticket(request_key: str, customer: str, text: str, number: str | None = None) -> Ticket:
    """Takes up a finished ticket again, for the reason given.

    Raises:
        WrongState: It is still being worked on.
    """
    with session_scope() as session:
        if done := _done(session, "reopened", request_key):
            return done
        ticket = _own(session, customer, number)
        ticket.move("new")
        ticket.told = ticket.status
        _note(session, ticket, "reopened", request_key, text)
        return ticket


@_once_more
def rate(request_key: str, customer: str, rating: int, number: str | None = None) -> Ticket | None:
    """Records a rating from 1 to 5, on the customer's ticket if there is one."""
    if not 1 <= rating <= 5:
        raise ValueError(f"rating: {rating} is not between 1 and 5")
    with session_scope() as session:
        if done := _done(session, "rated", request_key):
            return done
        try:
            ticket = _own(session, customer, number)
        except NoSuchTicket:
            record_once(session, "service.rated", request_key, customer, rating=rating)
            return None
        ticket.rating = rating
        _note(session, ticket, "rated", request_key, rating=rating)
        return ticket


def _route(session: Session, ticket: Ticket) -> None:
    case = Case(
        kind=ticket.kind,
        urgency=ticket.urgency,
        line=ticket.line,
        function=ticket.function,
        problem_type=ticket.problem_type,
        level=level_of(session, ticket.customer),
        channel=ticket.channel,
        mood=ticket.mood,
        urged=ticket.urged or 0,  # not stored yet: nothing
        text=ticket.description,
        at=ticket.opened_at,
    )
    for name, value in vars(route(case)).items():
        setattr(ticket, name, list(map(list, value)) if name == "reasons" else value)


def _done(session: Session, kind: str, request_key: str) -> Ticket | None:
    """The ticket that the same message was noted on before; its key carries the customer's id."""
    noted = select(TicketNote.ticket_id).where(TicketNote.kind == kind, TicketNote.request_key == request_key)
    return session.get(Ticket, session.scalar(noted) or 0)


def _of(customer: str) -> Select:
    """Selects the tickets of the customer whom ``customer`` is one identity of."""
    return select(Ticket).where(or_(Ticket.customer == customer, Ticket.customer.in_(circle_query(customer))))


def _own(session: Session, customer: str, number: str | None) -> Ticket:
    query = _of(customer)
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


def _note(session: Session, ticket: Ticket, kind: str, request_key: str, text: str = "", **data) -> None:
    ticket.notes.append(TicketNote(kind=kind, text=text, data=data, request_key=request_key))
    record(session, f"ticket.{kind}", ticket.customer, ticket=ticket.number, kind=ticket.kind, **data)
