"""Sends what is due to subscriptions: each by a task of its own, so that a slow one holds up no other."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import timedelta
from typing import Any

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.webhooks import addresses, deliveries, signing
from kefu.webhooks.deliveries import Outcome
from kefu.webhooks.models import Delivery, Subscription

logger = logging.getLogger(__name__)

#: How long one try may last, in seconds; shorter than the lease.
SECONDS = 10
#: How often to look for what has happened, in seconds.
ROUND = 1.0
#: After how many rounds old deliveries are forgotten.
_PRUNE_EVERY = 3600
#: So much of an answer is read, in bytes: nothing but its status matters.
_READ = 4096
_LONGEST_WAIT = timedelta(hours=1)


class Sender:
    """Follows the event log and sends; several processes may do so at once.

    Args:
        seconds: How long one try may last.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._owner, self._seconds = uuid.uuid4().hex, seconds
        self._tasks: dict[int, asyncio.Task] = {}

    async def forever(self) -> None:
        """Works until cancelled."""
        rounds = 0
        async with self._client() as client:
            try:
                while True:
                    await self.round(client)
                    if rounds % _PRUNE_EVERY == 0:
                        await self._try(deliveries.prune)
                    rounds += 1
                    await asyncio.sleep(ROUND)
            finally:
                for task in list(self._tasks.values()):
                    task.cancel()
                await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def round(self, client: aiohttp.ClientSession) -> None:
        """Looks once; what can be sent is being sent when it returns."""
        while await self._try(deliveries.follow):
            pass
        for subscription_id in await self._try(deliveries.ready) or ():
            if subscription_id not in self._tasks:
                task = asyncio.create_task(self._drain(client, subscription_id))
                self._tasks[subscription_id] = task
                task.add_done_callback(lambda _, gone=subscription_id: self._tasks.pop(gone, None))

    def _client(self) -> aiohttp.ClientSession:
        # No cookies, no proxy of the environment: nothing but what is said here.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=addresses.Guarded(settings().webhook_private)),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._seconds),
            auto_decompress=False,
        )

    async def _drain(self, client: aiohttp.ClientSession, subscription_id: int) -> None:
        """Sends one by one all that is due to a subscription."""
        try:
            while (taken := await self._try(self._take, subscription_id)) is not None:
                delivery, subscription = taken
                outcome = await self._send(client, delivery, subscription)
                if not outcome.arrived:
                    reason = outcome.status or outcome.error
                    logger.warning("webhook.not_delivered: subscription %s %s", subscription_id, reason)
                if not await self._try(deliveries.settle, delivery.id, outcome):
                    break
        finally:
            # Also when this process ends: the next one need not wait for the lease.
            await asyncio.shield(self._try(deliveries.release, subscription_id, self._owner))

    def _take(self, session, subscription_id: int) -> tuple[Delivery, Subscription] | None:
        delivery = deliveries.take(session, subscription_id, self._owner)
        return (delivery, session.get(Subscription, subscription_id)) if delivery else None

    async def _send(
        self, client: aiohttp.ClientSession, delivery: Delivery, subscription: Subscription
    ) -> Outcome:
        body = delivery.body.encode()
        headers = signing.headers(subscription.secret, delivery.message_id, utcnow(), body)
        headers |= {"Content-Type": "application/json", "User-Agent": "Kefu-Webhooks/1"}
        try:
            addresses.check(subscription.url, settings().webhook_private)
            async with client.post(
                subscription.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                await answer.content.read(_READ)
                outcome = Outcome(answer.status, wait=_wait(answer))
                # Whatever else it has to say is not waited for.
                answer.close()
                return outcome
        except addresses.Forbidden as error:
            return Outcome(error=f"address_{error}")
        except asyncio.TimeoutError:
            return Outcome(error="timeout")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            cause = error.__cause__ or getattr(error, "os_error", None)
            refused = isinstance(cause, addresses.Forbidden)
            return Outcome(error="address_private" if refused else type(error).__name__[:64])

    async def _try(self, work, *values: Any) -> Any:
        """Runs a use case in a transaction beside the event loop; ``None`` if the database failed."""
        try:
            return await asyncio.to_thread(_in_transaction, work, *values)
        except SQLAlchemyError as error:
            logger.error("webhook.failed: %s %s", work.__name__, type(error).__name__)
            return None


def _in_transaction(work, *values: Any) -> Any:
    with session_scope() as session:
        return work(session, *values)


def _wait(answer: aiohttp.ClientResponse) -> timedelta:
    """How long a busy receiver asks to be left alone, up to an hour."""
    text = answer.headers.get("Retry-After", "") if answer.status in (429, 503) else ""
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    return min(_LONGEST_WAIT, timedelta(seconds=seconds))
