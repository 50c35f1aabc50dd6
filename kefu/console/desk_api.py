"""Routes of the live desk: presence, taking customers, speaking with them, handing them on, ending."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import constr
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.models import PrivateNote
from kefu.console.reach import own, skill_of
from kefu.console.refusals import Refusal
from kefu.conversations.ledger import Ledger
from kefu.customers.service import circle
from kefu.db import session_scope
from kefu.events import record_once
from kefu.handoff import agents, service
from kefu.handoff.models import Handoff
from kefu.tickets import assignment
from kefu.tickets.routing import rules as routing

router = APIRouter(prefix="/api")

MAX_TEXT = MAX_NOTE = 2000
_ledger = Ledger()


class Status(Body):
    """Whether one takes customers."""

    status: Literal["online", "away", "offline"]


class Saying(Body):
    """A message to a customer; the same ``id`` is said once, however often it is sent."""

    id: constr(regex=r"^[0-9a-f-]{36}$")  # noqa: F722
    text: constr(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)


class Transfer(Body):
    """To whom a customer goes: a queue, or a colleague, in whose queue they then wait; and why."""

    queue: str | None
    agent_id: int | None
    reason: constr(strip_whitespace=True, max_length=500) = ""


class Ending(Body):
    """What was agreed, which the customer is sent word for word; and what only colleagues see."""

    note: constr(strip_whitespace=True, max_length=MAX_TEXT) = ""
    private: constr(strip_whitespace=True, max_length=MAX_NOTE) = ""


@router.post("/desk/status")
def set_status(wish: Status, me: Me = allowed("desk"), session: Session = transaction()) -> dict[str, Any]:
    """Comes, rests, or goes."""
    agent = agents.set_status(session, me.agent_id, wish.status)
    accounts.audit(session, me, "status", f"agent:{agent.id}", status=wish.status)
    return {"status": agent.status}


@router.post("/handoffs/{handoff_id}/accept")
def accept(handoff_id: int, me: Me = allowed("desk"), session: Session = transaction()) -> dict[str, Any]:
    """Takes a waiting customer."""
    own(session, me, handoff_id, waiting=True)
    handoff = service.accept(session, handoff_id, me.agent_id)
    accounts.audit(session, me, "handoff.accepted", f"handoff:{handoff_id}")
    return _state(handoff)


@router.post("/handoffs/{handoff_id}/messages")
def say(handoff_id: int, saying: Saying, me: Me = allowed("desk")) -> dict[str, Any]:
    """Says something to one's customer."""
    with session_scope() as session:
        conversation = own(session, me, handoff_id).conversation
    body = {"text": saying.text, "agent": {"name": me.name}}

    def once(session: Session) -> bool:
        key = f"{handoff_id}:{saying.id}"
        if not record_once(session, "handoff.said", key, conversation, handoff=handoff_id, agent=me.agent_id):
            return False
        service.spoke(session, own(session, me, handoff_id, talking=True), "agent")
        return True

    entry = _ledger.push(conversation, body, once)
    # Apart from the message, which must not fail because a colleague changes a ticket at this moment.
    with suppress(StaleDataError), session_scope() as session:
        assignment.answered(session, circle(session, conversation), me.agent_id)
    return {"message": views.message(entry) if entry else None}


@router.post("/handoffs/{handoff_id}/transfer")
def transfer(
    handoff_id: int, to: Transfer, me: Me = allowed("desk"), session: Session = transaction()
) -> dict[str, Any]:
    """Hands one's customer on to a queue or a colleague."""
    handoff = own(session, me, handoff_id, talking=True)
    queue = to.queue or handoff.queue
    if to.agent_id is not None:
        colleague = agents.get(session, to.agent_id)
        if colleague.id == handoff.agent_id:
            raise Refusal(422, "same", "That is who has the customer now.", "agent_id")
        if not colleague.active or colleague.status != "online":
            raise Refusal(409, "offline", "That colleague is not there now.", "agent_id")
        # They would never see a customer who waits in a queue that is not theirs.
        if queue not in colleague.queues and colleague.queues:
            queue = colleague.queues[0]
    elif to.queue is None:
        raise Refusal(422, "missing", "Name a queue or a colleague.", "queue")
    if queue not in routing().queues:
        raise Refusal(422, "unknown", f"queue: {queue!r} is not a queue.", "queue")
    service.transfer(session, handoff_id, queue, skill_of(handoff, queue), to.agent_id, to.reason)
    accounts.audit(session, me, "handoff.transferred", f"handoff:{handoff_id}", queue=queue, to=to.agent_id)
    return _state(handoff)


@router.post("/handoffs/{handoff_id}/end")
def end(
    handoff_id: int, ending: Ending, me: Me = allowed("desk"), session: Session = transaction()
) -> dict[str, Any]:
    """Ends a talk; the bot goes on."""
    own(session, me, handoff_id, talking=True)
    handoff = service.end(session, handoff_id, "agent", ending.note)
    if ending.private:
        session.add(PrivateNote(conversation=handoff.conversation, account_id=me.id, text=ending.private))
    accounts.audit(session, me, "handoff.ended", f"handoff:{handoff_id}")
    return _state(handoff)


def _state(handoff: Handoff) -> dict[str, Any]:
    return {"id": handoff.id, "state": handoff.state, "agent_id": handoff.agent_id}
