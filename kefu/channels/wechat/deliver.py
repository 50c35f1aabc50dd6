"""How answers reach customers on WeChat: in the open callback if they are ready, else pushed.

A bubble goes out by exactly one of both, because taking it is one statement in the database
(kefu.conversations.deliveries) and pushing waits for open callbacks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from sqlalchemy import Integer, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.wechat.choices import numbers_of
from kefu.channels.wechat.client import WeChatApi
from kefu.channels.wechat.pushing import Pusher
from kefu.channels.wechat.reception import CHANNEL, Scope, release
from kefu.channels.wechat.replies import Wording, plan, shortened
from kefu.conversations import deliveries
from kefu.conversations.ledger import Entry
from kefu.conversations.models import Message
from kefu.customers.models import Identity

#: An answer takes this long before the customer is shown that it is being written.
TYPING_AFTER = 1.0
TYPING_LASTS = 15.0
#: How often to look whether another process has answered.
LOOK_EVERY = 0.4

_ASKED = Message.__table__.alias()
_ANSWERED = exists().where(
    _ASKED.c.identity == bindparam("whose"),
    _ASKED.c.client_id == bindparam("asked"),
    _ASKED.c.answered_at.is_not(None),
)
# All at once, when the message has its answer: what was due before would else use up the callback, and the
# answer have to be pushed.
_TAKE = deliveries.taking(or_(bindparam("last", type_=Integer) == 1, _ANSWERED), waited=False)


class WeChatAdapter:
    """The hub's view of this channel.

    Args:
        hub: For its threads.
        api: For what is pushed.
        pusher: Pushes what no callback carried.
        scope: Opens a session that commits at its end.
        word: Words of notices and hints.
    """

    name, pushed = CHANNEL, True

    def __init__(self, hub: Hub, api: WeChatApi, pusher: Pusher, scope: Scope, word: Wording) -> None:
        self._hub, self._pusher, self._scope, self._word = hub, pusher, scope, word
        self.api = api
        self._ended: dict[tuple[str, int], asyncio.Event] = {}
        self._typing: dict[str, asyncio.Task] = {}

    async def show(self, entry: Entry) -> None:
        """Pushes what is no answer; an answer goes out when it is complete."""
        push = entry.direction == "out" and entry.reply_to is None and not entry.body.get("aside")
        if push and entry.channel == CHANNEL:
            self._pusher.wake(entry.identity)

    async def typing(self, entry: Entry, on: bool) -> None:
        """Shows that an answer is being written, if it is not there at once."""
        task = self._typing.pop(entry.identity, None)
        if task:
            task.cancel()
        if on:
            self._typing[entry.identity] = asyncio.create_task(self._keep_typing(entry.identity))

    async def turn_ended(self, entry: Entry) -> None:
        """Lets the open callback take the answer, or pushes it."""
        waiting = self._ended.get((entry.conversation, entry.seq))
        if waiting:
            waiting.set()
        else:
            self._pusher.wake(entry.identity)

    async def answer(
        self,
        entry: Entry,
        hold: str,
        deadline: float,
        gone: Callable[[], bool],
        render: Callable[[str], str],
    ) -> str | None:
        """Waits for the answer to ``entry`` and takes it for an open callback.

        Args:
            entry: The message called back for.
            hold: The callback's hold, which this ends.
            deadline: Until when (the loop's time) the platform waits.
            gone: Whether the platform has hung up.
            render: Makes the callback's answer of a text, beside the event loop: once an answer is taken, it
                must be on its way at once, for it is lost if the server dies in between.

        Returns:
            What to answer with, or ``None``: all is said, or will be pushed.
        """
        loop = asyncio.get_running_loop()
        key = (entry.conversation, entry.seq)
        ended = self._ended.setdefault(key, asyncio.Event())
        try:
            while True:
                pause = min(LOOK_EVERY, deadline - loop.time())
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(ended.wait(), max(0, pause))
                last = loop.time() >= deadline
                if gone():
                    await self._hub.threads(self._release, hold)
                    self._pusher.wake(entry.identity)
                    return None
                done, text, more = await self._hub.threads(self._reply, entry, hold, last, render)
                if done:
                    if more or last:
                        loop.call_later(0.2, self._pusher.wake, entry.identity)
                    return text
                if ended.is_set():  # something else is being sent to this customer just now
                    await asyncio.sleep(0.05)
        finally:
            self._ended.pop(key, None)

    def _reply(
        self, entry: Entry, hold: str, last: bool, render: Callable[[str], str]
    ) -> tuple[bool, str | None, bool]:
        """Takes what can be said now; whether that ends the wait, the answer, and whether there is more."""
        by = f"reply:{entry.client_id}"
        with self._scope() as session:
            # Taken is sent: if the answer gets lost, the platform asks again, and gets the same.
            when = {"asked": entry.client_id, "last": int(last)}
            taken = deliveries.take(session, _TAKE, entry.identity, CHANNEL, by, "sent", **when)
            entries = taken or deliveries.taken_by(session, entry.identity, by)
            if not entries and not last and self._is_to_come(session, entry):
                return False, None, False
            release(session, hold)
            if not entries:
                return True, None, True
            first = plan(entries, numbers_of(session, entries), self._word)[0]
            if not first.covers and not self._pusher.allowed:  # the rest of it could never be pushed
                first = shortened(first, entries[0])
            rest = entries[len(first.covers) :]
            if taken and rest:
                deliveries.put_back(session, rest, None)
            return True, render(first.numbered) if first.covers else None, bool(rest)

    @staticmethod
    def _is_to_come(session: Session, entry: Entry) -> bool:
        """Whether there is something to wait for: an answer, or the end of a push."""
        asked = select(Message.answered_at).where(
            Message.identity == entry.identity, Message.client_id == entry.client_id
        )
        answered = session.execute(asked).scalar() is not None
        return not answered or deliveries.is_sending(session, entry.identity, CHANNEL)

    def _release(self, hold: str) -> None:
        with self._scope() as session:
            release(session, hold)

    async def _keep_typing(self, identity: str) -> None:
        await asyncio.sleep(TYPING_AFTER)
        openid = await self._hub.threads(self._openid, identity)
        while openid:
            await self.api.typing(openid)
            await asyncio.sleep(TYPING_LASTS)

    def _openid(self, identity: str) -> str:
        with self._scope() as session:
            found = session.get(Identity, identity)
            return found.subject if found else ""
