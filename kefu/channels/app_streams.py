"""What the app is told as it happens: server-sent events of one customer's conversation.

The ledger is what a stream shows; nothing else is kept. What happens in this process is shown at once, what
happens in others is found by one query a second for all streams of the process: each conversation has a
number that grows with all that happens in it. So streams need neither sticky sessions nor a message broker.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog

from kefu.channels.desk import PAGE, thread_of, view
from kefu.channels.hub import Hub
from kefu.channels.protocol import MAX_SEQ, BadInput
from kefu.conversations import standing
from kefu.conversations.ledger import Entry
from kefu.conversations.standing import Standing

log = structlog.get_logger()

_EVENT_ID = re.compile(r"([0-9a-f]{12})-([0-9]{1,10})")
_CATCH_UP = 100


class Stream:
    """One client's view of its conversation, told as events.

    Args:
        identity: Whose client it is.
        last_event: ``(thread, seq)`` of the last message it has; ``None`` without one.
        most: How many events may wait for a slow client; with more the stream ends, and the client resumes.
    """

    def __init__(self, identity: str, last_event: tuple[str, int] | None = None, most: int = 500) -> None:
        self.identity = identity
        self.version: tuple[str, int] | None = None
        self.conversation: str | None = None
        self.thread, self.seq = last_event or (None, 0)
        self.stale, self.ended = True, False
        self._typing = False
        self._marks: dict[str, int] = {}
        self._events: list[bytes] = []
        self._most = most
        self._news = asyncio.Event()

    def look_again(self) -> None:
        """Says that the ledger has to be looked at."""
        self.stale = True
        self._news.set()

    def end(self) -> None:
        """Lets the stream end; the client comes back with the last message it had."""
        self.ended = True
        self._news.set()

    async def news(self, seconds: float) -> bool:
        """Waits until there is something to tell or to do; ``False`` after ``seconds`` without."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        self._news.clear()
        return True

    def take(self) -> bytes:
        """What has to be told."""
        told, self._events = b"".join(self._events), []
        return told

    def show(self, entry: Entry) -> None:
        """Tells a message that was just stored; is it not the next, the ledger tells what is missing."""
        if entry.conversation == self.conversation and entry.seq == self.seq + 1:
            self._message(entry)
        elif entry.conversation != self.conversation or entry.seq > self.seq:
            self.look_again()

    def processing(self, entry: Entry, on: bool) -> None:
        """Tells that a message is being answered, or no longer."""
        if self._has(entry):
            if on:
                self._mark("processing", entry.seq)
            self._type(on)

    def answered(self, entry: Entry) -> None:
        """Tells that the answer to a message is complete."""
        if self._has(entry):
            self._mark("answered", entry.seq)

    def after(self, conversation: str) -> int | None:
        """After which message of ``conversation`` to look; ``None`` if the client has none of it."""
        return self.seq if self.thread == thread_of(conversation) else None

    def catch_up(self, standing: Standing) -> None:
        """Tells what the ledger has and the client has not."""
        self.conversation = standing.conversation
        thread = thread_of(standing.conversation)
        if thread != self.thread:
            # The customer was linked with another channel, or a link was undone: the numbers begin anew.
            first = standing.messages[0].seq if standing.messages else 1
            self.thread, self.seq, self._marks = thread, first - 1, {}
            self._tell("thread", {"thread": thread, "older": first > 1})
        for entry in standing.messages:
            if entry.seq > self.seq:
                self._message(entry)
        self._mark("processing", standing.processing or 0)
        self._mark("answered", standing.answered)
        self._mark("delivered", standing.delivered)
        self._mark("read", standing.read)
        self._type(standing.processing is not None)
        if len(standing.messages) >= _CATCH_UP:
            self.look_again()

    def _has(self, entry: Entry) -> bool:
        """Whether the message was told; if not, the ledger first tells what is missing."""
        told = entry.conversation == self.conversation and entry.seq <= self.seq
        if not told:
            self.look_again()
        return told

    def _message(self, entry: Entry) -> None:
        self.seq = entry.seq
        self._tell("message", view(entry), f"{self.thread}-{entry.seq}")

    def _mark(self, state: str, seq: int) -> None:
        if seq > self._marks.get(state, 0):
            self._marks[state] = seq
            self._tell("receipt", {"thread": self.thread, "seq": seq, "state": state})

    def _type(self, on: bool) -> None:
        if on != self._typing:
            self._typing = on
            self._tell("typing", {"on": on})

    def _tell(self, kind: str, data: dict[str, Any], event_id: str | None = None) -> None:
        if len(self._events) >= self._most:
            self.end()
            return
        head = f"id: {event_id}\n" if event_id else ""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        self._events.append(f"{head}event: {kind}\ndata: {text}\n\n".encode())
        self._news.set()


