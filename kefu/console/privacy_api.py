"""Routes for requests by letter: a customer who asks, on paper or by phone, to be forgotten.

Whoever opened the letter has checked who wrote it. The log keeps who had whom forgotten as a number only.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import constr
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.refusals import Refusal, not_found
from kefu.customers import service as customers
from kefu.privacy import service
from kefu.privacy.models import Erasure

router = APIRouter(prefix="/api")

_SHOWN = 50


class Letter(Body):
    """Who is to be forgotten: a phone that was proved, or an identity; ``confirm`` as nothing comes back."""

    customer: constr(strip_whitespace=True, min_length=2, max_length=64)
    confirm: Literal[True]


@router.get("/erasures")
def erasures(me: Me = allowed("privacy"), session: Session = transaction()) -> dict[str, Any]:
    """The last wishes to be forgotten, and whether they are fulfilled; not of whom."""
    found = session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(_SHOWN))
    return {"erasures": [_shown(wish) for wish in found]}


@router.post("/erasures")
def forget(letter: Letter, me: Me = allowed("privacy"), session: Session = transaction()) -> dict[str, Any]:
    """Has a customer forgotten, within seconds after they were last answered."""
    wish = ask(session, letter.customer, f"account:{me.id}")
    accounts.audit(session, me, "customer.forgotten", f"erasure:{wish.id}")
    return {"erasure": _shown(wish)}


def ask(session: Session, text: str, asked_by: str) -> Erasure:
    """Keeps the wish of the one customer whom a phone or an identity names.

    Raises:
        Refusal: 404 for nobody; 409 for more than one, which only an identity tells apart.
    """
    found = customers.find(session, text)
    if not found:
        raise not_found("customer")
    if len(found) > 1:
        raise Refusal(409, "ambiguous", "customer: names more than one; give an identity.", "customer")
    return service.ask(session, found[0], asked_by)


def _shown(wish: Erasure) -> dict[str, Any]:
    return {
        "id": wish.id,
        "by": wish.asked_by,
        "asked_at": views.moment(wish.asked_at),
        "done_at": views.moment(wish.done_at),
        "cleaned_at": views.moment(wish.cleaned_at),
    }
