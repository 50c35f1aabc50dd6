"""Routes on the tokens of other systems, for administrators."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import conint
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.open import tokens
from kefu.console.open.shapes import Id, words
from kefu.console.refusals import not_found
from kefu.webhooks.service import TOPICS

router = APIRouter(prefix="/api")


class NewToken(Body):
    """A system that is to call the open API, and for how many days."""

    name: words(tokens.MAX_NAME)
    scopes: list[str]
    days: conint(ge=1, le=3650) | None


@router.get("/tokens")
def list_tokens(me: Me = allowed("api"), session: Session = transaction()) -> dict[str, Any]:
    """Every token, what tokens may do, and what webhooks may ask for."""
    found = [views.token(item) for item in tokens.all_of_them(session)]
    return {"tokens": found, "scopes": tokens.SCOPES, "topics": TOPICS}


@router.post("/tokens")
def add_token(new: NewToken, me: Me = allowed("api"), session: Session = transaction()) -> dict[str, Any]:
    """Makes a token; its text is shown this once."""
    token, text = tokens.create(session, new.name, new.scopes, tokens.ends_in(new.days))
    accounts.audit(session, me, "token.created", f"token:{token.id}", scopes=token.scopes)
    return {"token": views.token(token), "text": text}


@router.delete("/tokens/{token_id}")
def revoke_token(token_id: Id, me: Me = allowed("api"), session: Session = transaction()) -> dict[str, Any]:
    """Ends a token at once."""
    token = tokens.revoke(session, token_id)
    if token is None:
        raise not_found("token")
    accounts.audit(session, me, "token.revoked", f"token:{token_id}")
    return {"token": views.token(token)}
