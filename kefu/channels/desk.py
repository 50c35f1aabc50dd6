"""What a customer's own client can ask of their conversation: say, look back, catch up, begin, acknowledge.

The web page's socket and HTTP routes and those of the app call these and send the returned dictionaries as
they are.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.hub import Hub, Listen
from kefu.channels.limits import RateLimit
from kefu.channels.messages import Inbound
from kefu.channels.protocol import MAX_PAGE, BadInput, parse_language, parse_message, parse_number
from kefu.channels.refusals import refuse
from kefu.conversations.ledger import Entry
from kefu.customers.service import Sender

log = structlog.get_logger()

PAGE = 50
MAX_WAIT = 25
GREETING_ID = "greeting"
GREETING = "/greet"


def view(entry: Entry) -> dict[str, Any]:
    """What the client sees of a message: never a button's payload.

    ``thread`` tells conversations apart: numbers of another thread mean other messages.
    """
    shown = {
        "seq": entry.seq,
        "thread": thread_of(entry.conversation),
        "created_at": entry.created_at.isoformat(timespec="milliseconds") + "Z",
        "channel": entry.channel,
    }
    body = entry.body
    if body.get("event"):
        return {**shown, "from": "event"}
    if entry.direction == "in":
        parts = _only(body, "kind", "button", "image", "voice", "place", "link")
        state = "answered" if entry.answered_at else "received"
        return {
            **shown,
            "from": "customer",
            "id": entry.client_id,
            "text": body["text"],
            "state": state,
        } | parts
    buttons = [_only(button, "title", "url") for button in body.get("buttons") or []]
    shown |= {"from": "bot", "reply_to": entry.reply_to}
    # Who speaks, if it is a person, and whether one has the conversation from now on.
    shown |= _only(body, "text", "image", "card", "notice", "aside", "case", "agent", "handoff")
    return {**shown, "buttons": buttons} if buttons else shown


def receipt(entry: Entry, state: str) -> dict[str, Any]:
    """What the client is told of its own message: ``processing``, then ``answered``."""
    return {"thread": thread_of(entry.conversation), "seq": entry.seq, "state": state}


def thread_of(conversation: str) -> str:
    """What a client may know of a conversation's id."""
    return hashlib.sha256(f"thread:{conversation}".encode()).hexdigest()[:12]


