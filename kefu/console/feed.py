"""What operators see without asking: takeovers, colleagues, messages.

One task reads what has changed in the database, several times a second, with a few queries however many there
are; so it also sees what other processes (Rasa's, another console) have done. Browsers are pushed to.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from kefu.console import views
from kefu.console.accounts import Me
from kefu.console.permissions import may
from kefu.conversations import deliveries
from kefu.conversations.ledger import Entry, Ledger
from kefu.conversations.standing import versions
from kefu.db import session_scope
from kefu.handoff import overview
from kefu.handoff.overview import Colleague, Row

logger = logging.getLogger(__name__)

#: How long what happens elsewhere goes unseen at most.
TICK = 0.1
#: So many of its last messages are sent of a conversation that is followed from now on.
_FIRST = 20
#: Of so many of our last messages it is followed whether they arrived, failed or were read.
_RECEIPTS = 5
#: Of deliveries that go on a conversation's ``changes`` say nothing: they are looked at so often.
_DELIVERIES_EVERY = 1.0
#: Who is so far behind is cut off; their page comes back and begins anew.
_BACKLOG = 1000


@dataclass(eq=False)
class Desk:
    """One open page of an operator.

    Attributes:
        watched: Conversations that it shows besides its own ones.
        outbox: What is still to be sent; ``None`` ends it.
    """

    me: Me
    watched: set[str] = field(default_factory=set)
    outbox: asyncio.Queue = field(default_factory=lambda: asyncio.Queue(_BACKLOG))

    def put(self, events: list[str]) -> None:
        """Adds encoded events to what is sent, as one frame."""
        try:
            self.outbox.put_nowait("[" + ",".join(events) + "]")
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Lets the page go, whatever was still to be sent."""
        while not self.outbox.empty():
            self.outbox.get_nowait()
        self.outbox.put_nowait(None)


@dataclass
class _Reading:
    """What one look at the database gave."""

    rows: dict[int, Row]
    present: dict[str, tuple[str, int]]
    colleagues: list[Colleague]
    entries: list[Entry]


