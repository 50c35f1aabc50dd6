"""How a ticket takes a step: as the table allows, noted in its history and in the event log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from kefu.customers.service import level_of
from kefu.db import utcnow
from kefu.events import record
from kefu.tickets import clocks
from kefu.tickets.lifecycle import CUSTOMER, SYSTEM
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.routing import FIRST, Case, route, rules


@dataclass(frozen=True)
class Actor:
    """Who takes a step.

    Attributes:
        role: One of `lifecycle.ROLES`.
        id: Of the colleague, or what part of the system it is; the customer's is the ticket's.
        name: Of the colleague, for the customer and for those who read the history.
    """

    role: str
    id: str = ""
    name: str = ""


#: The customer; and the system, when a time has passed or a rating was bad.
OWNER, CLOCK, RATING = Actor(CUSTOMER), Actor(SYSTEM, "clock"), Actor(SYSTEM, "rating")


def take(
    session: Session,
    ticket: Ticket,
    name: str,
    actor: Actor,
    request_key: str | None = None,
    text: str = "",
    **data,
) -> None:
    """Takes a step of `lifecycle.TABLE`.

    Args:
        session: The caller's transaction.
        ticket: The ticket.
        name: Of the step.
        actor: Who takes it.
        request_key: The message that asks for it, if one does.
        text: What was said; only the history keeps it.
        **data: What else the history and the event log say of it.

    Raises:
        NotAllowed: The actor's role never takes the step.
        WrongState: The ticket's state does not allow it.
    """
    before = ticket.status
    ticket.take(name, actor.role)
    if actor.role == CUSTOMER and ticket.status != before:
        ticket.told = ticket.status
    by = {"by": actor.id} if actor.id else {}
    if name == "detail" and ticket.status != before:  # it says more than its name
        data["status"] = ticket.status
    note(session, ticket, name, request_key, text, {"name": actor.name} if actor.name else {}, **by, **data)


def note(
    session: Session,
    ticket: Ticket,
    kind: str,
    request_key: str | None,
    text: str = "",
    private: dict | None = None,
    **data,
) -> None:
    """Adds a line to the history and a fact to the event log, which never has ``text`` and ``private``."""
    ticket.changed_at = utcnow()  # changes the row in any case, and so its version
    ticket.tell_at = None  # whether this may be told now is asked anew
    line = TicketNote(kind=kind, text=text, data={**data, **(private or {})}, request_key=request_key)
    ticket.notes.append(line)
    record(session, f"ticket.{kind}", ticket.customer, ticket=ticket.number, kind=ticket.kind, **data)


def begin_again(
    session: Session,
    ticket: Ticket,
    actor: Actor,
    request_key: str | None = None,
    text: str = "",
    by_somebody_else: bool = False,
) -> None:
    """Reopens a ticket: its clock runs anew, and who had it has it again, unless somebody else shall.

    Raises:
        NotAllowed, WrongState: See `take`.
    """
    holder = ticket.holder
    take(session, ticket, "reopened", actor, request_key, text)
    ticket.asked_at = ticket.reminded_at = ticket.escalated_at = None
    ticket.reserved = False
    set_route(session, ticket)
    if by_somebody_else:
        ticket.left_by, ticket.assignee_id = ticket.assignee_id, None
    elif holder:
        colleague = Actor(SYSTEM, holder.data.get("by", ""), holder.data.get("name", ""))
        known = {"to": f"agent:{ticket.assignee_id}", "why": "had_it"} if ticket.assignee_id else {}
        take(session, ticket, "assigned", colleague, **known)
        ticket.assigned_at = utcnow()
    if actor.role == CUSTOMER:
        ticket.told = ticket.status


def raise_to_supervisor(
    session: Session, ticket: Ticket, actor: Actor, text: str = "", why: str | None = None
) -> None:
    """Escalates a ticket; one that was raised already is left as it is.

    Raises:
        NotAllowed, WrongState: See `take`.
    """
    if ticket.escalated_at is not None:
        return
    take(session, ticket, "escalated", actor, text=text, **({"why": why} if why else {}))
    ticket.escalated_at = utcnow()
    set_route(session, ticket)


def set_route(session: Session, ticket: Ticket) -> None:
    """Routes a ticket by what is known of it now; one that was raised to the supervisor comes earlier."""
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
        at=ticket.reopened_at or ticket.opened_at,
    )
    decided = vars(route(case))
    if any(line.kind == "handed_on" for line in ticket.notes):
        del decided["queue"], decided["skill"]  # a colleague knew better
    for name, value in decided.items():
        setattr(ticket, name, list(map(list, value)) if name == "reasons" else value)
    if ticket.escalated_at is not None:
        ticket.priority = max(FIRST, ticket.priority - rules().deadlines.up)
    clocks.wind(ticket)
