"""Routes of logging in, one's own account, the accounts of others, and the audit log."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Extra, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.console import accounts, views
from kefu.console.accounts import LOGIN_LASTS, MAX_PASSWORD, Me
from kefu.console.canned import answers
from kefu.console.guard import COOKIE, allowed, same_origin, transaction
from kefu.console.models import Account, AuditEntry
from kefu.console.permissions import ROLES, held_by
from kefu.console.refusals import Refusal, not_found
from kefu.db import session_scope
from kefu.knowledge.categories import rules
from kefu.tickets.routing import rules as routing

router = APIRouter(prefix="/api")

_AUDIT_PAGE = 100


class Body(BaseModel):
    """A request's body; fields that it does not know are refused."""

    class Config:
        """Pydantic's options."""

        extra = Extra.forbid


class Credentials(Body):
    """A login and its password."""

    login: str = Field(max_length=64)
    password: str = Field(max_length=MAX_PASSWORD)


class NewPassword(Body):
    """The password one has, and the one to have."""

    old: str = Field(max_length=MAX_PASSWORD)
    new: str = Field(max_length=MAX_PASSWORD)


class NewAccount(Body):
    """Somebody who is to log in."""

    login: str = Field(min_length=2, max_length=63)
    name: str = Field(min_length=1, max_length=64)
    role: str


class AccountChange(Body):
    """What is to change; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=64)
    role: str | None
    active: bool | None


@router.post("/login")
def log_in(credentials: Credentials, request: Request, response: Response) -> dict[str, Any]:
    """Opens a login. The one route that asks for none."""
    if not same_origin(request):
        raise Refusal(403, "csrf", "The request does not come from the console's page.")
    with session_scope() as session:
        found = accounts.log_in(session, credentials.login, credentials.password)
        if found is None:
            accounts.audit(session, None, "login.refused")
        else:
            accounts.audit(session, None, "login", f"account:{found[1].id}")
    if found is None:
        raise Refusal(401, "wrong_login", "Login or password is wrong, or too many were; wait 15 minutes.")
    _set_cookie(response, request, found[0])
    with session_scope() as session:
        return _me(accounts.who(session, found[0]))


@router.post("/logout")
def log_out(response: Response, me: Me = allowed("self"), session: Session = transaction()) -> dict[str, Any]:
    """Ends this login."""
    accounts.log_out(session, me.token_hash)
    accounts.audit(session, me, "logout")
    response.delete_cookie(COOKIE)
    return {}


@router.get("/me")
def who_am_i(me: Me = allowed("self")) -> dict[str, Any]:
    """Who is logged in, what they may do, and the words of the company for what is shown."""
    return _me(me)


@router.post("/password")
def change_password(
    change: NewPassword,
    request: Request,
    response: Response,
    me: Me = allowed("self"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Changes one's own password, which ends one's other logins."""
    token = accounts.change_password(session, me, change.old, change.new)
    accounts.audit(session, me, "password.changed")
    _set_cookie(response, request, token)
    return _me(accounts.who(session, token))


@router.get("/accounts")
def list_accounts(me: Me = allowed("accounts"), session: Session = transaction()) -> dict[str, Any]:
    """Every account."""
    found = session.scalars(select(Account).order_by(Account.id))
    return {"accounts": [views.account(item) for item in found], "roles": ROLES}


@router.post("/accounts")
def add_account(
    new: NewAccount, me: Me = allowed("accounts"), session: Session = transaction()
) -> dict[str, Any]:
    """Makes an account; its one-time password is shown this once."""
    account, password = accounts.create(session, new.login, new.name, new.role)
    accounts.audit(session, me, "account.created", f"account:{account.id}", role=account.role)
    return {"account": views.account(account), "password": password}


@router.patch("/accounts/{account_id}")
def change_account(
    account_id: int, change: AccountChange, me: Me = allowed("accounts"), session: Session = transaction()
) -> dict[str, Any]:
    """Changes name or role of an account, or closes it."""
    account = _account(session, account_id)
    accounts.change(session, account, change.name, change.role, change.active)
    accounts.audit(
        session, me, "account.changed", f"account:{account_id}", role=account.role, active=account.active
    )
    return {"account": views.account(account)}


@router.post("/accounts/{account_id}/reset")
def reset_password(
    account_id: int, me: Me = allowed("accounts"), session: Session = transaction()
) -> dict[str, Any]:
    """Gives an account a new one-time password, shown this once."""
    account = _account(session, account_id)
    password = accounts.reset(session, account)
    accounts.audit(session, me, "password.reset", f"account:{account_id}")
    return {"account": views.account(account), "password": password}


@router.get("/audit")
def audit_log(
    before: int | None = None, me: Me = allowed("audit"), session: Session = transaction()
) -> dict[str, Any]:
    """Who did what, the newest first."""
    query = select(AuditEntry, Account.login).join(Account, isouter=True).order_by(AuditEntry.id.desc())
    if before is not None:
        query = query.where(AuditEntry.id < before)
    rows = session.execute(query.limit(_AUDIT_PAGE)).all()
    entries = [
        {
            "id": entry.id,
            "at": views.moment(entry.at),
            "by": login or entry.data.get("token"),
            "action": entry.action,
            "object": entry.object,
            "data": entry.data,
        }
        for entry, login in rows
    ]
    return {"entries": entries, "more": len(rows) == _AUDIT_PAGE}


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise not_found("account")
    return account


def _set_cookie(response: Response, request: Request, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LOGIN_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        # `make run` serves plain HTTP on this machine; behind a TLS proxy the scheme is https.
        secure=request.url.scheme == "https",
    )


def _me(me: Me) -> dict[str, Any]:
    labels = rules().labels
    return {
        "account": {
            "id": me.id,
            "login": me.login,
            "name": me.name,
            "role": me.role,
            "agent_id": me.agent_id,
            "must_change": me.must_change,
        },
        "permissions": held_by(me.role),
        "csrf": me.csrf,
        "labels": {
            "queues": {name: label.dict() for name, label in routing().queues.items()},
            "skills": routing().skills(),
            "rules": {name: label.dict() for name, label in routing().labels().items()},
            "statuses": {name: label.dict() for name, label in labels.statuses.items()},
            "kinds": {name: label.dict() for name, label in labels.ticket_kinds.items()},
            "urgencies": {name: label.dict() for name, label in labels.urgencies.items()},
        },
        "canned": answers()["groups"],
        "timezone": settings().company_timezone,
    }
