"""Routes on tickets: the list with its filters and kept views, one ticket, moving them on."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query
from pydantic import conlist, constr
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.models import Account, TicketView
from kefu.console.open.models import ApiToken
from kefu.console.refusals import Refusal, not_found
from kefu.conversations.ledger import Ledger
from kefu.customers import service as customers
from kefu.db import session_scope
from kefu.handoff import dispatch
from kefu.handoff.dispatch import NotGiven
from kefu.handoff.models import Agent
from kefu.knowledge.schema import TICKET_KINDS, URGENCIES
from kefu.tickets import assignment, progress, worklist
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.progress import ChangedMeanwhile
from kefu.tickets.service import NoSuchTicket
from kefu.tickets.steps import Actor
from kefu.tickets.worklist import Filters

router = APIRouter(prefix="/api")

MAX_PAGE, MAX_BULK, MAX_VIEWS, MAX_TEXT = 100, 200, 50, 1000
_ledger = Ledger()

#: Who does one of these with a ticket that nobody has is who had it.
_DONE = ("waiting", "resolved")

Step = Literal["in_progress", "waiting", "resolved", "closed", "cancelled", "reopened"]


class Seen(Body):
    """A ticket as the colleague saw it: if it has been changed since, they are told so and look again."""

    version: int


class Move(Seen):
    """Where a ticket goes, and what the customer is told with it: what is missing, or how it was solved."""

    status: Step
    text: constr(strip_whitespace=True, max_length=MAX_TEXT) = ""


class Words(Seen):
    """What is written on a ticket."""

    text: constr(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)


class Correction(Seen):
    """What a ticket is, as it proves to be."""

    kind: Literal[tuple(TICKET_KINDS)]
    urgency: Literal[tuple(URGENCIES)]


class Escalation(Seen):
    """Why a ticket is raised to the supervisor."""

    text: constr(strip_whitespace=True, max_length=1000) = ""


class Merge(Seen):
    """Which ticket goes on in its place."""

    into: constr(strip_whitespace=True, min_length=1, max_length=32)


class SeenTicket(Seen):
    """One of several tickets."""

    number: str


class Moves(Body):
    """Where several tickets go."""

    tickets: conlist(SeenTicket, min_items=1, max_items=MAX_BULK)
    status: Step
    text: constr(strip_whitespace=True, max_length=MAX_TEXT) = ""


class ViewFilters(Body):
    """The filters of a kept view."""

    status: list[str] = []
    kind: list[str] = []
    urgency: list[str] = []
    queue: list[str] = []
    assignee: constr(max_length=16) = ""
    due: list[str] = []
    escalated: bool = False
    text: constr(max_length=64) = ""
    order: str = "newest"


class NewView(Body):
    """A view to keep; one of the same name is replaced."""

    name: constr(strip_whitespace=True, min_length=1, max_length=32)
    filters: ViewFilters


@router.get("/tickets")
def list_tickets(
    status: list[str] = Query([]),
    kind: list[str] = Query([]),
    urgency: list[str] = Query([]),
    queue: list[str] = Query([]),
    assignee: str = Query("", max_length=16),
    due: list[str] = Query([]),
    escalated: bool = False,
    text: str = Query("", max_length=64),
    order: str = "newest",
    page: int = Query(1, ge=1, le=10_000),
    size: int = Query(20, ge=1, le=MAX_PAGE),
    me: Me = allowed("tickets"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """The tickets that pass the filters, a page of them; ``assignee=mine`` are one's own."""
    filters = _filters(
        me, status=status, kind=kind, urgency=urgency, queue=queue, assignee=assignee, due=due,
        escalated=escalated, text=text, order=order,
    )  # fmt: skip
    found, total = worklist.find(session, filters, (page - 1) * size, size)
    known = names(session)
    return {"tickets": [views.ticket(item, me.role, known, me.agent_id) for item in found], "total": total}


