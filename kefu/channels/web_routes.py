"""The web channel over HTTP: the session, and the messages for networks without websockets."""

from __future__ import annotations

from typing import Any

import structlog
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from kefu.channels.desk import Desk
from kefu.channels.http import Act, Handler, Unauthorised, answer, bearer, serving
from kefu.channels.own_data import OwnData
from kefu.channels.session import SessionError, Sessions
from kefu.channels.web_page import Page
from kefu.channels.wishes import Wishes
from kefu.customers.service import Sender

log = structlog.get_logger()


def add_routes(
    blueprint: Blueprint,
    desk: Desk,
    wishes: Wishes,
    own: OwnData,
    sessions: Sessions,
    page: Page,
    brand: Any = None,
) -> None:
    """Adds every HTTP route of the channel to ``blueprint``."""

    async def session(request: Request) -> HTTPResponse:
        try:
            visitor, reason = sessions.visitor(bearer(request)), None
        except SessionError as error:
            visitor, reason = None, error.code
            if reason != "session_missing":
                log.info("web.session.replaced", reason=reason)
        renewed = visitor is not None
        body = {"token": sessions.issue(visitor), "renewed": renewed, "reason": reason, "brand": brand}
        return answer({"ok": True, **body})

    async def sender_of(request: Request) -> Sender:
        try:
            return sessions.sender(bearer(request))
        except SessionError as error:
            raise Unauthorised(error.code, "a valid session token is needed") from error

    def serve(act: Act) -> Handler:
        return serving("web", sender_of, act)

    async def messages(sender: Sender, data: Any) -> dict[str, Any]:
        act = desk.updates if "after" in data else desk.history
        return await act(sender, data)

    # Sanic marks handlers with its own attributes, which methods do not take.
    async def index(request: Request) -> HTTPResponse:
        return await page.index(request)

    async def asset(request: Request, name: str) -> HTTPResponse:
        return await page.asset(request, name)

    async def health(_: Request) -> HTTPResponse:
        return answer({"status": "ok"})

    for handler, path, method, name in (
        (index, "/", "GET", "index"),
        (asset, "/assets/<name:str>", "GET", "asset"),
        (health, "/health", "GET", "health"),
        (session, "/session", "POST", "session"),
        (serve(desk.hello), "/hello", "POST", "hello"),
        (serve(desk.say), "/messages", "POST", "say"),
        (serve(messages), "/messages", "GET", "messages"),
        (serve(desk.seen), "/seen", "POST", "seen"),
        (serve(wishes.show), "/news", "GET", "news"),
        (serve(wishes.change), "/news", "POST", "change_news"),
        (serve(own.show), "/my-data", "GET", "my_data"),
        (serve(own.correct), "/my-data", "POST", "correct_my_data"),
        (serve(own.export), "/my-data/export", "GET", "export_my_data"),
        (serve(own.forget), "/my-data/forget", "POST", "forget_me"),
    ):
        blueprint.add_route(handler, path, methods=[method], name=name)
