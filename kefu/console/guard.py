"""Who sends a request, and whether they may: every route names its permission here."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from kefu.console import accounts
from kefu.console.accounts import Me
from kefu.console.open.tokens import Caller
from kefu.console.permissions import PERMISSIONS, may
from kefu.console.refusals import Refusal
from kefu.db import session_scope

COOKIE = "kefu_console"
CSRF = "x-csrf-token"
_READING = ("GET", "HEAD", "OPTIONS")


class Allowed:
    """A dependency that lets through who holds a permission, and tells the route who it is.

    Args:
        permission: One of ``PERMISSIONS``.
    """

    def __init__(self, permission: str) -> None:
        assert permission in PERMISSIONS, permission
        self.permission = permission

    def __call__(self, request: Request) -> Me:
        """Who sends the request.

        Raises:
            Refusal: 401 for nobody we know; 403 without the CSRF token, before a given password was changed,
                or without the permission.
        """
        me = sender(request)
        if me is None:
            raise Refusal(401, "login", "Please log in.")
        if request.method not in _READING and not _same(request.headers.get(CSRF, ""), me.csrf):
            raise Refusal(403, "csrf", "The request does not come from the console's page; reload it.")
        if self.permission != "self" and me.must_change:
            raise Refusal(403, "must_change", "Please choose a password of your own first.")
        if not may(me.role, self.permission):
            raise Refusal(403, "forbidden", "Your role does not allow this.")
        request.state.sender = me
        return me


def allowed(permission: str):
    """``Allowed`` as the default value of a route's parameter."""
    return Depends(Allowed(permission))


def _sent_by(request: Request) -> Me | Caller:
    return request.state.sender


def sent_by():
    """Who sends a request that the router has let through, as the default value of a route's parameter."""
    return Depends(_sent_by)


def sender(connection: HTTPConnection) -> Me | None:
    """Whose cookie a request or a socket carries."""
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    with session_scope() as session:
        return accounts.who(session, token)


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a browser sends this from our own page; programs that name no origin may."""
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


def _transaction() -> Iterator[Session]:
    with session_scope() as session:
        yield session


def transaction():
    """The request's transaction, as the default value of a route's parameter; committed before the answer."""
    return Depends(_transaction, scope="function")


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(), kept.encode())