@router.get("/tickets/{number}")
def one_ticket(number: str, me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """One ticket with its time line."""
    return whole(session, me, progress.get(session, number))


@router.post("/tickets/{number}/progress")
def move_ticket(
    number: str, move: Move, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Moves a ticket on; its customer is told."""
    return whole(session, me, _move(session, me, number, move))


@router.post("/tickets/{number}/reply")
def reply_on_ticket(number: str, words: Words, me: Me = allowed("tickets")) -> dict[str, Any]:
    """Writes to the ticket's customer, on the channel that they wrote on last; the time line keeps it."""
    with session_scope() as session:
        ticket = progress.get(session, number, words.version)
        customer, case = ticket.customer, {"number": ticket.number, "status": ticket.status}

    def once(session: Session) -> bool:
        _check_theirs(progress.get(session, number), me)
        progress.reply(session, number, words.text, actor(me), words.version)
        accounts.audit(session, me, "ticket.replied", f"ticket:{case['number']}")
        return True

    _ledger.push(customer, {"text": words.text, "agent": {"name": me.name}, "case": case}, once)
    with session_scope() as session:
        return whole(session, me, progress.get(session, number))


@router.post("/tickets/{number}/comment")
def comment_on_ticket(
    number: str, words: Words, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Tells colleagues something about a ticket; its customer never hears of it."""
    ticket = progress.comment(session, number, words.text, actor(me), words.version)
    accounts.audit(session, me, "ticket.commented", f"ticket:{ticket.number}")
    return whole(session, me, ticket)


@router.post("/tickets/{number}/correct")
def correct_ticket(
    number: str, right: Correction, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Sets right what a ticket is; it is routed anew."""
    _check_theirs(progress.get(session, number), me)
    ticket = progress.correct(session, number, right.kind, right.urgency, actor(me), right.version)
    accounts.audit(session, me, "ticket.corrected", f"ticket:{ticket.number}")
    return whole(session, me, ticket)


@router.post("/tickets/{number}/escalate")
def escalate_ticket(
    number: str, why: Escalation, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Raises a ticket to the supervisor; it comes earlier from now on."""
    ticket = progress.escalate(session, number, actor(me), why.text, why.version)
    accounts.audit(session, me, "ticket.escalated", f"ticket:{ticket.number}")
    return whole(session, me, ticket)


@router.post("/tickets/{number}/merge")
def merge_ticket(
    number: str, merge: Merge, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Lets another ticket of the same customer go on in its place; gives that one."""
    _check_theirs(progress.get(session, number), me)
    other = progress.merge(session, number, merge.into, actor(me), merge.version)
    accounts.audit(session, me, "ticket.merged", f"ticket:{number}", into=other.number)
    return whole(session, me, other)


@router.post("/tickets/bulk")
def move_tickets(moves: Moves, me: Me = allowed("tickets")) -> dict[str, Any]:
    """Moves several tickets on, each by itself: those whose state does not allow it are named."""
    moved, refused = [], []
    for seen in {seen.number: seen for seen in moves.tickets}.values():
        try:
            with session_scope() as session:
                move = Move(version=seen.version, status=moves.status, text=moves.text)
                _move(session, me, seen.number, move)
            moved.append(seen.number)
        except WrongState as error:
            refused.append({"number": seen.number, "code": "wrong_state", "status": error.status})
        except (ChangedMeanwhile, StaleDataError):
            refused.append({"number": seen.number, "code": "changed_meanwhile"})
        except NoSuchTicket:
            refused.append({"number": seen.number, "code": "not_found"})
        except NotGiven as error:
            refused.append({"number": seen.number, "code": str(error)})
        except Refusal as error:
            refused.append({"number": seen.number, "code": error.code})
    return {"moved": moved, "refused": refused}


@router.get("/ticket-views")
def list_views(me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """One's own kept views."""
    found = session.scalars(select(TicketView).filter_by(account_id=me.id).order_by(TicketView.id))
    return {"views": [{"id": view.id, "name": view.name, "filters": view.filters} for view in found]}


@router.post("/ticket-views")
def keep_view(new: NewView, me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """Keeps filters under a name."""
    _filters(me, **new.filters.dict())
    kept = session.scalars(select(TicketView).filter_by(account_id=me.id)).all()
    view = next((one for one in kept if one.name == new.name), None)
    if view is None:
        if len(kept) >= MAX_VIEWS:
            raise Refusal(422, "too_many", f"No more than {MAX_VIEWS} views can be kept.", "name")
        view = TicketView(account_id=me.id, name=new.name)
        session.add(view)
    view.filters = new.filters.dict()
    session.flush()
    return {"view": {"id": view.id, "name": view.name, "filters": view.filters}}


@router.delete("/ticket-views/{view_id}")
def drop_view(view_id: int, me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """Forgets one of one's own views."""
    view = session.get(TicketView, view_id)
    if view is None or view.account_id != me.id:
        raise not_found("view")
    session.delete(view)
    return {}


def _filters(me: Me, assignee: str, **given) -> Filters:
    if assignee == "mine":
        assignee = str(me.agent_id)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    try:
        return Filters(assignee=assignee, **values)
    except ValueError as error:
        raise Refusal(422, "invalid", str(error), str(error).partition(":")[0]) from None


def _move(session: Session, me: Me, number: str, move: Move) -> Ticket:
    ticket, step = progress.get(session, number, move.version), move.status
    _check_theirs(ticket, me)
    nobodys = assignment.is_unassigned(ticket)
    if nobodys and step == "in_progress":  # who begins with it has to be there, and to have room
        dispatch.give(session, ticket, me.agent_id, actor(me), "taken")
    progress.move(session, number, step, actor(me), text=move.text)
    if nobodys and step in _DONE:
        assignment.adopt(ticket, me.agent_id)
    accounts.audit(session, me, "ticket.moved", f"ticket:{ticket.number}", status=step)
    return ticket


def _check_theirs(ticket: Ticket, me: Me) -> None:
    if not assignment.may_work(ticket, me.role, me.agent_id):
        raise Refusal(403, "not_yours", "A colleague has this ticket, or it waits for a supervisor.")


def actor(me: Me) -> Actor:
    """Who is logged in, as who takes a step."""
    return Actor(me.role, f"account:{me.id}", me.name)


def whole(session: Session, me: Me, ticket: Ticket) -> dict[str, Any]:
    """One ticket with its time line, as an answer."""
    session.flush()  # gives it its new version
    merged = worklist.merged_into(session, ticket.number)
    theirs = worklist.of_customer(session, customers.circle(session, ticket.customer))
    others = [one for one in theirs if one.is_open and one is not ticket]
    return {"ticket": views.whole_ticket(ticket, me.role, merged, names(session), me.agent_id, others)}


def names(session: Session) -> dict[str, str]:
    """The names of all who work on tickets, by ``account:7`` and ``agent:7``; systems by ``token:7``."""
    kinds = {"account": Account, "agent": Agent, "token": ApiToken}
    return {
        f"{kind}:{id_}": name
        for kind, table in kinds.items()
        for id_, name in session.execute(select(table.id, table.name))
    }
