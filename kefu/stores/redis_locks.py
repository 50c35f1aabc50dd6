"""Locks that several processes share through Redis: first come, first served; the dead do not block.

Each who comes takes the next number and a place at the end of the conversation's queue, and shows again
and again that it lives. The first living one in the queue holds the lock. Who leaves wakes the next by an
entry in a list of its own, which waits there if nobody listens at that moment, so no wake-up is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio as redis
from rasa.core.lock_store import LockError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

#: A process that shows no life for so long is dead, seconds.
ALIVE = 15.0

# All keys of a conversation have its id in braces: on a cluster they lie on one node.
_LUA_TOOLS = """
local function wake(queue, prefix)
  while true do
    local first = redis.call('LINDEX', queue, 0)
    if not first then return false end
    if redis.call('EXISTS', prefix .. 'alive:' .. first) == 1 then return first end
    redis.call('LPOP', queue)
  end
end
"""
#: Queue, counter, prefix; holder's name, life in ms. Takes the next number and a place in the queue.
_COME = """
local token = redis.call('INCR', KEYS[2]) .. ':' .. ARGV[1]
redis.call('SET', ARGV[2] .. 'alive:' .. token, '1', 'PX', ARGV[3])
redis.call('RPUSH', KEYS[1], token)
redis.call('PEXPIRE', KEYS[1], 86400000)
redis.call('PEXPIRE', KEYS[2], 86400000)
return token
"""
_MINE, _PASSED_OVER = 1, -1
#: Shows life; 1 if the token holds the lock, 0 if it waits, -1 if it was taken for dead and passed over.
_LIVE = (
    _LUA_TOOLS
    + """
if redis.call('EXISTS', ARGV[2] .. 'alive:' .. ARGV[1]) == 0 then
  redis.call('LREM', KEYS[1], 1, ARGV[1])
  wake(KEYS[1], ARGV[2])
  return -1
end
redis.call('PEXPIRE', ARGV[2] .. 'alive:' .. ARGV[1], ARGV[3])
if wake(KEYS[1], ARGV[2]) == ARGV[1] then return 1 end
return 0
"""
)
#: Gives the place up and wakes who is first then. Another's place is never touched.
_LEAVE = (
    _LUA_TOOLS
    + """
redis.call('LREM', KEYS[1], 1, ARGV[1])
redis.call('DEL', ARGV[2] .. 'alive:' .. ARGV[1], ARGV[2] .. 'wake:' .. ARGV[1])
local first = wake(KEYS[1], ARGV[2])
if first then
  redis.call('LPUSH', ARGV[2] .. 'wake:' .. first, '1')
  redis.call('PEXPIRE', ARGV[2] .. 'wake:' .. first, ARGV[3])
end
"""
)


class RedisLocks:
    """Fair locks by name for tasks of any process.

    Args:
        url: ``redis://`` or ``rediss://`` address.
        alive: After so many seconds without a sign of life a process is passed over.
    """

    def __init__(self, url: str, alive: float = ALIVE) -> None:
        self._url, self._alive = url, alive
        self._process = uuid.uuid4().hex
        self._waiting: Counter[str] = Counter()
        self._client: tuple[asyncio.AbstractEventLoop, redis.Redis] | None = None

    @asynccontextmanager
    async def hold(self, name: str, lifetime: float) -> AsyncIterator[int]:
        """Waits for all who came before, then holds ``name`` within the block.

        Yields:
            A number that is higher than that of every earlier holder.

        Raises:
            LockError: Redis cannot be reached.
        """
        place = _Place(self._redis(), name, self._process, self._alive)
        try:
            await self._wait(place)
            renewing = asyncio.create_task(self._renew(place, time.monotonic() + lifetime))
            try:
                yield place.number
            finally:
                renewing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await renewing
        finally:
            # Shielded: who is cancelled must not let the others wait until it is taken for dead.
            await asyncio.shield(self._leave(place))

    def waiting(self, name: str) -> int:
        """How many of this process wait for ``name``."""
        return self._waiting[name]

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client[1].close()
            await self._client[1].connection_pool.disconnect()

    def _redis(self) -> redis.Redis:
        """The client of this event loop: connections belong to a loop."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._client[0] is not loop:
            made = redis.Redis.from_url(self._url, socket_connect_timeout=5, socket_timeout=self._alive)
            self._client = (loop, made)
        return self._client[1]

    async def _wait(self, place: _Place) -> None:
        """Until it is this place's turn."""
        self._waiting[place.name] += 1
        try:
            await place.come()
            while (state := await place.live()) != _MINE:
                if state == _PASSED_OVER:  # this process stood still too long; at the end of the queue again
                    await place.come()
                else:
                    await place.woken(self._alive / 4)
        except RedisError as error:
            raise LockError(f"Redis, which keeps the locks, cannot be reached: {error}") from error
        finally:
            self._waiting[place.name] -= 1
            if not self._waiting[place.name]:
                del self._waiting[place.name]

    async def _renew(self, place: _Place, until: float) -> None:
        """Shows life while the lock is held, not longer than its lifetime."""
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(self._alive / 3, left))
            try:
                if await place.live() != _MINE:
                    logger.warning("The lock of conversation '%s' was lost in mid-turn.", place.name)
                    return
            except RedisError as error:
                logger.warning("The lock of conversation '%s' was not renewed: %s", place.name, error)

    async def _leave(self, place: _Place) -> None:
        try:
            await place.leave()
        except RedisError as error:  # the others go on when this place shows no life
            logger.warning("The lock of conversation '%s' was not given back: %s", place.name, error)


class _Place:
    """One's place in a conversation's queue; each step of it is one step of Redis."""

    def __init__(self, client: redis.Redis, name: str, process: str, alive: float) -> None:
        self.name = name
        self._client, self._process, self._life = client, process, int(alive * 1000)
        self._prefix = f"kefu:lock:{{{name}}}:"
        self._queue = f"{self._prefix}queue"
        self._token = ""

    @property
    def number(self) -> int:
        """Higher than that of all who came before."""
        return int(self._token.split(":")[0])

    async def come(self) -> None:
        """Goes to the end of the queue."""
        number = f"{self._prefix}number"
        token = await self._client.eval(
            _COME, 2, self._queue, number, self._process, self._prefix, self._life
        )
        self._token = token.decode()

    async def live(self) -> int:
        """Shows life, and tells how the place stands."""
        return await self._client.eval(_LIVE, 1, self._queue, self._token, self._prefix, self._life)

    async def woken(self, seconds: float) -> None:
        """Waits until the one before leaves, or for so many seconds."""
        await self._client.blpop(f"{self._prefix}wake:{self._token}", timeout=seconds)

    async def leave(self) -> None:
        """Gives the place up and wakes the next."""
        if self._token:
            await self._client.eval(_LEAVE, 1, self._queue, self._token, self._prefix, self._life)
