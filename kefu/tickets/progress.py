"""What colleagues, and the clock, do with a ticket, and that its customer is told so once."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from kefu.customers.service import circle
from kefu.db import utcnow
from kefu.knowledge.schema import URGENCIES
from kefu.tickets import clocks
from kefu.tickets.lifecycle import NEED_WORDS, WordsMissing
from kefu.tickets.models import Ticket
from kefu.tickets.numbers import normal_number
from kefu.tickets.routing import MOODS
from kefu.tickets.service import NoSuchTicket
from kefu.tickets.steps import Actor, begin_again, raise_to_supervisor, set_route, take

#: So many of a number's last characters tell it among one customer's.
_TAIL = 4


class ChangedMeanwhile(Exception):
    """The ticket is no longer what the colleague saw."""


class OtherCustomer(ValueError):
    """Two tickets are not of one customer."""


def get(session: Session, number: str, version: int | None = None) -> Ticket:
    """The ticket of that number, whosever it is.

    Args:
        session: The caller's transaction.
        number: As typed.
        version: Which of its states the caller saw.

    Raises:
        NoSuchTicket: There is none.
        ChangedMeanwhile: It has been changed since.
    """
    ticket = session.scalar(select(Ticket).filter_by(number=normal_number(number)))
    if ticket is None:
        raise NoSuchTicket(number)
    if version is not None and version != ticket.version:
        raise ChangedMeanwhile(number)
    return ticket


def move(
    session: Session, number: str, name: str, actor: Actor, version: int | None = None, text: str = ""
) -> Ticket:
    """Takes a step that leads to another state and needs nothing else (all but ``merged``).

    Args:
        session: The caller's transaction.
        number: The ticket's number.
        name: Of the step.
        actor: Who takes it.
        version: What the colleague saw; ``None``: whatever it is.
        text: What the customer is told with it; what they have to answer, where it shall wait for them.

    Raises:
        NoSuchTicket: There is none of that number.
        WordsMissing: It shall wait for the customer, who is not asked for anything.
        NotAllowed: The actor's role never takes the step.
        WrongState: The ticket's state does not allow it.
        ChangedMeanwhile: It has been changed since the colleague saw it.
    """
    if name in NEED_WORDS and not text.strip():
        raise WordsMissing(name)
    ticket = get(session, number, version)
    (begin_again if name == "reopened" else partial(take, name=name))(session, ticket, actor=actor, text=text)
    return ticket


def escalate(
    session: Session, number: str, actor: Actor, text: str = "", version: int | None = None
) -> Ticket:
    """Raises a ticket to the supervisor, for the reason given.

    Raises:
        NoSuchTicket, NotAllowed, WrongState, ChangedMeanwhile: See `move`.
    """
    ticket = get(session, number, version)
    raise_to_supervisor(session, ticket, actor, text)
    return ticket


def reply(session: Session, number: str, text: str, actor: Actor, version: int | None = None) -> Ticket:
    """Notes what a colleague writes to the customer; who sends it does so in the same transaction.

    Raises:
        NoSuchTicket, NotAllowed, WrongState, ChangedMeanwhile: See `move`.
    """
    ticket = get(session, number, version)
    take(session, ticket, "reply", actor, text=text)
    clocks.answered(ticket)
    return ticket


def comment(session: Session, number: str, text: str, actor: Actor, version: int | None = None) -> Ticket:
    """Notes what colleagues tell each other; the customer never hears of it.

    Raises:
        NoSuchTicket, NotAllowed, WrongState, ChangedMeanwhile: See `move`.
    """
    ticket = get(session, number, version)
    take(session, ticket, "comment", actor, text=text)
    return ticket


def correct(
    session: Session, number: str, kind: str, urgency: str, actor: Actor, version: int | None = None
) -> Ticket:
    """Sets right what a ticket is; it is routed anew, and whoever has it keeps it.

    Args:
        session: The caller's transaction.
        number: The ticket's number.
        kind: One of `TICKET_KINDS`.
        urgency: One of `URGENCIES`.
        actor: Who says so.
        version: See `get`.

    Raises:
        NoSuchTicket, NotAllowed, WrongState, ChangedMeanwhile: See `move`.
    """
    ticket = get(session, number, version)
    wanted = {"kind": kind, "urgency": urgency}
    changes = [
        [name, getattr(ticket, name), value]
        for name, value in wanted.items()
        if value != getattr(ticket, name)
    ]
    if changes:
        take(session, ticket, "corrected", actor, changes=changes)
        ticket.kind, ticket.urgency = kind, urgency
        set_route(session, ticket)
    return ticket


def merge(session: Session, number: str, into: str, actor: Actor, version: int | None = None) -> Ticket:
    """Lets another ticket of the same customer go on in the place of this one; returns the other.

    Both keep their history. The other is as urgent as the more urgent of them, and takes over the phone.

    Raises:
        OtherCustomer: They are not of one customer, or are the same.
        NoSuchTicket, NotAllowed, WrongState, ChangedMeanwhile: See `move`; the other must be open, too.
    """
    ticket = get(session, number, version)
    theirs = circle(session, ticket.customer)
    other = _named(session, into, theirs)
    if other is ticket or other.customer not in theirs:
        raise OtherCustomer(into)
    take(session, ticket, "merged", actor, into=other.number)
    take(session, other, "joined", actor, **{"from": ticket.number})
    # Who was led here is led on: one step always leads to the ticket that goes on.
    before = update(Ticket).where(Ticket.merged_into == ticket.number).values(merged_into=other.number)
    session.execute(before.execution_options(synchronize_session=False))
    ticket.merged_into = other.number
    other.urgency = min(ticket.urgency, other.urgency, key=URGENCIES.index)
    other.phone = other.phone or ticket.phone
    other.urged += ticket.urged
    other.mood = min(ticket.mood, other.mood, key=MOODS.index)  # the worst first
    set_route(session, other)
    if ticket.escalated_at is not None:
        raise_to_supervisor(session, other, actor)
    return other


def _named(session: Session, number: str, customers: list[str]) -> Ticket:
    """The ticket of that number, or the one of these customers' that ends so.

    Raises:
        NoSuchTicket: There is none, or more than one.
    """
    try:
        return get(session, number)
    except NoSuchTicket:
        normal = normal_number(number)
        ends = Ticket.number.endswith(normal, autoescape=True)
        found = session.scalars(select(Ticket).where(Ticket.customer.in_(customers), ends).limit(2)).all()
        if len(found) != 1 or len(normal) < _TAIL:
            raise
        return found[0]


def untold(session: Session, limit: int = 100) -> list[Ticket]:
    """Tickets in a state of which their customer is to be told now, the longest unchanged first."""
    query = select(Ticket).where(Ticket.told != Ticket.status, due()).order_by(Ticket.changed_at)
    return list(session.scalars(query.limit(limit)))


def due() -> Any:
    """The condition that a ticket's customer may be told of it now."""
    return or_(Ticket.tell_at.is_(None), Ticket.tell_at <= utcnow())


def hold(session: Session, ticket: Ticket, until: datetime) -> None:
    """Lets what the customer is to be told of a ticket wait, unless it has gone on meanwhile."""
    seen = (Ticket.id == ticket.id, Ticket.version == ticket.version)
    held = update(Ticket).where(*seen).values(tell_at=until, changed_at=Ticket.changed_at)
    session.execute(held.execution_options(synchronize_session=False))


def tell(session: Session, ticket: Ticket) -> bool:
    """Notes that the customer is told of the ticket's state; ``False`` if somebody else has just done so.

    To be told that it is resolved is to be asked whether it is.
    """
    here = (Ticket.id == ticket.id, Ticket.status == ticket.status, Ticket.told != Ticket.status)
    asked = {"asked_at": utcnow()} if ticket.status == "resolved" else {}
    told = update(Ticket).where(*here).values(told=ticket.status, changed_at=Ticket.changed_at, **asked)
    return session.execute(told.execution_options(synchronize_session=False)).rowcount == 1
