"""What operators see of tickets without asking: that one has changed, and how many there are for whom.

Every change of a ticket leaves a note. A few times a second this reads the numbers of new ones, whoever wrote
them in whatever process, and sends them to the desks that are open here.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from weakref import WeakSet

from kefu.console.feed import Desk, Feed
from kefu.console.permissions import may
from kefu.db import session_scope
from kefu.handoff.overview import everybody
from kefu.tickets import workload
from kefu.tickets.models import TicketNote

logger = logging.getLogger(__name__)

#: How long what happens elsewhere goes unseen at most.
TICK = 0.25
#: Notes get their ids when they are written, and are seen when that is committed: so many of the last are
#: looked at again.
_OVERLAP = 100
#: The figures are counted again after so many rounds, if anything has changed.
_COUNTED_EVERY = 4


class TicketFeed:
    """Follows the notes on tickets for all open desks of this process.

    Args:
        feed: Knows the desks.
        tick: Seconds from one look to the next.
    """

    def __init__(self, feed: Feed, tick: float = TICK) -> None:
        self._feed, self._tick = feed, tick
        self._seen: set[int] | None = None
        self._figures: dict[str, Any] | None = None
        #: Whether the figures no longer hold, and since how many rounds they do.
        self._changed, self._rounds = True, _COUNTED_EVERY
        #: Supervisors' desks that have got the present figures.
        self._told: WeakSet[Desk] = WeakSet()

    async def forever(self) -> None:
        """Reads and sends until cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:
                logger.error("console.ticket_feed.failed: %s", type(error).__name__)
                await asyncio.sleep(1)
            await asyncio.sleep(self._tick)

    async def once(self) -> None:
        """Reads what is new and sends it to whom it concerns."""
        fresh = await asyncio.to_thread(self._read)
        if fresh:
            self._send([desk for desk in self._feed.desks if may(desk.me.role, "tickets")], fresh)
        looking = [desk for desk in self._feed.desks if may(desk.me.role, "supervise")]
        self._changed, self._rounds = self._changed or bool(fresh), self._rounds + 1
        if looking and self._changed and self._rounds >= _COUNTED_EVERY:
            figures = await asyncio.to_thread(_count)
            self._changed, self._rounds = False, 0
            if figures != self._figures:
                self._figures = figures
                self._told.clear()
        missing = [desk for desk in looking if desk not in self._told]
        if self._figures is not None and missing:
            self._send(missing, [self._figures])
            self._told.update(missing)

    def _read(self) -> list[dict[str, Any]]:
        with session_scope() as session:
            if self._seen is None:
                self._seen = set(workload.newest_notes(session, limit=_OVERLAP))
                return []
            floor = max(self._seen, default=0) - _OVERLAP
            newest = set(workload.newest_notes(session, after=floor))
            fresh = newest - self._seen
            events = [_event(*found) for found in workload.noted(session, fresh)]
        self._seen = newest
        return events

    def _send(self, desks: list[Desk], events: list[dict[str, Any]]) -> None:
        encoded = [json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events]
        for desk in desks:
            desk.put(encoded)


def _event(note: TicketNote, number: str, assignee_id: int | None) -> dict[str, Any]:
    """A change of a ticket, in ids only: pages that show it ask for the rest."""
    by = note.data.get("by")
    return {"type": "ticket", "number": number, "what": note.kind, "assignee_id": assignee_id, "by": by}


def _count() -> dict[str, Any]:
    with session_scope() as session:
        theirs, queues = workload.of_colleagues(session), workload.of_queues(session)
        nothing = {"open": 0, "begun": 0}
        # Whoever has left is named as long as they still have tickets.
        agents = [
            {"id": agent.id, "name": agent.name, "active": agent.active, **theirs.get(agent.id, nothing)}
            for agent in everybody(session)
            if agent.active or agent.id in theirs
        ]
    return {"type": "workload", "agents": agents, "queues": queues}
