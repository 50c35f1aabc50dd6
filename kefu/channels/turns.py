"""Has stored messages answered: each once, in order, whatever restarts in between.

The ledger is the queue. A task per conversation with work drains it: it takes the conversation's
lease, answers the oldest unanswered message, and so on until none is left. A sweep finds what a dead
process left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.orm import Session

from kefu.conversations.ledger import Entry, LeaseLost, Ledger

log = structlog.get_logger()


@dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        bubbles: The body of each.
        open_form: The form that it leaves open.
        along: What else happens in the transaction that stores it.
    """

    bubbles: Sequence[dict] = ()
    open_form: str | None = None
    along: Callable[[Session], None] | None = None


Answer = Callable[[Entry, str], Awaitable[Said]]
GiveUp = Callable[[Entry], Said]
Ended = Callable[[Entry, list[Entry]], Awaitable[None]]
During = Callable[[Entry], contextlib.AbstractAsyncContextManager]


class Threads:
    """Runs blocking ledger calls beside the event loop: ``await threads(ledger.after, ...)``."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ledger")

    async def __call__(self, function: Callable, *args: Any) -> Any:
        """Returns what ``function(*args)`` returns, or raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *args)

    def close(self) -> None:
        """Lets running calls end and takes no more."""
        self._pool.shutdown(wait=False)


class Turns:
    """Answers conversations in this process.

    Args:
        ledger: Where messages wait.
        threads: Runs the ledger's calls.
        answer: Answers one message; called with it and the lease owner's name.
        give_up: What to say instead after ``max_attempts`` failures.
        ready: Whether messages can be answered now (a model is loaded).
        lease_seconds: After this time without renewal, others may take over.
        sweep_seconds: How often to look for messages left behind.
        max_attempts: How often a message is tried.
        ended: Called with a message and its answer, when both are stored.
        during: Surrounds a turn, from its beginning until ``ended`` has returned.
    """

    def __init__(
        self,
        ledger: Ledger,
        threads: Threads,
        answer: Answer,
        give_up: GiveUp,
        ready: Callable[[], bool] = lambda: True,
        lease_seconds: float = 15,
        sweep_seconds: float = 5,
        max_attempts: int = 3,
        ended: Ended | None = None,
        during: During = lambda _: contextlib.nullcontext(),
    ) -> None:
        self._ledger, self._threads = ledger, threads
        self._answer, self._give_up, self._ready = answer, give_up, ready
        self._lease, self._sweep_every, self._max_attempts = lease_seconds, sweep_seconds, max_attempts
        self._ended, self._during = ended, during
        self._owner = ""
        self._tasks: dict[str, asyncio.Task] = {}
        self._again: set[str] = set()
        self._sweeper: asyncio.Task | None = None
        self._stopping = False

    def start(self) -> None:
        """Begins to look for unanswered messages, now and again; nothing happens if it has begun."""
        if self._sweeper:
            return
        self._stopping = False
        self._owner = str(uuid.uuid4())  # not earlier: server workers fork after construction
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self, grace: float = 5) -> None:
        """Begins nothing new and lets running turns end within ``grace`` seconds."""
        self._stopping = True
        if self._sweeper:
            self._sweeper.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def lease(self) -> tuple[str, float] | None:
        """Who would answer a message that comes now, and for how long it would take the lease."""
        return (self._owner, self._lease) if self._owner and self._ready() and not self._stopping else None

    def wake(self, conversation: str, begun: Entry | None = None) -> None:
        """Says that ``conversation`` has a new message, maybe one whose lease was taken with it."""
        self._again.add(conversation)
        if conversation not in self._tasks and not self._stopping:
            task = asyncio.create_task(self._drain(conversation, begun))
            self._tasks[conversation] = task
            task.add_done_callback(lambda _: self._done(conversation))

    def busy(self, conversation: str) -> bool:
        """Whether an answer is being worked on in this process."""
        return conversation in self._tasks

    def _done(self, conversation: str) -> None:
        self._tasks.pop(conversation, None)
        if conversation in self._again:  # woken between its last look and now
            self.wake(conversation)

    async def _sweep(self) -> None:
        while True:
            try:
                for conversation in await self._threads(self._ledger.waiting):
                    if conversation not in self._tasks:
                        self.wake(conversation)
            except Exception as error:
                log.error("turns.sweep.failed", error=type(error).__name__)
            await asyncio.sleep(self._sweep_every)

    async def _drain(self, conversation: str, entry: Entry | None = None) -> None:
        try:
            while conversation in self._again and not self._stopping:
                self._again.discard(conversation)
                if entry is None:
                    await self._claim(conversation)
                await self._answer_all(conversation, entry)
                entry = None
        except LeaseLost:
            log.warning("turns.lease.lost", conversation=conversation)
        except Exception as error:  # the sweep comes back to it
            log.exception("turn.interrupted", conversation=conversation, error=type(error).__name__)

    async def _answer_all(self, conversation: str, entry: Entry | None) -> None:
        """Answers what waits, beginning with ``entry``, and gives the conversation back."""
        held = True
        try:
            while held and not self._stopping:
                entry = entry or await self._threads(self._ledger.next_unanswered, conversation)
                if entry is None:
                    return
                async with self._during(entry):
                    held = not await self._answer_one(entry)
                entry = None
        finally:
            if held:
                await self._threads(self._ledger.release, conversation, self._owner)

    async def _claim(self, conversation: str) -> None:
        """Waits until messages can be answered and no other process answers this conversation."""
        while not self._ready():
            await asyncio.sleep(0.5)
        while not await self._threads(self._ledger.claim, conversation, self._owner, self._lease):
            await asyncio.sleep(0.2)

    async def _answer_one(self, entry: Entry) -> bool:
        """Answers a message; tells whether the conversation was given back, as no other one waits."""
        conversation = entry.conversation
        renewing = asyncio.create_task(self._renew(conversation))
        try:
            if entry.attempts > self._max_attempts:
                said = self._give_up(entry)
            else:
                said = await self._answer(entry, self._owner)
        except LeaseLost:
            raise
        except Exception as error:
            log.exception(
                "turn.failed",
                conversation=conversation,
                seq=entry.seq,
                attempt=entry.attempts,
                error=type(error).__name__,
            )
            await asyncio.sleep(0.5 * entry.attempts)
            return False
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing
        bubbles, given_back = await self._threads(
            self._ledger.finish,
            conversation,
            entry.seq,
            said.bubbles,
            said.open_form,
            self._owner,
            said.along,
        )
        if self._ended:
            await self._ended(entry, bubbles)
        return given_back

    async def _renew(self, conversation: str) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            try:
                await self._threads(self._ledger.renew, conversation, self._owner, self._lease)
            except Exception as error:
                log.error("turns.lease.not_renewed", conversation=conversation, error=type(error).__name__)
