"""How a ticket goes on, and that its customer is told so once."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kefu.db import session_scope
from kefu.events import record
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.service import NoSuchTicket


def progress(number: str, status: str, by: str, version: int | None = None) -> Ticket:
    """Moves a ticket on, as the colleague ``by`` who works on it does.

    Args:
        number: The ticket's number.
        status: ``assigned``, ``in_progress``, ``waiting``, ``resolved`` or ``closed``.
        by: Id of the colleague.
        version: The ticket's version that they have seen, if it must still be that one.

    Raises:
        NoSuchTicket: There is none of that number.
        StaleDataError: It has another version, or another transaction came first.
        WrongState: The ticket's state does not lead there.
    """
    with session_scope() as session:
        ticket = session.scalar(select(Ticket).filter_by(number=number))
        if ticket is None:
            raise NoSuchTicket(number)
        if version not in (None, ticket.version):
            raise StaleDataError(number)
        ticket.move(status)
        ticket.notes.append(TicketNote(kind=status, data={"by": by}))
        record(session, f"ticket.{status}", ticket.customer, ticket=number, kind=ticket.kind, by=by)
        return ticket


def untold(session: Session, limit: int = 100) -> list[Ticket]:
    """Tickets in a state that their customer was not told of, the longest unchanged first."""
    query = select(Ticket).where(Ticket.told != Ticket.status).order_by(Ticket.changed_at).limit(limit)
    return list(session.scalars(query))


def tell(session: Session, ticket: Ticket) -> bool:
    """Notes that the customer is told of the ticket's state; ``False`` if somebody else has just done so."""
    here = (Ticket.id == ticket.id, Ticket.status == ticket.status, Ticket.told != Ticket.status)
    told = update(Ticket).where(*here).values(told=ticket.status, changed_at=Ticket.changed_at)
    return session.execute(told.execution_options(synchronize_session=False)).rowcount == 1
