"""What happens by itself: who is gone gives back, who waits is given on, promises and silence are watched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm.exc import StaleDataError

from kefu.console import accounts
from kefu.console.feed import Feed
from kefu.console.open import once
from kefu.customers.learning import learn
from kefu.db import session_scope
from kefu.handoff import agents, dispatch, idle, service
from kefu.handoff.models import WrongStep
from kefu.tickets import sla
from kefu.tickets.closing import close_silent

logger = logging.getLogger(__name__)

#: How often open desks are noted as alive; and after how many of those rounds logins are looked at.
ROUND = 5.0
_LOGINS_EVERY = 4
#: After how many rounds what happened is read into the customers' profiles.
_PROFILES_EVERY = 6
#: After how many rounds old calls of the open API are forgotten.
_CALLS_EVERY = 720


class Caretaker:
    """Looks after agents and queue; several processes may do so at once.

    Args:
        feed: The desks open in this process.
        assign_after: How long customers and tickets wait for somebody to take them before they are given.
        take_back_after: How long somebody may be gone before tickets that they have not begun go back.
    """

    def __init__(self, feed: Feed, assign_after: timedelta, take_back_after: timedelta) -> None:
        self._feed, self._assign_after, self._take_back_after = feed, assign_after, take_back_after

    async def forever(self) -> None:
        """Works until cancelled; who waits for a person does not wait for the rest of the work."""
        self._loop = asyncio.get_running_loop()
        await asyncio.gather(self._receive(), self._look_round())

    async def _receive(self) -> None:
        while True:
            if any(row.state == "queued" for row in self._feed.rows.values()):
                await self._try(self._assign)
            await asyncio.sleep(1)

    async def _look_round(self) -> None:
        rounds = 0
        # Desks that were open before a restart of this process get the time to come back.
        quiet_until = self._loop.time() + agents.SILENT.total_seconds()
        while True:
            await asyncio.sleep(ROUND)
            rounds += 1
            await self._try(self._note_alive)
            if rounds % _LOGINS_EVERY == 0:
                await self._try(self._end_logged_out)
            if self._loop.time() > quiet_until:
                await self._try(dismiss)
            await self._try(end_idle)
            await self._try(close_silent)
            await self._try(sla.watch)
            await self._try(self._give_tickets)
            if rounds % _PROFILES_EVERY == 0:
                await self._try(learn)
            if rounds % _CALLS_EVERY == 0:
                await self._try(forget_calls)

    async def _try(self, work: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(work)
        except (StaleDataError, WrongStep):
            pass  # somebody else was faster; the next round sees what they did
        except Exception as error:  # the others go on, and this is tried again
            logger.error("console.care.failed: %s %s", work.__name__, type(error).__name__)

    def _assign(self) -> None:
        with session_scope() as session:
            service.assign(session, self._assign_after)

    def _give_tickets(self) -> None:
        dispatch.take_back(self._take_back_after)
        dispatch.assign(self._assign_after)

    def _note_alive(self) -> None:
        open_ = {desk.me.agent_id for desk in list(self._feed.desks) if desk.me.agent_id is not None}
        if open_:
            with session_scope() as session:
                agents.alive(session, open_)

    def _end_logged_out(self) -> None:
        desks = list(self._feed.desks)
        with session_scope() as session:
            valid = accounts.still_valid(session, [desk.me.token_hash for desk in desks])
        for desk in desks:
            if desk.me.token_hash not in valid:
                self._loop.call_soon_threadsafe(desk.end)


def forget_calls() -> None:
    """Forgets what was answered to other systems long ago."""
    with session_scope() as session:
        once.prune(session)


def end_idle() -> None:
    """Ends talks that the customer has left, and lets others help whom nobody answers."""
    with session_scope() as session:
        idle.close_silent(session)
        idle.reclaim(session)


def dismiss() -> None:
    """Sends silent agents offline, so that others get their customers."""
    with session_scope() as session:
        for agent_id in agents.dismiss_silent(session):
            logger.warning("console.agent.silent: agent %s was sent offline", agent_id)