class Streams:
    """Every open stream of this process; the hub's view of the app's channel.

    Args:
        hub: Where messages are stored and answered.
        poll_seconds: How soon what happened in another process is seen.
        heartbeat_seconds: How often a silent stream shows life, so that nothing between closes it.
        per_identity: How many streams a customer may have open; a further one ends the oldest.
    """

    name, pushed = "app", False

    def __init__(
        self, hub: Hub, poll_seconds: float = 1, heartbeat_seconds: float = 15, per_identity: int = 5
    ) -> None:
        self._hub = hub
        self._poll_seconds, self._heartbeat = poll_seconds, heartbeat_seconds
        self._per_identity = per_identity
        self._open: dict[str, list[Stream]] = defaultdict(list)
        self._poller: asyncio.Task | None = None

    async def show(self, entry: Entry) -> None:
        """Shows the message to the customer's clients, whatever channel it is of."""
        for identity in entry.audience:
            for stream in self._of(identity):
                stream.show(entry)

    async def typing(self, entry: Entry, on: bool) -> None:
        """Shows or hides that an answer is being written."""
        for stream in self._of(entry.identity):
            stream.processing(entry, on)

    async def person_types(self, identity: str) -> None:
        """Shows nothing: the stream has only the assistant's dots."""

    async def turn_ended(self, entry: Entry) -> None:
        """Shows that a message is answered."""
        for stream in self._of(entry.identity):
            stream.answered(entry)

    async def forgotten(self, identity: str) -> None:
        """Lets the account's clients see that nothing is there any more."""
        self.look_again(identity)

    def look_again(self, identity: str) -> None:
        """Lets the customer's clients see what they themselves have changed (a receipt, a link)."""
        for stream in self._of(identity):
            stream.look_again()

    def end(self) -> None:
        """Ends every stream, when the server stops."""
        for streams in self._open.values():
            for stream in streams:
                stream.end()

    async def follow(self, stream: Stream, until: float) -> AsyncIterator[bytes]:
        """Gives what ``stream`` tells, until it ends or the clock (since the epoch) shows ``until``."""
        self._enter(stream)
        try:
            while not stream.ended and time.time() < until:
                if stream.stale:
                    stream.stale = False
                    conversation = await self._hub.conversation_of(stream.identity)
                    after = stream.after(conversation)
                    limit = PAGE if after is None else _CATCH_UP
                    stream.catch_up(await self._read(standing.look, conversation, after, limit))
                told = stream.take()
                if told:
                    yield told
                elif not stream.stale and not await stream.news(min(self._heartbeat, until - time.time())):
                    yield b":\n\n"
        finally:
            self._leave(stream)

    def _of(self, identity: str) -> list[Stream]:
        return self._open.get(identity, [])

    async def _read(self, function: Callable[..., Any], *args: Any) -> Any:
        """What ``function`` reads in a transaction of the ledger."""

        def read() -> Any:
            with self._hub.ledger.scope() as session:
                return function(session, *args)

        return await self._hub.threads(read)

    def _enter(self, stream: Stream) -> None:
        streams = self._open[stream.identity]
        going = [one for one in streams if not one.ended]  # others may still be stuck in their last words
        if len(going) >= self._per_identity:
            going[0].end()
        streams.append(stream)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll())

    def _leave(self, stream: Stream) -> None:
        self._open[stream.identity].remove(stream)
        if not self._open[stream.identity]:
            del self._open[stream.identity]
        if not self._open and self._poller:
            self._poller.cancel()
            self._poller = None

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            try:
                versions = await self._read(standing.versions, list(self._open))
            except Exception as error:  # the database is away: the streams stay, and look later
                log.error("app.streams.not_polled", error=type(error).__name__)
                continue
            for identity, version in versions.items():
                for stream in self._of(identity):
                    if stream.version != version:
                        stream.version = version
                        stream.look_again()


def parse_event_id(value: str | None) -> tuple[str, int] | None:
    """Reads ``Last-Event-ID``, ``<thread>-<seq>``; ``None`` if there is none.

    Raises:
        BadInput: It is none that a stream has given.
    """
    if not value:
        return None
    found = _EVENT_ID.fullmatch(value)
    if not found or int(found[2]) > MAX_SEQ:
        raise BadInput("invalid", "Last-Event-ID", "Last-Event-ID must be the id of an event")
    return found[1], int(found[2])
