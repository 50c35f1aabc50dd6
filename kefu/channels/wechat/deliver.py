"""How answers reach customers on WeChat: in the open callback if they are ready, else pushed.

A bubble goes out by exactly one of both, because taking it is one statement in the database
(kefu.conversations.deliveries) and pushing waits for open callbacks.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Integer, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.wechat import quota
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
#: So long after its deadline a callback is of no use to anyone, in seconds.
HELPLESS = 5.0
#: How often to look whether another process has answered.
LOOK_EVERY = 0.4
#: So many messages of the platform's quota are never used up by what nobody asked for.
KEPT_FOR_ANSWERS = 2

_ASKED = Message.__table__.alias()
_ANSWERED = exists().where(
    _ASKED.c.identity == bindparam("whose"),
    _ASKED.c.client_id == bindparam("asked"),
    _ASKED.c.answered_at.is_not(None),
)
# All at once, when the message has its answer: what was due before would else use up the callback, and the
# answer have to be pushed.
_TAKE = deliveries.taking(or_(bindparam("last", type_=Integer) == 1, _ANSWERED), waited=False)


@dataclass(frozen=True)
class _Reply:
    """What ends a callback: the answer, if there is one, and whether there is more to push."""

    text: str | None
    more: bool


@dataclass(eq=False)
class _Callback:
    """An open callback (see ``WeChatAdapter.answer``), and its answer once that is stored."""

    hold: str
    deadline: float
    gone: Callable[[], bool]
    render: Callable[[str], str]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    reply: _Reply | None = None


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
        self._open: dict[tuple[str, int], list[_Callback]] = defaultdict(list)
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

    def stored(self, entry: Entry, session: Session) -> None:
        """Lets an open callback take the answer in the transaction that stores it."""
        for callback in self._open.get((entry.conversation, entry.seq), ())[-1:]:
            callback.reply = None
            if time.monotonic() < callback.deadline and not callback.gone():
                callback.reply = self._reply(session, entry, callback, last=False)

    def may_push(self, session: Session, identity: str) -> bool:
        """Whether the platform lets us push, with some left for answers that come late."""
        planned = KEPT_FOR_ANSWERS + deliveries.count_due(session, identity, CHANNEL)
        return self._pusher.allowed and quota.left(session, identity) > planned

    async def forgotten(self, identity: str) -> None:
        """Does nothing: what was said stays on the customer's phone, which is theirs."""

    async def person_types(self, identity: str) -> None:
        """Shows nothing: WeChat counts its dots as answers that are due."""

    async def turn_ended(self, entry: Entry) -> None:
        """Lets the open callback answer, or pushes the answer."""
        waiting = self._open.get((entry.conversation, entry.seq), ())
        for callback in waiting:
            callback.ended.set()
        if not waiting:
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
            deadline: Until when (``time.monotonic``) the platform waits.
            gone: Whether the platform has hung up.
            render: Makes the callback's answer of a text, beside the event loop: once an answer is taken, it
                must be on its way at once, for it is lost if the server dies in between.

        Returns:
            What to answer with, or ``None``: all is said, or will be pushed.
        """
        key, callback = (entry.conversation, entry.seq), _Callback(hold, deadline, gone, render)
        self._open[key].append(callback)
        try:
            reply = await self._wait(entry, callback)
        finally:
            self._open[key].remove(callback)
            if not self._open[key]:
                del self._open[key]
        if reply.more:
            asyncio.get_running_loop().call_later(0.2, self._pusher.wake, entry.identity)
        return reply.text

    async def _wait(self, entry: Entry, callback: _Callback) -> _Reply:
        while True:
            pause = min(LOOK_EVERY, callback.deadline - time.monotonic())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(callback.ended.wait(), max(0, pause))
            if callback.ended.is_set() and callback.reply:
                return callback.reply
            # Beyond help the platform calls again, and gets what was taken for this call.
            if callback.gone() or time.monotonic() > callback.deadline + HELPLESS:
                await self._hub.threads(self._release, callback.hold)
                return _Reply(None, True)
            last = time.monotonic() >= callback.deadline
            reply = await self._hub.threads(self._look, entry, callback, last)
            if reply:
                return reply
            if last or callback.ended.is_set():  # the answer is just being stored, or something else sent
                await asyncio.sleep(0.05)

    def _look(self, entry: Entry, callback: _Callback, last: bool) -> _Reply | None:
        with self._scope() as session:
            return self._reply(session, entry, callback, last)

    def _reply(self, session: Session, entry: Entry, callback: _Callback, last: bool) -> _Reply | None:
        """Takes what can be said now, and ends the hold; ``None`` if there is something to wait for."""
        by = f"reply:{entry.client_id}"
        # Taken is sent: if the answer gets lost, the platform asks again, and gets the same.
        when = {"asked": entry.client_id, "last": int(last)}
        taken = deliveries.take(session, _TAKE, entry.identity, CHANNEL, by, "sent", **when)
        entries = taken or deliveries.taken_by(session, entry.identity, by)
        if not entries and not last and self._is_to_come(session, entry):
            return None
        if not release(session, callback.hold):  # `stored` and a last look at the same moment: one has it
            deliveries.put_back(session, taken, None)
            return callback.reply if entries and not taken else None
        if not entries:
            return _Reply(None, True)
        first = plan(entries, numbers_of(session, entries), self._word)[0]
        if not first.covers and not self._pusher.allowed:  # the rest of it could never be pushed
            first = shortened(first, entries[0])
        rest = entries[len(first.covers) :]
        if taken and rest:
            deliveries.put_back(session, rest, None)
        return _Reply(callback.render(first.numbered) if first.covers else None, bool(rest) or last)

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
