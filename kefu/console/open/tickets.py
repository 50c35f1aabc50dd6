"""Routes of the open API on tickets."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

from fastapi import APIRouter, Header, Query, Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kefu.console import accounts, views
from kefu.console.guard import transaction
from kefu.console.open import paging, shapes
from kefu.console.open.customers import known
from kefu.console.open.guard import OpenRoute, request_key, scope
from kefu.console.open.tokens import Caller
from kefu.console.refusals import Refusal
from kefu.console.ticket_api import names
from kefu.customers import service as customers
from kefu.db import session_scope
from kefu.knowledge.schema import TICKET_KINDS, TICKET_STATUSES, URGENCIES
from kefu.tickets import progress, service, worklist
from kefu.tickets.lifecycle import SUPERVISOR
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.progress import ChangedMeanwhile
from kefu.tickets.steps import Actor

router = APIRouter(route_class=OpenRoute, tags=["tickets"])

_SEEN = Header(
    None, alias="If-Match", description="The ETag that was seen; 412 if the ticket has changed since."
)


@router.get("/tickets", response_model=shapes.Tickets)
def list_tickets(
    status: list[Literal[tuple(TICKET_STATUSES)]] = Query([], max_items=10),
    kind: list[Literal[tuple(TICKET_KINDS)]] = Query([], max_items=20),
    urgency: list[Literal[tuple(URGENCIES)]] = Query([], max_items=10),
    queue: list[str] = Query([], max_items=20, description="Names of `data/routing.yml`."),
    text: str = Query(
        "", max_length=64, regex="^[^\0]*$", description="A number or its end, or a phone number."
    ),
    customer: shapes.ConversationId | None = Query(None, description="Any of the customer's conversations."),
    changed_since: datetime | None = Query(None, description="Only those changed at or after this time."),
    order: Literal["newest", "oldest"] = "newest",
    limit: int = paging.limit(),
    cursor: str | None = paging.cursor(),
    caller: Caller = scope("tickets:read"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """The tickets that pass the filters, page by page."""
    try:
        filters = worklist.Filters(
            tuple(status), tuple(kind), tuple(urgency), tuple(queue), text=text, order=order
        )
    except ValueError as error:
        raise Refusal(422, "invalid", str(error), str(error).partition(":")[0]) from None
    query, after = worklist.passing(filters), paging.read(order, cursor)
    if customer is not None:
        query = query.where(Ticket.customer.in_(customers.circle(session, customer)))
    if changed_since is not None:
        since = _utc(changed_since)
        # What the clock did, too, which is no change to the customer.
        noted = select(TicketNote.ticket_id).where(TicketNote.at >= since)
        query = query.where(or_(Ticket.changed_at >= since, Ticket.id.in_(noted)))
    if after is not None:
        query = query.where(Ticket.id > after if order == "oldest" else Ticket.id < after)
    found = session.scalars(query.order_by(*worklist.ORDERS[order]).limit(limit + 1)).all()
    following = paging.write(order, found[limit - 1].id) if len(found) > limit else None
    known_names = names(session)
    return {"tickets": [_short(item, known_names) for item in found[:limit]], "next": following}


@router.get("/tickets/{number}", response_model=shapes.WholeTicket)
def one_ticket(
    number: shapes.Number,
    response: Response,
    caller: Caller = scope("tickets:read"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """One ticket with its time line; its version is the ETag."""
    return _whole(session, number, response)


@router.post("/tickets", status_code=201, response_model=shapes.WholeTicket)
def open_ticket(
    new: shapes.NewTicket,
    response: Response,
    caller: Caller = scope("tickets:write"),
    key: str = request_key(),
) -> dict[str, Any]:
    """Opens a ticket on behalf of a customer; the routing rules say who gets it."""
    with session_scope() as session:
        identity = known(session, new.customer)
        channel = customers.channel_of(session, identity)
    ticket = service.open_ticket(
        service.TicketRequest(key, channel=channel, **{**new.dict(), "customer": identity})
    )
    with session_scope() as session:
        accounts.audit(session, caller, "ticket.opened", f"ticket:{ticket.number}")
        return _whole(session, ticket.number, response)


@router.post("/tickets/{number}/details", status_code=201, response_model=shapes.WholeTicket)
def add_detail(
    number: shapes.Number,
    detail: shapes.Detail,
    response: Response,
    caller: Caller = scope("tickets:write"),
    key: str = request_key(),
) -> dict[str, Any]:
    """Adds to an open ticket what the customer has said elsewhere."""
    with session_scope() as session:
        ticket = progress.get(session, number)
    service.add_detail(key, ticket.customer, detail.text, ticket.number)
    with session_scope() as session:
        accounts.audit(session, caller, "ticket.detailed", f"ticket:{ticket.number}")
        return _whole(session, ticket.number, response)


@router.patch(
    "/tickets/{number}",
    response_model=shapes.WholeTicket,
    responses={412: {"model": shapes.Refused, "description": "It has changed since."}},
)
def move_ticket(
    number: shapes.Number,
    move: shapes.Move,
    response: Response,
    seen: str | None = _SEEN,
    caller: Caller = scope("tickets:write"),
) -> dict[str, Any]:
    """Moves a ticket on, with a supervisor's rights; its customer is told, ``waiting`` only with a text."""
    system = Actor(SUPERVISOR, f"token:{caller.token_id}", caller.name)
    try:
        with session_scope() as session:
            ticket = progress.move(session, number, move.status, system, _version(seen), move.text)
            accounts.audit(session, caller, "ticket.moved", f"ticket:{ticket.number}", status=move.status)
    except (ChangedMeanwhile, StaleDataError):
        if seen is None:
            raise
        raise Refusal(412, "changed_meanwhile", "The ticket has changed since.", "If-Match") from None
    with session_scope() as session:
        return _whole(session, number, response)


def _whole(session: Session, number: str, response: Response) -> dict[str, Any]:
    ticket = progress.get(session, number)
    response.headers["ETag"] = f'"{ticket.version}"'
    merged = worklist.merged_into(session, ticket.number)
    known_names = names(session)
    return {**views.whole_ticket(ticket, SUPERVISOR, merged, known_names), **_short(ticket, known_names)}


def _short(ticket: Ticket, known_names: dict[str, str]) -> dict[str, Any]:
    shown = views.ticket(ticket, SUPERVISOR, known_names)
    shown["assignee"] = None if shown["waits"] else shown["assignee"]
    steps = [step for step in shown["steps"] if step in shapes.STEPS]
    return {**shown, "steps": steps, "description": ticket.description, "version": ticket.version}


def _version(seen: str | None) -> int | None:
    if seen is None or seen.strip() == "*":
        return None
    text = seen.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and int(text) <= paging.MAX_ID):
        raise Refusal(412, "changed_meanwhile", "The ticket has another ETag.", "If-Match")
    return int(text)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise Refusal(422, "invalid", "changed_since: is out of range.", "changed_since") from None