class Feed:
    """Follows the database for all open desks of this process."""

    def __init__(self, ledger: Ledger | None = None, tick: float = TICK) -> None:
        self._ledger, self._tick = ledger or Ledger(), tick
        self.desks: set[Desk] = set()
        self._rows: dict[int, Row] = {}
        self._present: dict[str, tuple[str, int]] = {}
        self._colleagues: list[Colleague] = []
        #: The newest message of each conversation that is followed.
        self._last: dict[str, Entry | None] = {}
        #: What was said there to the customer lately and is not read yet, by number.
        self._unread: dict[str, dict[int, Entry]] = defaultdict(dict)
        self._deliveries_at = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="console-feed")

    @property
    def rows(self) -> dict[int, Row]:
        """All open takeovers, as last seen."""
        return self._rows

    async def forever(self) -> None:
        """Reads and sends until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                await self.once()
            except Exception as error:
                logger.error("console.feed.failed: %s", type(error).__name__)
                await asyncio.sleep(1)
            await asyncio.sleep(max(0.01, self._tick - (loop.time() - started)))

    async def once(self) -> None:
        """Reads what is new and sends it."""
        async with self._one_at_a_time:
            self._send(await asyncio.get_running_loop().run_in_executor(self._thread, self._read))

    async def join(self, desk: Desk) -> None:
        """Sends a new desk all that it may see, and from then on what changes."""
        await self.once()
        mine = [row for row in self._rows.values() if self.concerns(desk, row)]
        here = {self._where(row) for row in mine}
        last = [entry for where in here if (entry := self._last.get(where))]
        hello = {
            "type": "hello",
            "handoffs": [views.handoff(row, self._where(row)) for row in mine],
            "agents": [colleague._asdict() for colleague in self._colleagues],
            "messages": [views.message(entry) for entry in last],
        }
        desk.put([_encoded(hello)])
        self.desks.add(desk)

    def leave(self, desk: Desk) -> None:
        """Forgets a desk that was closed."""
        self.desks.discard(desk)

    def _read(self) -> _Reading:
        followed = {row.conversation for row in self._rows.values()}
        followed |= {one for desk in list(self.desks) for one in list(desk.watched)}
        with self._ledger.scope() as session:
            present = versions(session, followed)
        wanted: dict[str, int] = {}
        known = set(self._present.values())
        fresh = []
        for where, changes in set(present.values()):
            if where not in self._last:
                fresh.append(where)
            elif (where, changes) not in known:
                last = self._last[where]
                # A receipt is a change of a message that was sent already.
                wanted[where] = min((seq - 1 for seq in self._unread[where]), default=last.seq if last else 0)
        if time.monotonic() - self._deliveries_at >= _DELIVERIES_EVERY:
            self._deliveries_at = time.monotonic()
            for where, seq in self._gone_on({where for where, _ in present.values()}):
                wanted[where] = min(wanted.get(where, seq), seq - 1)
        entries = self._ledger.newer(wanted) if wanted else []
        for where in fresh:
            entries += self._ledger.before(where, None, _FIRST)
            self._last.setdefault(where, None)
        # After the messages: who has accepted a conversation before one of them must get it.
        with session_scope() as session:
            rows = overview.open_rows(session)
            colleagues = overview.colleagues(session, rows.values())
        return _Reading(rows, present, colleagues, entries)

    def _gone_on(self, followed: set[str]) -> list[tuple[str, int]]:
        """The messages whose delivery stands otherwise than it was last seen."""
        going = {
            (where, seq): entry.delivery
            for where in followed & self._unread.keys()
            for seq, entry in self._unread[where].items()
            if entry.delivery in deliveries.UNDER_WAY
        }
        if not going:
            return []
        with self._ledger.scope() as session:
            now = deliveries.under_way(session, {where for where, _ in going})
        return [key for key, state in going.items() if now.get(key) != state]

    def _send(self, reading: _Reading) -> None:
        before, self._rows = self._rows, reading.rows
        where_before, self._present = self._present, reading.present
        out: dict[Desk, list[str]] = defaultdict(list)
        self._send_rows(before, where_before, out)
        if reading.colleagues != self._colleagues:
            self._colleagues = reading.colleagues
            event = _encoded({"type": "agents", "agents": [one._asdict() for one in reading.colleagues]})
            for desk in self.desks:
                out[desk].append(event)
        self._send_messages(reading.entries, out)
        for desk, events in out.items():
            desk.put(events)
        if len(self._last) > 2 * len(self._present) + 1000:
            here = {where for where, _ in self._present.values()}
            self._last = {where: entry for where, entry in self._last.items() if where in here}
            kept = {where: unread for where, unread in self._unread.items() if where in here}
            self._unread = defaultdict(dict, kept)

    def _send_rows(self, before: dict[int, Row], where_before: dict, out: dict[Desk, list[str]]) -> None:
        for id_ in before.keys() | self._rows.keys():
            old, new = before.get(id_), self._rows.get(id_)
            moved = new and where_before.get(new.conversation, (None,))[0] != self._where(new)
            if old == new and not moved:
                continue
            event = _encoded({"type": "handoff", **views.handoff(new, self._where(new))}) if new else ""
            gone = _encoded({"type": "gone", "id": id_, "state": new.state if new else "closed"})
            for desk in self.desks:
                if new and self.concerns(desk, new):
                    out[desk].append(event)
                elif old and self.concerns(desk, old):
                    out[desk].append(gone)

    def _send_messages(self, entries: Iterable[Entry], out: dict[Desk, list[str]]) -> None:
        owners: dict[str, set[int]] = defaultdict(set)
        for row in self._rows.values():
            if row.agent_id is not None:
                owners[self._where(row)].add(row.agent_id)
        for entry in entries:
            if not self._note(entry):
                continue
            event = None
            for desk in self.desks:
                mine = desk.me.agent_id in owners[entry.conversation]
                if mine or (entry.conversation in desk.watched and self.may_follow(desk, entry.conversation)):
                    event = event or _encoded({"type": "message", **views.message(entry)})
                    out[desk].append(event)

    def _note(self, entry: Entry) -> bool:
        """Keeps what there is now of a conversation; ``False`` for a message that is as it was."""
        last, unread = self._last.get(entry.conversation), self._unread[entry.conversation]
        if entry in (last, unread.get(entry.seq)) or (
            last and entry.seq < last.seq and entry.seq not in unread
        ):
            return False
        if last is None or entry.seq >= last.seq:
            self._last[entry.conversation] = entry
        if entry.direction == "out" and entry.read_at is None:
            unread[entry.seq] = entry
            if len(unread) > _RECEIPTS:
                del unread[min(unread)]
        else:
            unread.pop(entry.seq, None)
        return True

    def _where(self, row: Row) -> str:
        return self._present.get(row.conversation, (row.conversation,))[0]

    def may_follow(self, desk: Desk, conversation: str) -> bool:
        """Whether what is said there may be pushed to a desk: to supervisors, and while it concerns them.

        Who had a customer before may look up what was said, but does not go on listening.
        """
        theirs = (row for row in self._rows.values() if self._where(row) == conversation)
        return may(desk.me.role, "supervise") or any(self.concerns(desk, row) for row in theirs)

    def concerns(self, desk: Desk, row: Row) -> bool:
        """Whether a desk shows a takeover: one's own, one that one may accept; supervisors see all."""
        me = desk.me
        if may(me.role, "supervise") or row.agent_id == me.agent_id:
            return True
        mine = next((one.queues for one in self._colleagues if one.id == me.agent_id), ())
        return row.state == "queued" and (row.queue in mine or row.preferred_agent_id == me.agent_id)


def _encoded(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
