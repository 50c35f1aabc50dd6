"""Who calls the open API, whether they may, and how a call with an idempotency key is done once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from kefu.console.open import once, tokens
from kefu.console.open.tokens import SCOPES, Caller
from kefu.console.refusals import Refusal
from kefu.db import session_scope

_bearer = HTTPBearer(auto_error=False, description="A token made at the console under API access.")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Scope:
    """A dependency that lets through a token with a scope, and tells the route whose it is.

    Args:
        name: One of ``SCOPES``.
    """

    def __init__(self, name: str) -> None:
        assert name in SCOPES, name
        self.name = name

    def __call__(
        self, request: Request, shown: HTTPAuthorizationCredentials | None = Depends(_bearer)
    ) -> Caller:
        """Who calls; known already (see ``OpenRoute``), the parameter puts the token into the description.

        Raises:
            Refusal: 403 without the scope.
        """
        caller = request.state.sender
        if self.name not in caller.scopes:
            raise Refusal(403, "scope", f"The token lacks the scope {self.name}.")
        return caller


def scope(name: str):
    """``Scope`` as the default value of a route's parameter."""
    return Depends(Scope(name))


class OpenRoute(APIRoute):
    """A route that knows who calls before it reads anything, and refuses unknown parameters.

    Nothing is null in its answers: what is not there is left out.
    """

    def __init__(self, path: str, endpoint: Callable, **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "response_model_exclude_none": True})

    def get_route_handler(self) -> Callable:
        """The route, as Starlette calls it."""
        handle = super().get_route_handler()
        known = {parameter.alias for parameter in get_flat_dependant(self.dependant).query_params}

        async def handled(request: Request) -> Response:
            caller: Caller = await run_in_threadpool(_authenticate, request)
            request.app.state.limit.take(caller.token_id)
            request.state.sender, request.state.request_key = caller, f"api:{uuid.uuid4().hex}"
            for name in request.query_params:
                if name not in known:
                    raise Refusal(422, "unknown", f"{name}: there is no such parameter.", name)
            key = request.headers.get(once.HEADER)
            if request.method != "POST" or key is None:
                return await handle(request)
            return await _once(request, caller.token_id, key, handle)

        return handled


async def _once(request: Request, token_id: int, key: str, handle: Callable) -> Response:
    body = await request.body()
    begun = await run_in_threadpool(once.begin, token_id, key, request.method, request.url.path, body)
    if begun.status is not None:
        kept = Response(begun.answer, begun.status, media_type="application/json" if begun.answer else None)
        kept.headers["Idempotency-Replayed"] = "true"
        return kept
    request.state.request_key = begun.request_key
    try:
        # The route's transaction ends here, before its answer is kept; FastAPI's own stack ends it later.
        async with AsyncExitStack() as ending:
            request.scope["fastapi_function_astack"] = ending
            answer = await handle(request)
    except Exception:
        await run_in_threadpool(once.let_go, token_id, key)
        raise
    await run_in_threadpool(once.finish, token_id, key, answer.status_code, answer.body.decode())
    return answer


def _authenticate(request: Request) -> Caller:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    found = None
    if kind.lower() == "bearer" and text.startswith(tokens.PREFIX):
        with session_scope() as session:
            found = tokens.caller(session, text)
    if found is None:
        raise Refusal(401, "token", "Send a valid token as Authorization: Bearer.", headers=_CHALLENGE)
    return found


def _request_key(request: Request) -> str | None:
    return getattr(request.state, "request_key", None)


def request_key():
    """What tells a repeated call, as the default value of a route's parameter; nothing at the console."""
    return Depends(_request_key)
