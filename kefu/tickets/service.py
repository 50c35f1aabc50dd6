"""Use cases of tickets. A customer reaches only what is theirs: every look-up names the customer.

``customer`` is the identity that speaks (`kefu.customers`). A ticket remembers the one that opened it, and is
found by all that are linked with that one; when the link is undone it stays with it.

Every change names the message that asks for it (``request_key``): handled again, it changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import TypeVar

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import Select

from kefu.customers import profile
from kefu.customers.learning import TICKET
from kefu.customers.service import circle_query, phone_of
from kefu.db import session_scope, today, utcnow
from kefu.events import record_once
from kefu.knowledge.schema import TICKET_KINDS, URGENCIES
from kefu.knowledge.service import is_product
from kefu.tickets import numbers
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.routing import MOODS
from kefu.tickets.steps import CLOCK, OWNER, RATING, begin_again, note, raise_to_supervisor, set_route, take

#: Urging again within this time is noted once.
URGE_PAUSE = timedelta(minutes=30)
#: A rating up to this is made good, where the work was over for no longer than this.
LOW_RATING, STILL_FRESH = 2, timedelta(days=30)
#: For so long a ticket that was offered may be filled in until the time said with the offer is said anew.
PROMISED = timedelta(minutes=15)
#: Kinds of tickets about a thing that the customer has.
_HAVING = frozenset({"repair", "return", "exchange", "refund"})

#: How often a customer's change may be overtaken by others'.
_TRIES = 5

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
        told: The state that the customer knows of; empty: that it was opened they have yet to be told.
        since: When the customer was told by when somebody contacts them (UTC), if they were: within
            `PROMISED` the ticket's clock runs from there, so that the same time still holds.
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
    told: str = "new"
    since: datetime | None = None

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

    @property
    def begun(self) -> datetime:
        """From when the ticket's clock runs (UTC)."""
        now = utcnow()
        return self.since if self.since and now - PROMISED < self.since <= now else now


def _if_overtaken_again(use_case: _UseCase) -> _UseCase:
    """Tries again when another transaction came first; the next time sees what that one did.

    It was the same message handled twice at once, a colleague at the same ticket, or the day's first number.
    """

    @wraps(use_case)
    def tried(*args, **kwargs):
        for _ in range(_TRIES - 1):
            try:
                return use_case(*args, **kwargs)
            except WrongState:
                break  # perhaps by this very message, handled elsewhere at this moment: then it is known now
            except (IntegrityError, StaleDataError):
                continue
        return use_case(*args, **kwargs)

    return tried


@_if_overtaken_again
def open_ticket(request: TicketRequest) -> Ticket:
    """Opens a ticket, or returns the one that the same request opened before."""
    with session_scope() as session:
        opened = session.scalar(select(Ticket).filter_by(request_key=request.request_key))
        if opened:
            return opened
        number = numbers.issue(session, numbers.TICKET, today())
        told = {name: value for name, value in vars(request).items() if name != "since"}
        ticket = Ticket(number=number, opened_at=request.begun, **told)
        set_route(session, ticket)
        session.add(ticket)
        session.flush()
        note(
            session, ticket, "opened", request.request_key,
            category=ticket.category, urgency=ticket.urgency, queue=ticket.queue,
        )  # fmt: skip
        if ticket.kind in _HAVING and is_product(session, ticket.product):
            profile.tell(session, ticket.customer, "device", ticket.product, TICKET, f"ticket:{number}")
        return ticket


def find_ticket(customer: str, number: str | None = None) -> Ticket:
    """The customer's ticket of that number, or the one they touched last.

    Raises:
        NoSuchTicket: There is none.
    """
    with session_scope() as session:
        return _own(session, customer, number)


def list_tickets(customer: str, limit: int = 5) -> list[Ticket]:
    """The customer's newest tickets, without those that went on as another."""
    query = _of(customer).where(Ticket.merged_into.is_(None))
    with session_scope() as session:
        return list(session.scalars(query.order_by(Ticket.id.desc()).limit(limit)))


def unconfirmed(customer: str) -> list[Ticket]:
    """The customer's resolved tickets, the newest first: whether they are solved is still to be said."""
    query = _of(customer).where(Ticket.status == "resolved").order_by(Ticket.changed_at.desc(), Ticket.id)
    with session_scope() as session:
        return list(session.scalars(query))


def known_phone(customer: str) -> str | None:
    """The phone number of the customer: the one they left last, else the one they proved to be theirs."""
    query = _of(customer).where(Ticket.phone.is_not(None)).order_by(Ticket.id.desc()).limit(1)
    with session_scope() as session:
        last = session.scalar(query)
        return last.phone if last else phone_of(session, customer)


@_if_overtaken_again
def look_at(customer: str, number: str | None = None) -> Ticket:
    """The ticket, as `find_ticket`, for telling its customer where it stands: a late one is passed on.

    Raises:
        NoSuchTicket: There is none.
    """
    with session_scope() as session:
        ticket = _own(session, customer, number)
        _pass_on_if_late(session, ticket)
        return ticket


