"""Takes in what the platform calls back with: who it is, what it allows us, what it means."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import bindparam, delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.channels.hub import LINK_REFUSED, Hub
from kefu.channels.messages import Inbound
from kefu.channels.wechat import quota
from kefu.channels.wechat.choices import Choice, chosen, may_choose
from kefu.channels.wechat.models import WechatHold
from kefu.channels.wechat.options import Options
from kefu.channels.wechat.parse import Received
from kefu.conversations import deliveries
from kefu.conversations.ledger import Entry
from kefu.customers import proofs
from kefu.customers import service as customers
from kefu.customers.answers import link_code_in
from kefu.customers.service import Sender
from kefu.db import utcnow
from kefu.events import record_once

log = structlog.get_logger()

CHANNEL = "wechat"
GREETING = "/greet"
#: A scene that begins like this carries a code for linking (kefu.customers).
LINK_SCENE = "link_"

#: Events that the platform lets us answer with a few messages (see quota).
GRANTING_EVENTS = {"subscribe", "subscribe_scan", "scan", "click", "scancode_push", "scancode_waitmsg"}
#: What cannot be understood without text, and the response that says so.
UNREADABLE = {"voice": "utter_cannot_hear", "image": "utter_cannot_see"}
UNREADABLE |= {"video": "utter_cannot_see", "shortvideo": "utter_cannot_see"}

_HOLDS = WechatHold.__table__
# Made once (see kefu.conversations.statements).
_HOLD = insert(_HOLDS)
_RELEASE = delete(_HOLDS).where(_HOLDS.c.id == bindparam("hold"))

Scope = Callable[[], AbstractContextManager[Session]]


def identity_of(appid: str, openid: str) -> str:
    """Derives the identity of a follower; it cannot be turned back."""
    return f"{CHANNEL}-" + hashlib.sha256(f"kefu:{CHANNEL}:{appid}:{openid}".encode()).hexdigest()[:32]


class Reception:
    """Gives the hub what customers say on WeChat.

    Args:
        hub: Where messages are stored and answered.
        options: The channel's.
        appid: Of the account.
        scope: Opens a session that commits at its end.
    """

    def __init__(self, hub: Hub, options: Options, appid: str, scope: Scope) -> None:
        self._hub, self._options, self._appid, self._scope = hub, options, appid, scope
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, received: Received) -> tuple[Entry, str] | None:
        """Stores what was received and opens its callback for the answer; ``None`` if none is wanted.

        Returns:
            The stored message, and the name of the hold.
        """
        # Threads may overtake one another: what one follower says is stored in the order in which it came.
        order = self._orders.setdefault(received.openid, asyncio.Lock())
        async with order:
            return await self._take(received)

    async def _take(self, received: Received) -> tuple[Entry, str] | None:
        sender = Sender(identity_of(self._appid, received.openid), CHANNEL, received.openid)
        choice = None
        if received.kind == "text" and may_choose(received):
            choice = await self._hub.threads(self._chosen, sender, received)
        inbound = self._inbound(sender, received, choice)
        if inbound is None:
            await self._hub.threads(self._happen, sender, received)
            log.info("wechat.event.recorded", identity=sender.id, received=received.event or received.kind)
            return None
        hold = str(uuid.uuid4())
        entry, _ = await self._hub.receive(inbound, partial(self._open, sender, received, hold))
        return entry, hold

    async def is_good(self, code: str) -> bool:
        """Whether a code for linking can still be used."""
        return await self._hub.threads(self._is_good, code)

    def _is_good(self, code: str) -> bool:
        with self._scope() as session:
            return proofs.is_good_link_code(session, code)

    def _open(
        self, sender: Sender, received: Received, hold: str | None, session: Session, fresh: bool
    ) -> None:
        """Keeps what a callback allows us, and that it waits for an answer; a repeated one waits, too."""
        event = received.kind == "event"
        if event:
            fresh = self._note(session, sender.id, received)
        if fresh and (not event or received.event in GRANTING_EVENTS):
            quota.grant(session, sender.id, "event" if event or received.menu_id else "message")
            deliveries.hurry(session, sender.id, CHANNEL)
        if hold:
            until = utcnow() + timedelta(seconds=self._options.hold_seconds + 1)
            values = {"id": hold, "identity": sender.id, "client_id": received.id, "until": until}
            session.connection().execute(_HOLD, values)

    def _happen(self, sender: Sender, received: Received) -> None:
        """Keeps an event that nothing answers."""
        for tried in range(3):
            try:
                with self._scope() as session:
                    customers.arrive(session, sender)
                    self._open(sender, received, None, session, True)
                return
            except IntegrityError:  # another callback keeps the same customer just now
                if tried == 2:
                    raise

    def _chosen(self, sender: Sender, received: Received) -> Choice | None:
        with self._scope() as session:
            return chosen(session, sender.id, received)

    @staticmethod
    def _note(session: Session, identity: str, received: Received) -> bool:
        """Keeps that an event happened, once; of its key only whether it was a link's."""
        key = f"{identity}:{received.id}"
        data = {"event": received.event, "link": received.key.startswith(LINK_SCENE)}
        return record_once(session, "wechat.event_received", key, identity, **data)

    def _inbound(self, sender: Sender, received: Received, choice: Choice | None) -> Inbound | None:
        if received.kind == "event":
            return self._event(sender, received)
        text, kind, parts = received.text, received.kind, received.parts
        if choice:
            seq, index, button = choice
            place = {"button": {"seq": seq, "index": index}}
            return Inbound(sender, received.id, "button", button["title"], button["payload"], parts=place)
        response = None if text else UNREADABLE.get(kind, "utter_cannot_read")
        return Inbound(sender, received.id, _KINDS.get(kind, "text"), text, parts=parts, response=response)

    def _event(self, sender: Sender, received: Received) -> Inbound | None:
        if received.event in ("subscribe_scan", "scan") and received.key.startswith(LINK_SCENE):
            code = link_code_in(received.key[len(LINK_SCENE) :])  # given as if it was typed
            bad = None if code else LINK_REFUSED
            return Inbound(sender, received.id, "event", code or "", hidden=True, response=bad)
        if received.event in ("subscribe", "subscribe_scan"):
            return Inbound(sender, received.id, "event", "", GREETING, hidden=True)
        entry = self._options.menu.get(received.key) if received.event == "click" else None
        if entry:
            return Inbound(sender, received.id, "button", entry["title"], entry["payload"])
        return None


def release(session: Session, hold: str) -> bool:
    """Ends a hold within the caller's transaction; ``False`` if it was ended before."""
    return session.connection().execute(_RELEASE, {"hold": hold}).rowcount == 1


def forget_holds(session: Session) -> None:
    """Removes what holds of dead processes are left."""
    session.execute(delete(_HOLDS).where(_HOLDS.c.until < utcnow()))


#: What clients show a kind as.
_KINDS = {
    "image": "image",
    "voice": "voice",
    "video": "image",
    "shortvideo": "image",
    "location": "location",
    "link": "link",
    "miniprogrampage": "link",
}
