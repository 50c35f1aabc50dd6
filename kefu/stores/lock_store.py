"""Lets one turn at a time work on a conversation, in the order in which its messages came."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.lock_store import LOCK_LIFETIME, LockStore
from rasa.shared.exceptions import RasaException

from kefu.config import settings
from kefu.stores.local_locks import LocalLocks
from kefu.stores.redis_locks import RedisLocks


class KefuLockStore(LockStore):
    """Rasa's lock store, woken when a lock becomes free: Rasa's own looks again each second.

    Within one process locks are kept in memory. Several Rasa servers, or one with several workers, share
    them through Redis (``KEFU_REDIS_URL``).
    """

    def __init__(self, endpoint_config: Any = None) -> None:
        """Opens the store; the endpoint has no options.

        Raises:
            RasaException: Several workers would each keep locks of their own.
        """
        url, workers = settings().redis_url, os.environ.get("SANIC_WORKERS") or "1"
        if workers != "1" and not url:
            raise RasaException(
                f"SANIC_WORKERS={workers} needs KEFU_REDIS_URL: workers share their locks there"
            )
        self._locks: LocalLocks | RedisLocks = RedisLocks(url) if url else LocalLocks()

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = 1
    ) -> AsyncIterator[Any]:
        """Waits for the conversation's turn and holds it within the block.

        Args:
            conversation_id: Whose turn it is.
            lock_lifetime: After so many seconds others no longer wait for the holder.
            wait_time_in_seconds: Rasa's time between two looks; not needed.

        Raises:
            LockError: The store cannot be reached.
        """
        async with self._locks.hold(conversation_id, lock_lifetime) as ticket:
            yield ticket

    def is_someone_waiting(self, conversation_id: str) -> bool:
        """Whether a message of the conversation waits in this process."""
        return self._locks.waiting(conversation_id) > 0
