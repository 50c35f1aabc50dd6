"""The app's HTTP routes; docs/channels/app.openapi.yml describes them."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from typing import Any

import structlog
import yaml
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.app_arrivals import Arrivals
from kefu.channels.app_proofs import Proofs
from kefu.channels.app_streams import Stream, Streams, parse_event_id
from kefu.channels.app_tokens import Account
from kefu.channels.desk import Desk
from kefu.channels.http import Act, Handler, Unauthorised, answer, serving
from kefu.channels.own_data import OwnData
from kefu.channels.protocol import BadInput, parse_number, parse_thread
from kefu.channels.refusals import refuse
from kefu.config import ROOT
from kefu.customers.service import Sender

log = structlog.get_logger()

DESCRIPTION = ROOT / "docs" / "channels" / "app.openapi.yml"
_SEND_SECONDS = 20


def add_routes(
    blueprint: Blueprint, desk: Desk, streams: Streams, proofs: Proofs, own: OwnData, arrivals: Arrivals
) -> None:
    """Adds every route of the channel to ``blueprint``.

    Args:
        blueprint: At ``/app/v1``.
        desk: What customers' clients may ask.
        streams: The events.
        proofs: Link the account with other channels.
        own: The account's data.
        arrivals: Reads who sends a request.
    """

    async def sender_of(request: Request) -> Sender:
        return (await arrivals.account(request)).sender

    def serve(act: Act) -> Handler:
        async def checked(sender: Sender, data: Any) -> dict[str, Any]:
            parse_thread(data)
            return await act(sender, data)

        return serving("app", sender_of, checked)

    async def messages(sender: Sender, data: Any) -> dict[str, Any]:
        if "after" in data and "before" in data:
            raise BadInput("invalid", "before", "only one of after and before can be given")
        return await (desk.updates if "after" in data else desk.history)(sender, data)

    async def seen(sender: Sender, data: Any) -> dict[str, Any]:
        if parse_number(data, "seq", None) is None:
            raise BadInput("invalid", "seq", "seq is needed")
        reply = await desk.seen(sender, data)
        streams.look_again(sender.id)
        return reply

    async def events(request: Request) -> HTTPResponse | None:
        try:
            account = await arrivals.account(request)
            last = parse_event_id(request.headers.get("last-event-id") or request.args.get("last_event_id"))
        except Unauthorised as stranger:
            refuse("app", stranger.error["code"])
            return answer({"ok": False, "error": stranger.error}, 401)
        except BadInput as bad:
            refuse("app", bad.code, field=bad.field)
            return answer({"ok": False, "error": bad.as_error()}, 400)
        await _send_events(request, streams, account, last)
        return None

    async def description(_: Request) -> HTTPResponse:
        return answer(_description())

    async def health(_: Request) -> HTTPResponse:
        return answer({"status": "ok"})

    for handler, path, method, name in (
        (serve(desk.hello), "/hello", "POST", "hello"),
        (serve(desk.say), "/messages", "POST", "say"),
        (serve(messages), "/messages", "GET", "messages"),
        (serve(seen), "/seen", "POST", "seen"),
        (serve(proofs.issue), "/link-codes", "POST", "issue_link_code"),
        (serve(proofs.redeem), "/link-codes/redeem", "POST", "redeem_link_code"),
        (serve(proofs.start), "/phone-codes", "POST", "send_phone_code"),
        (serve(proofs.confirm), "/phone-codes/confirm", "POST", "confirm_phone"),
        (serve(own.show), "/my-data", "GET", "my_data"),
        (serve(own.correct), "/my-data", "POST", "correct_my_data"),
        (serve(own.export), "/my-data/export", "GET", "export_my_data"),
        (serve(own.forget), "/my-data/forget", "POST", "forget_me"),
        (events, "/events", "GET", "events"),
        (description, "/openapi.json", "GET", "openapi"),
        (health, "/health", "GET", "health"),
    ):
        blueprint.add_route(handler, path, methods=[method], name=name)


async def _send_events(
    request: Request, streams: Streams, account: Account, last: tuple[str, int] | None
) -> None:
    stream = Stream(account.sender.id, last)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = await request.respond(content_type="text/event-stream; charset=utf-8", headers=headers)
    told = streams.follow(stream, account.expires)
    try:
        await response.send(b"retry: 2000\n\n")
        async for events in told:
            # Who does not read is cut off: the client comes back and resumes after what it has.
            await asyncio.wait_for(response.send(events), _SEND_SECONDS)
    except asyncio.TimeoutError:
        log.info("app.stream.too_slow", identity=stream.identity)
        request.transport.abort()
        return
    except SQLAlchemyError as error:
        log.error("app.stream.interrupted", identity=stream.identity, error=type(error).__name__)
    finally:
        await told.aclose()
    await response.eof()


@lru_cache(maxsize=1)
def _description() -> dict[str, Any]:
    # Through JSON, which has no dates.
    return json.loads(json.dumps(yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8")), default=str))
