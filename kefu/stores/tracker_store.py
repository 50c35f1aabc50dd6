"""Where Rasa keeps its conversations: every event in SQL, the last turns of the busy ones in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from kefu.config import settings
from kefu.db import connect
from kefu.stores import rows
from kefu.stores.window import LiveTracker, shorten

#: Conversations kept in memory by each process, some 100 kB each; any other is read again.
_LIVE = 200


class KefuTrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store, on the settings' database, whose turns cost the same however long the talk.

    Table and rows are those of Rasa's own store, so everything that reads those goes on working. Only
    what a turn costs differs: a turn reads the last row it knows (another process may have added more),
    works on a window (`kefu.stores.window`), and appends its new events, beside the event loop.

    A tracker that was retrieved is out of the cache until it is saved. So when a turn fails half way, what
    it did is forgotten and the next reads what is stored. Rasa's lock lets one turn at a time work on a
    conversation; whoever writes without it is noticed by the rows' numbers.
    """

    def __init__(
        self,
        host: Any = None,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Opens the store and creates its tables if needed (see parent class)."""
        self._live: OrderedDict[str, LiveTracker] = OrderedDict()
        url = settings().tracker_url
        engine = connect(url)
        # First: where two processes start at once, Rasa's own way to create tables logs an error.
        rows.prepare(engine)
        super().__init__(domain=domain, host=url, event_broker=event_broker, **kwargs)
        self.engine.dispose()
        self.engine = engine
        self.sessionmaker.configure(bind=self.engine)
        # SQLite takes one writer at a time: more threads would only wait for each other.
        workers = 1 if self.engine.dialect.name == "sqlite" else 8
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="tracker")

    @property
    def domain(self) -> Domain:
        """The domain of the model."""
        return self._domain

    @domain.setter
    def domain(self, domain: Domain | None) -> None:
        self._domain = domain or Domain.empty()
        self._live.clear()  # Another model may have other slots (see also `retrieve`).

    def init_tracker(self, sender_id: str) -> LiveTracker:
        """An empty tracker."""
        return LiveTracker(sender_id, self.domain.slots)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The last turns of the conversation, with the state of the whole session."""
        live = self._live.pop(sender_id, None)
        # A turn that began with another model may have come back with that model's slots.
        if live is not None and not (live.is_stored and live.made_of is self.domain.slots):
            live = None
        return await self._run(self._read, sender_id, live)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """Every event of the conversation, over all its sessions."""
        return await self._run(self._read_all, conversation_id)

    async def exists(self, conversation_id: str) -> bool:
        """Whether the conversation has any event."""
        return await self._run(rows.exists, conversation_id)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return await self._run(rows.conversations)

    def open_form(self, conversation_id: str) -> str | None:
        """The form that a conversation last answered by this process has open; reads nothing.

        While accounts are linked it is the one that was put aside for that.
        """
        live = self._live.get(conversation_id)
        if live is None:
            return None
        form = live.active_loop_name
        return live.get_slot("suspended_form") if form == "link_form" else form

    def drop(self, conversation_id: str) -> None:
        """Keeps nothing of a conversation in memory."""
        self._live.pop(conversation_id, None)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the tracker's new events, then tells the event broker of them."""
        if isinstance(tracker, LiveTracker):
            new = tracker.unstored
            live = await self._run(self._append, tracker, new)
            if live is not None:
                self._keep(live)
        else:
            new = await self._run(self._append_foreign, tracker)
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    async def _run(self, work: Callable, *arguments: Any) -> Any:
        """Runs ``work(connection, *arguments)`` in one transaction, in a thread."""

        def transaction() -> Any:
            with self.engine.begin() as connection:
                return work(connection, *arguments)

        return await asyncio.get_running_loop().run_in_executor(self._threads, transaction)

    def _keep(self, live: LiveTracker) -> None:
        self._live[live.sender_id] = live
        self._live.move_to_end(live.sender_id)
        while len(self._live) > _LIVE:
            self._live.popitem(last=False)

    def _read(self, connection: Connection, sender: str, live: LiveTracker | None) -> LiveTracker | None:
        if live is not None:
            found = rows.since(connection, sender, live.last_id)
            last = live.events[-1].timestamp
            if found and found[0][0] == live.last_id and found[0][1].timestamp == last:
                live.follow(found[1:])
                return live
        before, found = self._window(connection, sender)
        if not found:
            return None
        opened = LiveTracker.opened(sender, self.domain.slots, before, found)
        return shorten(opened, self.domain.slots) or opened

    def _window(self, connection: Connection, sender: str) -> tuple[list, list[rows.Row]]:
        kept = rows.snapshot(connection, sender)
        if kept is not None:
            first, until, before = kept
            found = rows.since(connection, sender, first)
            # SQLite gives the numbers of deleted rows to new ones: what was deleted must not come back.
            if found and found[0][0] == first and found[0][1].timestamp == until:
                return before, found
        return [], rows.since(connection, sender, rows.session_start(connection, sender))

    def _read_all(self, connection: Connection, sender: str) -> DialogueStateTracker | None:
        events = [event for _, event in rows.since(connection, sender, 0)]
        if not events:
            return None
        return DialogueStateTracker.from_events(sender, events, self.domain.slots)

    def _append(self, connection: Connection, tracker: LiveTracker, new: list) -> LiveTracker | None:
        """Stores ``new``; gives what the next turn may go on with, if nobody else has written meanwhile."""
        sender, last = tracker.sender_id, tracker.last_id
        rows.append(connection, sender, new)
        ids = rows.ids_after(connection, sender, last)
        tracker.ids += ids[-len(new) :] if new else []
        if not tracker.ids:
            return None
        tracker.last_id = tracker.ids[-1]
        if len(ids) != len(new):
            return None
        shorter = shorten(tracker, self.domain.slots)
        if shorter is not None:
            before = list(shorter.events)[: shorter.prefix]
            until = list(shorter.events)[shorter.prefix].timestamp
            rows.keep_snapshot(connection, sender, shorter.ids[0], until, before)
        return shorter or tracker

    def _append_foreign(self, connection: Connection, tracker: DialogueStateTracker) -> list:
        """Stores what a tracker of another origin has more than the session, as Rasa's own store does."""
        start = rows.session_start(connection, tracker.sender_id)
        new = list(tracker.events)[rows.count_since(connection, tracker.sender_id, start) :]
        rows.append(connection, tracker.sender_id, new)
        return new
