"""The addresses of the channel: what WeChat calls, checked and answered if possible, and QR codes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import segno
import structlog
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.refusals import refuse
from kefu.channels.wechat.client import ApiError
from kefu.channels.wechat.crypto import Gate, Refused
from kefu.channels.wechat.deliver import WeChatAdapter
from kefu.channels.wechat.options import Options
from kefu.channels.wechat.parse import Received, parse
from kefu.channels.wechat.reception import CHANNEL, LINK_SCENE, Reception
from kefu.channels.wechat.replies import reply_xml

log = structlog.get_logger()

#: What ends a callback without an answer; anything malformed shows the customer an error:
#: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html
SUCCESS = "success"
PATH = "/callback"
#: An event of our own, by which the self-check learns whether callbacks are understood; it leaves no trace.
SELF_CHECK = "kefu_check"


def add_routes(
    blueprint: Blueprint,
    gate: Gate,
    options: Options,
    reception: Reception,
    adapter: WeChatAdapter,
) -> None:
    """Adds the callback, and the pictures for linking, to ``blueprint``."""

    async def verify(request: Request) -> HTTPResponse:
        """Proves to the platform, when the address is entered there, that it is ours."""
        try:
            gate.check(_query(request))
        except Refused as refused:
            return _refuse(refused)
        return response.text(request.args.get("echostr", ""))

    async def callback(request: Request) -> HTTPResponse:
        deadline = time.monotonic() + options.hold_seconds
        try:
            received = parse(gate.open(_query(request), request.body))
            if options.account and received.account != options.account:
                raise Refused(403, "wrong_account", "ToUserName")
        except Refused as refused:
            return _refuse(refused)
        if received.event == SELF_CHECK:
            return response.text(SUCCESS)
        try:
            taken = await reception.take(received)
            if taken is None:
                return response.text(SUCCESS)
            answer = await adapter.answer(*taken, deadline, _gone(request), render_for(received))
        except SQLAlchemyError as error:
            # Not acknowledged: the platform tries again.
            log.error("wechat.callback.failed", error=type(error).__name__)
            return response.text("", status=503)
        if answer is None:
            return response.text(SUCCESS)
        return response.text(answer, content_type="application/xml; charset=utf-8")

    async def qr(_request: Request, code: str) -> HTTPResponse:
        """Shows the QR code that links whoever scans it with the customer to whom ``code`` was shown."""
        if not await reception.is_good(code):
            return _refuse(Refused(404, "unknown_code", "code"))
        picture = io.BytesIO()
        try:
            content = await adapter.api.create_qr(LINK_SCENE + code.upper())
        except ApiError as error:
            log.error("wechat.qr.failed", code=error.code, error=type(error).__name__)
            return response.text("", status=503)
        segno.make(content).save(picture, kind="svg", scale=5)
        headers = {"Cache-Control": "private, max-age=600"}
        return response.raw(picture.getvalue(), content_type="image/svg+xml", headers=headers)

    def render_for(received: Received) -> Callable[[str], str]:
        return lambda text: gate.seal(reply_xml(received.openid, received.account, text))

    def _refuse(refused: Refused) -> HTTPResponse:
        refuse(CHANNEL, refused.reason, field=refused.field)
        body = {"code": refused.reason, "field": refused.field}
        return response.json({"ok": False, "error": body}, status=refused.status)

    blueprint.add_route(verify, PATH, methods=["GET"], name="verify")
    blueprint.add_route(callback, PATH, methods=["POST"], name="callback")
    blueprint.add_route(qr, "/qr/<code:str>", methods=["GET"], name="qr")


def _query(request: Request) -> dict[str, str]:
    return {key: values[0] for key, values in request.args.items()}


def _gone(request: Request) -> Any:
    transport = request.transport
    return lambda: transport is not None and transport.is_closing()
