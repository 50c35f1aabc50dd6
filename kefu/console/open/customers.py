"""Routes of the open API on customers: finding them, and who they are. Nothing secret, no whole number."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.guard import transaction
from kefu.console.open import shapes
from kefu.console.open.guard import OpenRoute, scope
from kefu.console.open.tokens import Caller
from kefu.console.refusals import Refusal, not_found
from kefu.customers import service
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
