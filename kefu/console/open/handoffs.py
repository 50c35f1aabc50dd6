"""Routes of the open API on takeovers: which there are, asking for one, ending one."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.guard import transaction
from kefu.console.open import paging, shapes
from kefu.console.open.customers import known
from kefu.console.open.guard import OpenRoute, scope
from kefu.console.open.tokens import Caller
from kefu.console.refusals import Refusal, not_found
from kefu.customers import service as customers
from kefu.handoff import service
from kefu.handoff.models import Agent, Handoff
from kefu.tickets.routing import Case, route

router = APIRouter(route_class=OpenRoute, tags=["handoffs"])


@router.get("/handoffs", response_model=shapes.Handoffs)
def list_handoffs(
    state: list[Literal["queued", "human", "closed"]] = Query([], max_items=3),
    customer: shapes.ConversationId | None = Query(None, description="Any of the customer's conversations."),
    limit: int = paging.limit(),
    cursor: str | None = paging.cursor(),
    caller: Caller = scope("handoffs:read"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Takeovers, the newest first, page by page."""
    query, before = select(Handoff), paging.read("handoffs", cursor)
    if state:
        query = query.where(Handoff.state.in_(state))
    if customer is not None:
        query = query.where(Handoff.conversation.in_(customers.circle(session, customer)))
    if before is not None:
        query = query.where(Handoff.id < before)
    found = session.scalars(query.order_by(Handoff.id.desc()).limit(limit + 1)).all()
    following = paging.write("handoffs", found[limit - 1].id) if len(found) > limit else None
    return {"handoffs": [_shown(session, item) for item in found[:limit]], "next": following}


@router.get("/handoffs/{handoff_id}", response_model=shapes.Handoff)
def one_handoff(
    handoff_id: shapes.Id, caller: Caller = scope("handoffs:read"), session: Session = transaction()
) -> dict[str, Any]:
    """One takeover."""
    return _shown(session, _get(session, handoff_id))


@router.post(
    "/handoffs",
    status_code=201,
    response_model=shapes.Requested,
    responses={200: {"model": shapes.Requested, "description": "The customer waits or talks already."}},
)
def request(
    new: shapes.NewHandoff,
    response: Response,
    caller: Caller = scope("handoffs:write"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Puts a customer into the queue for a person, unless they wait or talk already."""
    present = known(session, new.customer)
    channel = customers.channel_of(session, present)
    level = customers.level_of(session, present)
    case = Case(kind=new.kind, urgency=new.urgency, line=new.line, level=level, channel=channel)
    try:
        wanted = route(case)
        asked = service.reachable(session, present, wanted) or wanted
        handoff, is_new = service.request(session, present, "api", asked, level)
    except IntegrityError:  # they have just asked for themselves
        raise Refusal(409, "changed_meanwhile", "The customer has just been put into the queue.") from None
    if is_new:
        handoff.told = ""  # the customer did not ask, and is told that they wait
        accounts.audit(session, caller, "handoff.requested", f"handoff:{handoff.id}")
    else:
        response.status_code = 200
    return {"handoff": _shown(session, handoff), "staffed": service.is_staffed(session, handoff.queue)}


@router.post("/handoffs/{handoff_id}/end", response_model=shapes.Handoff)
def end(
    handoff_id: shapes.Id,
    ending: shapes.Ending,
    caller: Caller = scope("handoffs:write"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Ends a takeover, talked or waited for; the assistant goes on. One that is over stays as it is."""
    handoff = _get(session, handoff_id)
    if handoff.state == "human":
        service.end(session, handoff_id, "api", ending.note)
    elif handoff.state == "queued":
        service.call_off(session, handoff_id, "api", ending.note)
    else:
        return _shown(session, handoff)
    accounts.audit(session, caller, "handoff.ended", f"handoff:{handoff_id}")
    return _shown(session, handoff)


def _get(session: Session, handoff_id: int) -> Handoff:
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise not_found("takeover")
    return handoff


def _shown(session: Session, handoff: Handoff) -> dict[str, Any]:
    agent = session.get(Agent, handoff.agent_id) if handoff.agent_id else None
    shown = views.past_handoff(handoff, {agent.id: agent.name} if agent else {})
    more = {name: getattr(handoff, name) for name in ("conversation", "skill", "priority")}
    return {**shown, **more, "accepted_at": views.moment(handoff.accepted_at)}