class Desk:
    """Serves the clients of one channel.

    Args:
        hub: Where messages are stored and answered.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub, self._limit = hub, RateLimit()
        self._writing = RateLimit(burst=3, per_second=0.5)

    async def say(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Stores the customer's message and has it answered; a repeated id is only acknowledged.

        With ``wait`` the answer comes along, if it is there within so many seconds.
        """
        self._limit.take(sender.id)
        incoming = parse_message(data)
        wait = parse_number(data, "wait", 0, highest=MAX_WAIT)
        parts: dict[str, Any] = {}
        text, payload, kind = incoming.text, None, "text"
        if incoming.button is not None:
            seq, index = incoming.button
            button = await self._button(sender, seq, index)
            text, payload, kind = button["title"], button["payload"], "button"
            parts["button"] = {"seq": seq, "index": index}
        inbound = Inbound(sender, incoming.id, kind, text, payload, incoming.language, parts)
        with self._hub.listening(sender.id) as listen:
            entry, fresh = await self._hub.receive(inbound)
            reply = {"id": entry.client_id, "seq": entry.seq, "created_at": view(entry)["created_at"]}
            reply["thread"] = thread_of(entry.conversation)
            if wait:
                answered, here = partial(_answers, entry.seq), entry.conversation
                _, found = await self._news(
                    sender.id, entry.seq, PAGE, wait, listen, answered, here=here, empty=fresh
                )
                reply["messages"] = [view(said) for said in found]
            return reply

    async def hello(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Opens or reopens the page: what it missed after ``after``, else the last messages.

        A conversation without any message gets the bot's greeting, once.
        """
        language = parse_language(data)
        after = parse_number(data, "after", None)
        conversation = await self._hub.conversation_of(sender.id)
        same = data.get("thread") in (None, thread_of(conversation))
        if after and same:
            return await self.updates(sender, data)
        page = await self.history(sender, {})
        if not page["messages"]:
            greeting = Inbound(sender, GREETING_ID, "event", "", GREETING, language, hidden=True)
            entry, _ = await self._hub.receive(greeting)
            page["messages"] = [view(entry)]
        return {**page, "busy": self._hub.turns.busy(conversation)}

    async def updates(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Messages after ``after``, oldest first; ``more`` says that there are further ones.

        If there are none yet, it waits for them up to ``wait`` seconds.
        """
        after = parse_number(data, "after", 0)
        wait = parse_number(data, "wait", 0, highest=MAX_WAIT)
        limit = parse_number(data, "limit", MAX_PAGE, highest=MAX_PAGE) or PAGE
        with self._hub.listening(sender.id) as listen:
            conversation, found = await self._news(sender.id, after, limit + 1, wait, listen, bool)
        messages = [view(entry) for entry in found[:limit]]
        return {
            "messages": messages,
            "more": len(found) > limit,
            "busy": self._hub.turns.busy(conversation),
            "thread": thread_of(conversation),
        }

    async def _news(
        self,
        identity: str,
        after: int,
        limit: int,
        wait: int,
        listen: Listen,
        enough: Callable[[list[Entry]], bool],
        here: str | None = None,
        empty: bool = False,
    ) -> tuple[str, list[Entry]]:
        """The conversation, and its messages after a number, waited for until there are enough.

        What this process has said itself is at hand; where numbers are missing, others have spoken.

        Args:
            identity: Whose.
            after: The number.
            limit: How many at most.
            wait: For how many seconds.
            listen: Of ``Hub.listening``.
            enough: Whether these messages end the wait.
            here: Which conversation, if not the one in which they speak by then.
            empty: Whether nothing had followed there when listening began.
        """

        async def look() -> tuple[str, list[Entry]]:
            if here is None:
                return await self._hub.threads(self._hub.ledger.news_of, identity, after, limit)
            return here, await self._hub.threads(self._hub.ledger.after, here, after, limit)

        time = asyncio.get_running_loop().time
        until = time() + wait
        heard: list[Entry] = []
        conversation, found = (here, []) if empty else await look()
        while not enough(found) and (left := until - time()) > 0:
            new = await listen(min(left, 1))
            heard += [said for said in new if said.conversation == conversation and said.seq > after]
            if new and [said.seq for said in heard] == list(range(after + 1, after + 1 + len(heard))):
                found = heard[:limit]
            else:
                conversation, found = await look()
        return conversation, found

    async def history(self, sender: Sender, data: Any) -> dict[str, Any]:
        """The messages before ``before`` (the last ones without it), oldest first; ``older`` if any are.

        After the first message of the present conversation come those of the customer's other ones, which
        they held before their channels were linked: ``earlier`` is the ``thread`` to ask for next.
        """
        before = parse_number(data, "before", None)
        limit = parse_number(data, "limit", PAGE, highest=MAX_PAGE) or PAGE
        conversations = await self._hub.threads(self._hub.ledger.conversations_of, sender.id)
        threads = [thread_of(conversation) for conversation in conversations]
        asked = data.get("thread")
        place = threads.index(asked) if asked in threads else 0
        found = await self._hub.threads(self._hub.ledger.before, conversations[place], before, limit)
        older = bool(found) and found[0].seq > 1
        return {
            "messages": [view(entry) for entry in found],
            "older": older,
            "earlier": None if older or place + 1 == len(threads) else threads[place + 1],
            "thread": threads[place],
        }

    async def seen(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Takes the client's word that it has (``delivered``) or shows (``read``) messages up to ``seq``."""
        seq = parse_number(data, "seq", 0)
        state = data.get("state", "read")
        if state not in ("delivered", "read"):
            raise BadInput("invalid", "state", "state must be delivered or read")
        conversation = await self._hub.conversation_of(sender.id)
        if data.get("thread") in (None, thread_of(conversation)):
            await self._hub.threads(self._hub.ledger.see, conversation, seq, state == "read")
        return {}

    async def typing(self, sender: Sender, _data: Any) -> dict[str, Any]:
        """Lets the person who talks with the customer see that they are writing."""
        self._writing.take(sender.id)
        await self._hub.threads(self._hub.writes, sender.id)
        return {}

    async def _button(self, sender: Sender, seq: int, index: int) -> dict[str, Any]:
        conversation = await self._hub.conversation_of(sender.id)
        button = await self._hub.threads(self._hub.ledger.button, conversation, seq, index)
        if button is None or not button.get("payload"):
            raise BadInput("unknown_button", "button", "there is no such button in this conversation")
        return button


async def reply_of(identity: str, request: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Turns a request's outcome into ``{"ok": true, ...}`` or ``{"ok": false, "error": {...}}``."""
    try:
        return {"ok": True, **await request}
    except BadInput as bad:
        refuse(identity.partition("-")[0], bad.code, identity=identity, field=bad.field)
        return {"ok": False, "error": bad.as_error()}
    except SQLAlchemyError as error:
        log.error("message.ledger.unavailable", identity=identity, error=type(error).__name__)
        bad = BadInput("unavailable", None, "the service cannot store messages now", retry_after=3)
    except Exception as error:
        log.exception("message.request.failed", identity=identity, error=type(error).__name__)
        bad = BadInput("internal", None, "the service failed", retry_after=10)
    return {"ok": False, "error": bad.as_error()}


def _answers(seq: int, said: list[Entry]) -> bool:
    return any(entry.reply_to == seq for entry in said)


def _only(source: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: source[key] for key in keys if source.get(key) is not None}
