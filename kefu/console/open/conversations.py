"""Routes of the open API on conversations: what was said, and saying something as the company."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.open import paging, shapes
from kefu.console.open.customers import known
from kefu.console.open.guard import OpenRoute, request_key, scope
from kefu.console.open.tokens import Caller
from kefu.console.refusals import Refusal
from kefu.conversations.ledger import Ledger
from kefu.customers import service as customers
from kefu.db import session_scope
from kefu.events import record_once
from kefu.handoff import service as handoffs

router = APIRouter(route_class=OpenRoute, tags=["conversations"])

_ledger = Ledger()


@router.get("/conversations", response_model=shapes.Conversations)
def list_conversations(
    customer: shapes.ConversationId = Query(description="Any of the customer's conversations."),
    caller: Caller = scope("conversations:read"),
) -> dict[str, Any]:
    """A customer's conversations: each channel has its own, which linking leaves as it is."""
    with session_scope() as session:
        present = known(session, customer)
    found = _ledger.conversations_of(present)
    with session_scope() as session:
        shown = [
            {"id": one, "channel": customers.channel_of(session, one), "present": one == present}
            for one in found
        ]
    return {"conversations": shown}


@router.get("/conversations/{conversation}/messages", response_model=shapes.Messages)
def list_messages(
    conversation: shapes.ConversationId,
    after: int | None = Query(
        None, ge=0, le=paging.MAX_ID, description="The first messages after this number."
    ),
    limit: int = paging.limit(),
    cursor: str | None = paging.cursor(),
    caller: Caller = scope("conversations:read"),
) -> dict[str, Any]:
    """The last messages of a conversation, or with `after` the first ones that are not known yet."""
    with session_scope() as session:
        known(session, conversation)
    if after is not None:
        if cursor is not None:
            raise Refusal(422, "invalid", "cursor: cannot be given together with after.", "cursor")
        return {"messages": [views.message(entry) for entry in _ledger.after(conversation, after, limit)]}
    found = _ledger.before(conversation, paging.read("messages", cursor), limit)
    following = paging.write("messages", found[0].seq) if found and found[0].seq > 1 else None
    return {"messages": [views.message(entry) for entry in found], "next": following}


@router.post("/conversations/{conversation}/messages", status_code=201, response_model=shapes.Said)
def say(
    conversation: shapes.ConversationId,
    saying: shapes.Saying,
    caller: Caller = scope("conversations:write"),
    key: str = request_key(),
) -> dict[str, Any]:
    """Tells a customer something, on the channel that they wrote on last.

    While a colleague talks with them it is refused, unless `during_handoff` says otherwise: two who speak for
    the company at once contradict each other.
    """
    with session_scope() as session:
        present = known(session, conversation)
    body = {"text": saying.text} | ({"agent": {"name": saying.name}} if saying.name else {})

    def once(session: Session) -> bool:
        if not record_once(session, "api.said", key, present, token=caller.token_id):
            return False
        if not saying.during_handoff and handoffs.is_taken_over(session, present):
            raise Refusal(409, "taken_over", "A colleague talks with the customer now.", "during_handoff")
        accounts.audit(session, caller, "message.sent", f"conversation:{present}")
        return True

    entry = _ledger.push(present, body, once)
    return {"message": views.message(entry) if entry else None}
