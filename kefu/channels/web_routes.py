"""The web channel over HTTP: the session, and the messages for networks without websockets."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from kefu.channels.desk import Desk, reply_of
from kefu.channels.protocol import BadInput
from kefu.channels.session import SessionError, Sessions
from kefu.channels.web_page import Page
from kefu.customers.service import Sender

log = structlog.get_logger()

MAX_BODY = 16_384
STATUS = {"too_many": 429, "too_large": 413, "unavailable": 503, "internal": 500}


def add_routes(blueprint: Blueprint, desk: Desk, sessions: Sessions, page: Page, brand: Any = None) -> None:
    """Adds every HTTP route of the channel to ``blueprint``."""

    async def session(request: Request) -> HTTPResponse:
        try:
            visitor, reason = sessions.visitor(_bearer(request)), None
        except SessionError as error:
            visitor, reason = None, error.code
            if reason != "session_missing":
                log.info("web.session.replaced", reason=reason)
        renewed = visitor is not None
        body = {"token": sessions.issue(visitor), "renewed": renewed, "reason": reason, "brand": brand}
        return _json({"ok": True, **body})

    def serving(
        act: Callable[[Sender, Any], Awaitable[dict]],
    ) -> Callable[[Request], Awaitable[HTTPResponse]]:
        async def handle(request: Request) -> HTTPResponse:
            try:
                sender = sessions.sender(_bearer(request))
                data = _data(request)
            except SessionError as error:
                return _json({"ok": False, "error": _session_error(error)}, 401)
            except BadInput as bad:
                return _json({"ok": False, "error": bad.as_error()}, STATUS.get(bad.code, 400))
            reply = await reply_of(sender.id, act(sender, data))
            code = reply["error"]["code"] if not reply["ok"] else None
            return _json(reply, STATUS.get(code, 400) if code else 200)

        return handle

    async def messages(sender: Sender, data: Any) -> dict[str, Any]:
        act = desk.updates if "after" in data else desk.history
        return await act(sender, data)

    # Sanic marks handlers with its own attributes, which methods do not take.
    async def index(request: Request) -> HTTPResponse:
        return await page.index(request)

    async def asset(request: Request, name: str) -> HTTPResponse:
        return await page.asset(request, name)

    async def health(_: Request) -> HTTPResponse:
        return _json({"status": "ok"})

    for handler, path, method, name in (
        (index, "/", "GET", "index"),
        (asset, "/assets/<name:str>", "GET", "asset"),
        (health, "/health", "GET", "health"),
        (session, "/session", "POST", "session"),
        (serving(desk.hello), "/hello", "POST", "hello"),
        (serving(desk.say), "/messages", "POST", "say"),
        (serving(messages), "/messages", "GET", "messages"),
        (serving(desk.seen), "/seen", "POST", "seen"),
    ):
        blueprint.add_route(handler, path, methods=[method], name=name)


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _data(request: Request) -> Any:
    """The request's JSON body, or its query for GET."""
    if request.method == "GET":
        return {key: values[0] for key, values in request.args.items()}
    if len(request.body) > MAX_BODY:
        raise BadInput("too_large", None, f"the request is larger than {MAX_BODY} bytes")
    try:
        return json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise BadInput("invalid", None, "the request is not JSON") from error


def _session_error(error: SessionError) -> dict[str, Any]:
    log.info("web.session.refused", code=error.code)
    return {"code": error.code, "field": "authorization", "message": "a valid session token is needed"}


def _json(body: dict[str, Any], status: int = 200) -> HTTPResponse:
    return response.json(body, status=status, headers={"Cache-Control": "no-store"})
