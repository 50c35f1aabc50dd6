"""Routes of the open API on customers: finding them, who they are, what is kept of one, forgetting one.

Nothing secret, and no whole number but in what a customer takes away.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import conint
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.guard import transaction
from kefu.console.open import shapes
from kefu.console.open.guard import OpenRoute, scope
from kefu.console.open.paging import MAX_ID
from kefu.console.open.tokens import Caller
from kefu.console.refusals import Refusal, not_found
from kefu.customers import service
from kefu.privacy import service as privacy
from kefu.privacy.models import Erasure
from kefu.tickets import worklist

router = APIRouter(route_class=OpenRoute, tags=["customers"])


@router.post("/customers/search", response_model=shapes.Customers)
def find_customers(
    search: shapes.Search,
    caller: Caller = scope("customers:read"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Customers by a phone that they proved, their account of the company's app, or one of their ids."""
    given = {name: value for name, value in search.dict().items() if value is not None}
    if len(given) != 1:
        raise Refusal(422, "invalid", "phone: name exactly one of phone, account and identity.", "phone")
    by_account = search.account is not None
    (text,) = given.values()
    found = service.by_account(session, text) if by_account else service.find(session, text)
    accounts.audit(session, caller, "customers.searched", found=len(found))
    return {"customers": [_shown(session, conversation) for conversation in found]}


@router.get("/customers/{customer}", response_model=shapes.Customer)
def one_customer(
    customer: shapes.ConversationId,
    caller: Caller = scope("customers:read"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """A customer by any of their conversations."""
    return _shown(session, known(session, customer))


@router.get("/customers/{customer}/data", response_model=shapes.Export)
def export(
    customer: shapes.ConversationId,
    caller: Caller = scope("customers:privacy"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """All that is kept of a customer, for them to take away, texts among it."""
    present = known(session, customer)
    accounts.audit(session, caller, "customer.exported", present)
    return {"data": privacy.export(session, present)}


@router.post("/customers/{customer}/forget", status_code=202, response_model=shapes.Erasure)
def forget(
    customer: shapes.ConversationId,
    wish: shapes.Forget,
    caller: Caller = scope("customers:privacy"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Has a customer forgotten, within seconds after they were last answered; again changes nothing."""
    asked = privacy.ask(session, known(session, customer), f"token:{caller.token_id}")
    accounts.audit(session, caller, "customer.forgotten", f"erasure:{asked.id}")
    return _wish(asked)


@router.get("/erasures/{erasure}", response_model=shapes.Erasure)
def one_erasure(
    erasure: conint(ge=1, le=MAX_ID),
    caller: Caller = scope("customers:privacy"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Whether a customer is forgotten yet; not who it was."""
    found = session.get(Erasure, erasure)
    if found is None:
        raise not_found("erasure")
    return _wish(found)


def _wish(erasure: Erasure) -> dict[str, Any]:
    done = erasure.done_at and views.moment(erasure.done_at)
    return {"id": erasure.id, "asked_at": views.moment(erasure.asked_at), "done_at": done}


def known(session: Session, customer: str) -> str:
    """The conversation in which a customer speaks now.

    Raises:
        Refusal: 404 for nobody we know.
    """
    present = service.conversation_of(session, customer)
    if not service.identities(session, present):
        raise not_found("customer")
    return present


def _shown(session: Session, conversation: str) -> dict[str, Any]:
    theirs = service.circle(session, conversation)
    return {
        "id": conversation,
        "phone": views.masked(service.phone_of(session, conversation)),
        "identities": [views.identity(item) for item in service.identities(session, conversation)],
        "tickets": len(worklist.of_customer(session, theirs)),
    }