@_if_overtaken_again
def urge_ticket(
    request_key: str, customer: str, number: str | None = None, mood: str = "neutral"
) -> tuple[Ticket, bool]:
    """Notes that the customer presses, and in what mood; returns the ticket and whether this counted."""
    with session_scope() as session:
        if done := _done(session, "urged", request_key):
            return done, True
        if done := _done(session, "urged_again", request_key):
            return done, False
        ticket = _own(session, customer, number)
        _pass_on_if_late(session, ticket)
        last = next((line for line in reversed(ticket.notes) if line.kind == "urged"), None)
        if last and last.request_key == request_key:  # the same message, handled elsewhere just now
            return ticket, True
        if ticket.is_open and last and utcnow() - last.at < URGE_PAUSE:
            note(session, ticket, "urged_again", request_key)
            return ticket, False
        ticket.urged += 1
        ticket.mood = min(ticket.mood, mood, key=MOODS.index)  # the worst first
        take(session, ticket, "urged", OWNER, request_key, count=ticket.urged)
        set_route(session, ticket)
        return ticket, True


@_if_overtaken_again
def add_detail(
    request_key: str,
    customer: str,
    text: str,
    number: str | None = None,
    critical: bool = False,
    phone: str | None = None,
) -> Ticket:
    """Adds what the customer says to the ticket's history; who waited for it can go on.

    What tells of danger (``critical``) makes the ticket critical; ``phone`` is to be called from now on.
    """
    with session_scope() as session:
        if done := _done(session, "detail", request_key):
            return done
        ticket = _own(session, customer, number)
        take(session, ticket, "detail", OWNER, request_key, text)
        ticket.phone = phone or ticket.phone
        if critical:
            ticket.urgency = "critical"
            set_route(session, ticket)
        return ticket


@_if_overtaken_again
def cancel_ticket(request_key: str, customer: str, number: str | None = None) -> Ticket:
    """Withdraws a ticket that is not finished.

    Raises:
        WrongState: It is finished or withdrawn already.
    """
    with session_scope() as session:
        if done := _done(session, "cancelled", request_key):
            return done
        ticket = _own(session, customer, number)
        take(session, ticket, "cancelled", OWNER, request_key)
        return ticket


@_if_overtaken_again
def reopen_ticket(
    request_key: str, customer: str, text: str, number: str | None = None, critical: bool = False
) -> Ticket:
    """Takes up a finished ticket again, for the reason given; it goes back to the colleague who had it.

    A reason that tells of danger (``critical``) makes it critical.

    Raises:
        WrongState: It is still being worked on.
    """
    with session_scope() as session:
        if done := _done(session, "reopened", request_key):
            return done
        ticket = _own(session, customer, number)
        if critical:
            ticket.urgency = "critical"
        begin_again(session, ticket, OWNER, request_key, text)
        return ticket


@_if_overtaken_again
def confirm(request_key: str, customer: str, number: str | None = None) -> Ticket:
    """Closes a resolved ticket, because the customer says that it is solved; a closed one stays as it is.

    Raises:
        WrongState: It is still being worked on, or withdrawn.
    """
    with session_scope() as session:
        if done := _done(session, "closed", request_key):
            return done
        ticket = _own(session, customer, number)
        if ticket.status != "closed":
            take(session, ticket, "closed", OWNER, request_key)
        return ticket


@_if_overtaken_again
def rate(request_key: str, customer: str, rating: int, number: str | None = None) -> Ticket | None:
    """Records a rating from 1 to 5, on the customer's ticket if there is one.

    Points for a resolved ticket also say that it is solved, and close it. A low rating reopens a finished
    ticket and raises it to the supervisor, whoever is there at that hour: so the promise always holds, and
    somebody else than who did the work judges it.
    """
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
        fresh = utcnow() - ticket.changed_at < STILL_FRESH
        ticket.rating = rating
        take(session, ticket, "rated", OWNER, request_key, rating=rating)
        if rating <= LOW_RATING:
            _make_good(session, ticket, fresh)
        elif ticket.status == "resolved":
            take(session, ticket, "closed", OWNER)
        return ticket


def _make_good(session: Session, ticket: Ticket, fresh: bool) -> None:
    """Takes up again, at the supervisor's, what was rated badly; what was withdrawn stays so."""
    if ticket.status in ("resolved", "closed") and fresh:
        begin_again(session, ticket, RATING, by_somebody_else=True)
        ticket.told = ticket.status  # the answer to the rating tells it
    if ticket.is_open:
        raise_to_supervisor(session, ticket, RATING, why="rated")
        ticket.reserved = ticket.assignee_id is None


def _pass_on_if_late(session: Session, ticket: Ticket) -> None:
    if ticket.is_late(utcnow()):
        raise_to_supervisor(session, ticket, CLOCK, why="late")


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
    else:
        query = query.filter(Ticket.merged_into.is_(None))
    ticket = session.scalars(query.order_by(Ticket.changed_at.desc(), Ticket.id.desc()).limit(1)).first()
    if ticket is None:
        raise NoSuchTicket(number or "any")
    # One that was merged is looked up as the one that goes on, unless their customers have parted since.
    goes_on = ticket.merged_into and session.scalar(_of(customer).filter(Ticket.number == ticket.merged_into))
    return goes_on or ticket
