"""Locks of one process: a queue per conversation, and whoever leaves wakes the next."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

logger = logging.getLogger(__name__)


class _Ticket:
    """One who waits for a conversation or works on it."""

    def __init__(self, number: int, lifetime: float) -> None:
        self.number, self.lifetime = number, lifetime
        self.turn: asyncio.Future = asyncio.get_running_loop().create_future()
        self.until = 0.0

    def begin(self) -> None:
        """It is this one's turn now."""
        self.until = asyncio.get_running_loop().time() + self.lifetime
        if not self.turn.done():
            self.turn.set_result(None)


class LocalLocks:
    """Fair locks by name for the tasks of one event loop."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[_Ticket]] = {}
        self._numbers = count(1)

    @asynccontextmanager
    async def hold(self, name: str, lifetime: float) -> AsyncIterator[int]:
        """Waits for all who came before, then holds ``name`` within the block.

        Yields:
            A number that is higher than that of every earlier holder.
        """
        ticket = _Ticket(next(self._numbers), lifetime)
        queue = self._queues.setdefault(name, deque())
        queue.append(ticket)
        if queue[0] is ticket:
            ticket.begin()
        try:
            while not ticket.turn.done():
                await self._wait(name, queue, ticket)
            yield ticket.number
        finally:
            self._leave(name, queue, ticket)

    def waiting(self, name: str) -> int:
        """How many wait for ``name``."""
        return max(0, len(self._queues.get(name, ())) - 1)

    async def _wait(self, name: str, queue: deque[_Ticket], ticket: _Ticket) -> None:
        """Until it is the ticket's turn, or the holder has had its time and is passed over."""
        holder = queue[0]
        left = holder.until - asyncio.get_running_loop().time()
        await asyncio.wait([ticket.turn], timeout=max(left, 0))
        if not ticket.turn.done() and queue[0] is holder and left <= 0:
            logger.warning("A turn of conversation '%s' took longer than its lock lives.", name)
            self._leave(name, queue, holder)

    def _leave(self, name: str, queue: deque[_Ticket], ticket: _Ticket) -> None:
        if ticket not in queue:
            return  # its time was over
        was_first = queue[0] is ticket
        queue.remove(ticket)
        if queue and was_first:
            queue[0].begin()
        elif not queue:
            self._queues.pop(name, None)
