"""Fulfils customers' wishes to be forgotten, between their turns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import structlog

from kefu.db import session_scope
from kefu.privacy import erasing

log = structlog.get_logger()


class Forgetting:
    """Looks for wishes. Several servers may do so at once: one holds the conversations.

    Args:
        run: Runs blocking calls beside the event loop.
        alone: Holds a conversation of Rasa's: nothing is written to it meanwhile, and it is read anew
            afterwards.
        tell: Lets the clients of an identity know that it is forgotten.
        seconds: How often to look.
    """

    def __init__(
        self,
        run: Callable[..., Awaitable],
        alone: Callable[[str], AbstractAsyncContextManager],
        tell: Callable[[str], Awaitable[None]],
        seconds: float = 1,
    ) -> None:
        self._run, self._alone, self._tell, self._seconds = run, alone, tell, seconds
        self._clean = False

    async def forever(self) -> None:
        """Looks again and again, until cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:  # the next round tries again
                log.error("customer.forget.failed", error=type(error).__name__)
            await asyncio.sleep(self._seconds)

    async def once(self) -> None:
        """Fulfils what can be fulfilled now."""
        for wish, circle in await self._run(_due):
            async with AsyncExitStack() as held:
                for conversation in sorted(circle):
                    await held.enter_async_context(self._alone(conversation))
                person = await self._run(erasing.carry_out, wish)
            if person is not None:
                log.info("customer.forgotten", wish=wish)
                self._clean = False
                for identity in person.identities:
                    await self._tell(identity)
        if not self._clean:
            self._clean = await self._run(erasing.clean)


def _due() -> list[tuple[int, list[str]]]:
    with session_scope() as session:
        return erasing.due(session)
