"""Routes on tickets: the list with its filters and kept views, one ticket, moving them on."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query
from pydantic import conlist, constr
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.models import Account, TicketView
from kefu.console.open.models import ApiToken
from kefu.console.refusals import Refusal, not_found
from kefu.db import session_scope
from kefu.tickets import worklist
from kefu.tickets.models import WrongState
from kefu.tickets.progress import progress
from kefu.tickets.service import NoSuchTicket
from kefu.tickets.worklist import Filters

router = APIRouter(prefix="/api")

MAX_PAGE, MAX_BULK, MAX_VIEWS = 100, 200, 50

Step = Literal["assigned", "in_progress", "waiting", "resolved", "closed"]


class Move(Body):
    """Where a ticket goes."""

    status: Step


class Moves(Body):
    """Where several tickets go."""

    numbers: conlist(str, min_items=1, max_items=MAX_BULK)
    status: Step


class ViewFilters(Body):
    """The filters of a kept view."""

    status: list[str] = []
    kind: list[str] = []
    urgency: list[str] = []
    queue: list[str] = []
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
    text: str = Query("", max_length=64),
    order: str = "newest",
    page: int = Query(1, ge=1, le=10_000),
    size: int = Query(20, ge=1, le=MAX_PAGE),
    me: Me = allowed("tickets"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """The tickets that pass the filters, a page of them."""
    filters = _filters(status=status, kind=kind, urgency=urgency, queue=queue, text=text, order=order)
    found, total = worklist.find(session, filters, (page - 1) * size, size)
    return {"tickets": [views.ticket(item) for item in found], "total": total}


@router.get("/tickets/{number}")
def one_ticket(number: str, me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """One ticket with its time line."""
    return {"ticket": views.whole_ticket(worklist.get(session, number), names(session))}


@router.post("/tickets/{number}/progress")
def move_ticket(number: str, move: Move, me: Me = allowed("tickets")) -> dict[str, Any]:
    """Moves a ticket on; its customer is told."""
    _move(number, move.status, me)
    with session_scope() as session:
        return {"ticket": views.whole_ticket(worklist.get(session, number), names(session))}


@router.post("/tickets/bulk")
def move_tickets(moves: Moves, me: Me = allowed("tickets")) -> dict[str, Any]:
    """Moves several tickets on, each by itself: those whose state does not allow it are named."""
    moved, refused = [], []
    for number in dict.fromkeys(moves.numbers):
        try:
            _move(number, moves.status, me)
            moved.append(number)
        except WrongState as error:
            refused.append({"number": number, "code": "wrong_state", "status": error.status})
        except NoSuchTicket:
            refused.append({"number": number, "code": "not_found"})
    return {"moved": moved, "refused": refused}


@router.get("/ticket-views")
def list_views(me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """One's own kept views."""
    found = session.scalars(select(TicketView).filter_by(account_id=me.id).order_by(TicketView.id))
    return {"views": [{"id": view.id, "name": view.name, "filters": view.filters} for view in found]}


@router.post("/ticket-views")
def keep_view(new: NewView, me: Me = allowed("tickets"), session: Session = transaction()) -> dict[str, Any]:
    """Keeps filters under a name."""
    _filters(**new.filters.dict())
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


def _filters(status, kind, urgency, queue, text, order) -> Filters:
    try:
        return Filters(tuple(status), tuple(kind), tuple(urgency), tuple(queue), text, order)
    except ValueError as error:
        raise Refusal(422, "invalid", str(error), str(error).partition(":")[0]) from None


def _move(number: str, status: str, me: Me) -> None:
    with session_scope() as session:
        number = worklist.get(session, number).number
    progress(number, status, f"account:{me.id}")
    with session_scope() as session:
        accounts.audit(session, me, "ticket.moved", f"ticket:{number}", status=status)


def names(session: Session) -> dict[str, str]:
    """Names of who works on tickets: colleagues, and other systems by their tokens."""
    found = {f"account:{id_}": name for id_, name in session.execute(select(Account.id, Account.name))}
    tokens = session.execute(select(ApiToken.id, ApiToken.name))
    return found | {f"token:{id_}": name for id_, name in tokens}
