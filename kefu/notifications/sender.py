"""Sends what is due in the outbox; any number of processes may do so at once.

A notification goes: taken (may it be sent now, and by what?) -> worded -> given to the channel's platform, if
it has one of its own -> stored as a message of the conversation and marked as sent, in one transaction.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from kefu.conversations.ledger import Entry, Ledger
from kefu.notifications import outbox
from kefu.notifications.models import Notification
from kefu.notifications.outbox import Address, IsBusy, Parcel

logger = logging.getLogger(__name__)

#: How many are on their way at once.
AT_ONCE = 8

Words = Callable[[Parcel], Awaitable[dict[str, Any]]]
Told = Callable[[Parcel, Entry], Awaitable[None]]


class NotSent(Exception):
    """The platform certainly did not take it; the text is a code.

    Attributes:
        unsure: Whether it may have taken it after all.
    """

    unsure = False


class Unsure(NotSent):
    """Nobody knows whether the platform took it: it is sent again under the same key, and nowhere else."""

    unsure = True


class Channel(Protocol):
    """A way to reach customers beside their conversation."""

    def reaches(self, session: Session, address: Address, row: Notification) -> bool:
        """Whether the customer can be told there now; may reserve what that takes."""

    async def push(self, parcel: Parcel, body: dict[str, Any]) -> None:
        """Gives it to the platform, which takes one of each key; raises ``NotSent`` or ``Unsure``."""


class Conversation:
    """A channel without a platform of its own: the message stands in the conversation when they come back."""

    def reaches(self, session: Session, address: Address, row: Notification) -> bool:
        """Always."""
        return True

    async def push(self, parcel: Parcel, body: dict[str, Any]) -> None:
        """Nothing is needed."""


class Sender:
    """Sends notifications.

    Args:
        ledger: Where messages are stored.
        channels: By their names; one that is not named is a ``Conversation``.
        words: Words a notification, as a message's body.
        is_busy: Whether a customer talks with a colleague.
        run: Runs blocking calls beside the event loop.
        told: Is told of what was sent.
        seconds: How often to look.
    """

    def __init__(
        self,
        ledger: Ledger,
        channels: Mapping[str, Channel],
        words: Words,
        is_busy: IsBusy,
        run: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        told: Told | None = None,
        seconds: float = 1,
    ) -> None:
        self._ledger, self._channels, self._words, self._is_busy = ledger, channels, words, is_busy
        self._run, self._told, self._seconds = run, told, seconds
        self._plain = Conversation()
        self._owner = str(uuid.uuid4())

    async def forever(self) -> None:
        """Sends what is due again and again, until cancelled."""
        while True:
            found = 0
            try:
                found = await self.once()
            except Exception as error:
                logger.error("notifications.send.failed: %s", type(error).__name__)
            if not found:
                await asyncio.sleep(self._seconds)

    async def once(self) -> int:
        """Sends what is due by now, as far as one look shows; returns how many that were."""
        found = await self._run(self._due)
        places = asyncio.Semaphore(AT_ONCE)

        async def send(notification_id: int) -> None:
            async with places:
                try:
                    await self._send(notification_id)
                except Exception as error:  # its lease ends, and it is taken again
                    logger.error("notifications.interrupted: %s, %s", notification_id, type(error).__name__)

        await asyncio.gather(*(send(one) for one in found))
        return len(found)

    async def _send(self, notification_id: int) -> None:
        parcel = await self._run(self._take, notification_id)
        if parcel is None:
            return
        try:
            body = await self._worded(parcel)
            await self._of(parcel.address).push(parcel, body)
        except NotSent as error:
            await self._run(self._failed, parcel, error)
            return
        entry = await self._run(self._store, parcel, body)
        if entry is not None and self._told:
            await self._told(parcel, entry)

    async def _worded(self, parcel: Parcel) -> dict[str, Any]:
        try:
            return await self._words(parcel)
        except Exception as error:  # another channel would have no words, either
            logger.error("notifications.words.failed: %s, %s", parcel.response, type(error).__name__)
            raise Unsure("words") from None

    def _due(self) -> list[int]:
        with self._ledger.scope() as session:
            return outbox.due(session)

    def _take(self, notification_id: int) -> Parcel | None:
        with self._ledger.scope() as session:
            return outbox.take(session, notification_id, self._owner, self._reaches, self._is_busy)

    def _store(self, parcel: Parcel, body: dict[str, Any]) -> Entry | None:
        return self._ledger.push(
            parcel.customer,
            body,
            lambda session: outbox.mark_sent(session, parcel.id),
            (parcel.address.identity, parcel.address.channel),
            lambda session, entry: outbox.note_message(session, parcel.id, entry.conversation, entry.seq),
        )

    def _failed(self, parcel: Parcel, error: NotSent) -> None:
        with self._ledger.scope() as session:
            outbox.failed(session, parcel, self._owner, str(error) or type(error).__name__, not error.unsure)

    def _of(self, address: Address) -> Channel:
        return self._channels.get(address.channel, self._plain)

    def _reaches(self, session: Session, address: Address, row: Notification) -> bool:
        return self._of(address).reaches(session, address, row)
