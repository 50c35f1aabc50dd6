"""Pushes bubbles by the customer-service API, within what the platform allows."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import bindparam, exists
from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.wechat import quota
from kefu.channels.wechat.choices import numbers_of
from kefu.channels.wechat.client import (
    NOT_FOR_ACCOUNT,
    ApiError,
    Denied,
    Limited,
    NoQuota,
    NotAllowed,
    NotSent,
    Unsure,
    WeChatApi,
)
from kefu.channels.wechat.models import WechatHold
from kefu.channels.wechat.options import Options
from kefu.channels.wechat.reception import CHANNEL, Scope, forget_holds
from kefu.channels.wechat.replies import Outgoing, Wording, flatten, plan
from kefu.conversations import deliveries
from kefu.conversations.ledger import Entry
from kefu.conversations.models import Message
from kefu.customers.models import Identity
from kefu.db import utcnow
from kefu.events import record

log = structlog.get_logger()

#: Waits after each vain try; then the bubble has failed.
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600))
LIMITED_FOR = timedelta(minutes=10)
#: Why something waits for the customer's next message, where it is not the quota.
_KEPT = {45015: "wechat.window_closed", 48001: "wechat.not_allowed", 48004: "wechat.not_allowed"}
#: The longest text that a field of a template takes:
#: https://developers.weixin.qq.com/doc/service/guide/product/template_message/Template_Message_Interface.html
TEMPLATE_TEXT = 20


_HELD = exists().where(
    WechatHold.identity == Message.__table__.c.identity, WechatHold.until > bindparam("now")
)
_TAKE = deliveries.taking(~_HELD)


@dataclass(frozen=True)
class Batch:
    """What one delivery, named ``by``, has to say to whom, and how many messages it may use."""

    by: str
    identity: str
    openid: str
    messages: Sequence[Outgoing]
    left: int
    tries: int


class Pusher:
    """Pushes what is due, one delivery at a time for each customer.

    Args:
        hub: For its threads.
        api: Where to.
        options: The channel's.
        scope: Opens a session that commits at its end.
        word: Words of notices and hints.
        sweep_seconds: How often to look for what nobody pushed.

    Attributes:
        allowed: Whether the account may push at all, as far as the platform has told.
    """

    def __init__(
        self,
        hub: Hub,
        api: WeChatApi,
        options: Options,
        scope: Scope,
        word: Wording,
        sweep_seconds: float = 2,
    ) -> None:
        self._hub, self._api, self._options, self._scope = hub, api, options, scope
        self._word, self._sweep_every = word, sweep_seconds
        self._tasks: dict[str, asyncio.Task] = {}
        self._again: set[str] = set()
        self._sweeper: asyncio.Task | None = None
        self._menus = self.allowed = True
        self._stopping = False

    def start(self) -> None:
        """Begins to look for what is due, now and again."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Begins nothing new and lets what is being sent end."""
        self._stopping = True
        if self._sweeper:
            self._sweeper.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=6)

    def wake(self, identity: str) -> None:
        """Says that something may be due to ``identity``."""
        self._again.add(identity)
        if identity not in self._tasks and not self._stopping:
            task = asyncio.create_task(self._work(identity))
            self._tasks[identity] = task
            task.add_done_callback(lambda _: self._done(identity))

    def _done(self, identity: str) -> None:
        self._tasks.pop(identity, None)
        if identity in self._again:
            self.wake(identity)

    async def _sweep(self) -> None:
        while True:
            try:
                for identity in await self._hub.threads(self._look):
                    self.wake(identity)
            except Exception as error:
                log.error("wechat.sweep.failed", error=type(error).__name__)
            await asyncio.sleep(self._sweep_every)

    def _look(self) -> list[str]:
        with self._scope() as session:
            forget_holds(session)
            for entry in deliveries.give_up_on_the_dead(session, CHANNEL):
                _alarm(session, "wechat.delivery_unsure", entry.identity, [entry], code=0)
            return deliveries.due_to(session, CHANNEL)

    async def _work(self, identity: str) -> None:
        self._again.discard(identity)
        try:
            batch = await self._hub.threads(self._take, identity)
            if batch is not None:
                await self._push(batch)
        except Exception as error:  # the sweep comes back to it
            log.error("wechat.push.interrupted", identity=identity, error=type(error).__name__)

    def _take(self, identity: str) -> Batch | None:
        with self._scope() as session:
            by = str(uuid.uuid4())
            entries = deliveries.take(session, _TAKE, identity, CHANNEL, by)
            if not entries:
                return None
            numbers = numbers_of(session, entries)
            return Batch(
                by,
                identity,
                session.get(Identity, identity).subject,
                plan(entries, numbers, self._word),
                quota.left(session, identity),
                deliveries.tries(session, entries),
            )

    async def _push(self, batch: Batch) -> None:
        for index, message in enumerate(batch.messages):
            rest = [entry for later in batch.messages[index:] for entry in later.covers]
            try:
                if index >= batch.left:
                    raise NoQuota()
                # Of a bubble in several messages only the last covers it; it begins with the first.
                begun = list(message.covers) or rest[:1]
                if not await self._hub.threads(self._begin, batch, begun):
                    return None  # it went to somebody else
                await self._send(batch.openid, message)
            except (NoQuota, NotAllowed) as error:
                self.allowed = not isinstance(error, NotAllowed)
                return await self._keep(batch, rest, error)
            except NotSent as error:
                return await self._hub.threads(self._later, batch, rest, error)
            except (Unsure, Denied) as error:
                return await self._hub.threads(self._failed, batch, rest, error)
            self.allowed = True
            await self._hub.threads(self._sent, batch.identity, message)

    def _begin(self, batch: Batch, begun: list[Entry]) -> bool:
        with self._scope() as session:
            return deliveries.begin(session, begun, batch.by)

    async def _send(self, openid: str, message: Outgoing) -> None:
        if message.menu and self._menus:
            try:
                return await self._api.send_menu(openid, message.text, list(message.menu))
            except Denied as error:
                if error.code not in NOT_FOR_ACCOUNT:
                    raise
                self._menus = False
        await self._api.send_text(openid, message.numbered)

    def _sent(self, identity: str, message: Outgoing) -> None:
        with self._scope() as session:
            deliveries.settle(session, list(message.covers), "sent")
            quota.spend(session, identity)
        log.info("wechat.pushed", identity=identity, bubbles=len(message.covers))

    async def _keep(self, batch: Batch, rest: list[Entry], error: ApiError) -> None:
        """Keeps what may not be sent for the customer's next message; a template may say that it is there."""
        template = self._options.template
        notified = False
        if template and self.allowed and all(entry.reply_to is None for entry in rest):
            text = flatten(rest[0].body, self._word).replace("\n", " ")[:TEMPLATE_TEXT]
            try:
                await self._api.send_template(
                    batch.openid, template["id"], {template["field"]: text}, bool(template.get("subscribe"))
                )
                notified = True
            except ApiError as failed:
                log.warning("wechat.template.failed", identity=batch.identity, code=failed.code)
        await self._hub.threads(self._wait, batch, rest, error, notified)

    def _wait(self, batch: Batch, rest: list[Entry], error: ApiError, notified: bool) -> None:
        with self._scope() as session:
            deliveries.wait(session, rest)
            if not error.code and quota.left(session, batch.identity):
                # The customer has written since: what waits for that would not notice.
                return deliveries.hurry(session, batch.identity, CHANNEL)
            if error.code and isinstance(error, NoQuota):
                quota.void(session, batch.identity)
            kind = _KEPT.get(error.code, "wechat.quota_exhausted")
            _alarm(session, kind, batch.identity, rest, code=error.code, notified=notified)

    def _later(self, batch: Batch, rest: list[Entry], error: NotSent) -> None:
        limited = isinstance(error, Limited)
        if not limited and batch.tries >= len(BACK_OFF):
            return self._failed(batch, rest, error)
        pause = LIMITED_FOR if limited else BACK_OFF[batch.tries]
        with self._scope() as session:
            deliveries.put_back(session, rest, utcnow() + pause, tried=not limited)
            if limited:
                _alarm(session, "wechat.api_limited", batch.identity, rest, code=error.code)
        log.warning("wechat.push.later", identity=batch.identity, code=error.code, error=str(error))

    def _failed(self, batch: Batch, rest: list[Entry], error: ApiError) -> None:
        kind = "wechat.delivery_unsure" if isinstance(error, Unsure) else "wechat.delivery_failed"
        with self._scope() as session:
            deliveries.settle(session, rest, "failed")
            _alarm(session, kind, batch.identity, rest, code=error.code)


def _alarm(session: Session, kind: str, identity: str, entries: list[Entry], **data: object) -> None:
    """Makes what went wrong visible in the event log."""
    record(session, kind, identity, bubbles=len(entries), **data)
    log.warning(kind, identity=identity, bubbles=len(entries), **data)
