"""What the HTTP routes of channels share: who asks, what for, and the answer in JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from kefu.channels.desk import reply_of
from kefu.channels.protocol import BadInput
from kefu.channels.refusals import refuse
from kefu.customers.service import Sender

MAX_BODY = 16_384
STATUS = {"not_proven": 403, "too_many": 429, "too_large": 413, "unavailable": 503, "internal": 500}

Act = Callable[[Sender, Any], Awaitable[dict]]
Handler = Callable[[Request], Awaitable[HTTPResponse]]


class Unauthorised(Exception):
    """A request whose sender is not known.

    Attributes:
        error: As the client gets it: ``code``, ``field``, ``message``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.error = {"code": code, "field": "authorization", "message": message}


def serving(channel: str, sender_of: Callable[[Request], Awaitable[Sender]], act: Act) -> Handler:
    """A route that lets ``act`` answer, once it is known who asks.

    Args:
        channel: Its name, for the log.
        sender_of: Reads who sends a request; raises ``Unauthorised``.
        act: Gets the sender and the request's data.
    """

    async def handle(request: Request) -> HTTPResponse:
        try:
            sender = await sender_of(request)
            data = data_of(request)
        except Unauthorised as stranger:
            refuse(channel, stranger.error["code"])
            return answer({"ok": False, "error": stranger.error}, 401)
        except BadInput as bad:
            refuse(channel, bad.code, field=bad.field)
            return answer({"ok": False, "error": bad.as_error()}, STATUS.get(bad.code, 400))
        reply = await reply_of(sender.id, act(sender, data))
        return answer(reply, 200 if reply["ok"] else STATUS.get(reply["error"]["code"], 400))

    return handle


def bearer(request: Request) -> str | None:
    """The token of the ``Authorization`` header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def data_of(request: Request) -> Any:
    """The request's JSON body, or its query for GET.

    Raises:
        BadInput: It is too large or no JSON.
    """
    if request.method == "GET":
        return {key: values[0] for key, values in request.get_args(keep_blank_values=True).items()}
    if len(request.body) > MAX_BODY:
        raise BadInput("too_large", None, f"the request is larger than {MAX_BODY} bytes", limit=MAX_BODY)
    try:
        return json.loads(request.body or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadInput("invalid", None, "the request is not JSON") from error


def answer(body: dict[str, Any], status: int = 200) -> HTTPResponse:
    """A JSON answer that nobody keeps."""
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    wait = (body.get("error") or {}).get("retry_after")
    if wait is not None:
        headers["Retry-After"] = str(wait)
    return response.json(body, status=status, headers=headers)


def _no_constant(name: str) -> Any:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)
