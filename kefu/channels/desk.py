"""What a customer can ask of a conversation, whatever the transport: say, look back, catch up, begin.

Socket and HTTP handlers call these and send the returned dictionaries as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.ledger import Entry, Ledger
from kefu.channels.limits import RateLimit
from kefu.channels.protocol import MAX_PAGE, BadInput, Incoming, parse_language, parse_message, parse_number
from kefu.channels.turns import Threads, Turns

log = structlog.get_logger()

PAGE = 50
GREETING_ID = "greeting"
GREETING = "/greet"

Emit = Callable[[str, str, dict], Awaitable[None]]


def view(entry: Entry) -> dict[str, Any]:
    """What the client sees of a message: never a button's payload."""
    shown = {"seq": entry.seq, "created_at": entry.created_at.isoformat(timespec="milliseconds") + "Z"}
    body = entry.body
    if body.get("event"):
        return {**shown, "from": "event"}
    if entry.direction == "in":
        return {**shown, "from": "customer", "id": entry.client_id, "text": body["text"]} | _only(
            body, "button"
        )
    buttons = [_only(button, "title", "url") for button in body.get("buttons") or []]
    shown |= {"from": "bot", "reply_to": entry.reply_to} | _only(body, "text", "image", "card", "notice")
    return {**shown, "buttons": buttons} if buttons else shown


class Desk:
    """Serves conversations.

    Args:
        ledger: The ledger of messages.
        threads: Runs the ledger's calls beside the event loop.
        limit: How fast one customer may send.
        emit: Sends an event to every open page of a conversation: conversation, event, data.
    """

    def __init__(self, ledger: Ledger, threads: Threads, limit: RateLimit, emit: Emit) -> None:
        self._ledger, self._threads, self._limit, self._emit = ledger, threads, limit, emit
        self.turns: Turns | None = None  # set by the channel, whose answers come back through post()

    async def say(self, conversation: str, data: Any) -> dict[str, Any]:
        """Stores the customer's message and has it answered; a repeated id is only acknowledged."""
        self._limit.take(conversation)
        incoming = parse_message(data)
        body = await self._body(conversation, incoming)
        entry, fresh = await self._threads(self._ledger.accept, conversation, incoming.id, body)
        log.info("web.message.received", conversation=conversation, seq=entry.seq, fresh=fresh)
        if fresh:
            await self._emit(conversation, "message", view(entry))
            self.turns.wake(conversation)
        return {"id": entry.client_id, "seq": entry.seq, "created_at": view(entry)["created_at"]}

    async def hello(self, conversation: str, data: Any) -> dict[str, Any]:
        """Opens or reopens the page: what it missed after ``after``, else the last messages.

        A conversation without any message gets the bot's greeting, once.
        """
        language = parse_language(data)
        after = parse_number(data, "after", None)
        if after:
            return await self.updates(conversation, data)
        page = await self.history(conversation, {})
        if not page["messages"]:
            body = {"event": True, "text": "", "payload": GREETING, "language": language}
            entry, _ = await self._threads(self._ledger.accept, conversation, GREETING_ID, body)
            page["messages"] = [view(entry)]
            self.turns.wake(conversation)
        return {**page, "busy": self.turns.busy(conversation)}

    async def updates(self, conversation: str, data: Any) -> dict[str, Any]:
        """Messages after ``after``, oldest first; ``more`` says that there are further ones."""
        after = parse_number(data, "after", 0)
        limit = parse_number(data, "limit", MAX_PAGE, highest=MAX_PAGE) or PAGE
        found = await self._threads(self._ledger.after, conversation, after, limit + 1)
        messages = [view(entry) for entry in found[:limit]]
        return {"messages": messages, "more": len(found) > limit, "busy": self.turns.busy(conversation)}

    async def history(self, conversation: str, data: Any) -> dict[str, Any]:
        """The messages before ``before`` (the last ones without it), oldest first; ``older`` if any are."""
        before = parse_number(data, "before", None)
        limit = parse_number(data, "limit", PAGE, highest=MAX_PAGE) or PAGE
        found = await self._threads(self._ledger.before, conversation, before, limit)
        return {"messages": [view(entry) for entry in found], "older": bool(found) and found[0].seq > 1}

    async def post(self, conversation: str, body: dict, reply_to: int | None, owner: str | None) -> None:
        """Stores a bubble of the bot, then sends it."""
        entry = await self._threads(self._ledger.record, conversation, body, reply_to, owner)
        await self._emit(conversation, "message", view(entry))

    async def _body(self, conversation: str, incoming: Incoming) -> dict[str, Any]:
        if incoming.button is None:
            return {"text": incoming.text, "language": incoming.language}
        seq, index = incoming.button
        button = await self._threads(self._ledger.button, conversation, seq, index)
        if button is None or not button.get("payload"):
            raise BadInput("unknown_button", "button", "there is no such button in this conversation")
        return {
            "text": button["title"],
            "payload": button["payload"],
            "button": {"seq": seq, "index": index},
            "language": incoming.language,
        }


async def reply_of(conversation: str, request: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Turns a request's outcome into ``{"ok": true, ...}`` or ``{"ok": false, "error": {...}}``."""
    try:
        return {"ok": True, **await request}
    except BadInput as bad:
        log.info("web.message.refused", conversation=conversation, code=bad.code, field=bad.field)
        return {"ok": False, "error": bad.as_error()}
    except SQLAlchemyError as error:
        log.error("web.ledger.unavailable", conversation=conversation, error=type(error).__name__)
        bad = BadInput("unavailable", None, "the service cannot store messages now", retry_after=3)
    except Exception as error:
        log.exception("web.request.failed", conversation=conversation, error=type(error).__name__)
        bad = BadInput("internal", None, "the service failed", retry_after=10)
    return {"ok": False, "error": bad.as_error()}


def _only(source: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: source[key] for key in keys if source.get(key) is not None}
