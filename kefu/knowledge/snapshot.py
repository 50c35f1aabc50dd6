"""Something built from the newest edition of the knowledge, kept until there is a newer one."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

#: Name of the threads that build.
THREAD = "knowledge-refresh"
_RECHECK_SECONDS = 0.5
#: After such a pause the next call waits, but no longer than the second, for what has changed since.
_PAUSE_SECONDS, _PATIENCE_SECONDS = 1.0, 1.0
_RETRY_SECONDS = 5.0

T = TypeVar("T")


class Snapshot(ABC, Generic[T]):
    """Gives the newest value; two seconds after a change, every process has it.

    A newer one is built in a thread of its own and then put in place at once: nobody sees half of it. While
    there are calls, nobody waits for it either; the first one after a pause does, for a moment, because what
    is in use may be as old as the pause. The very first call of a process has to wait.

    Attributes:
        value: What is in use; none before the first call.
        edition: What it was built from.
        checked: When a newer edition was last looked for, by ``time.monotonic``.
        called: When the value was last asked for.
    """

    def __init__(self) -> None:
        """Builds nothing yet."""
        self.value: T | None = None
        self.edition: int | None = None
        self.checked = 0.0
        self.called = 0.0
        self._lock = threading.Lock()

    @abstractmethod
    def newest(self) -> int | None:
        """Number of the newest edition."""

    @abstractmethod
    def build(self) -> tuple[int | None, T]:
        """Builds a value from the newest edition; gives that edition's number, too."""

    def prepare(self) -> None:
        """What is to be done once before the first value is built."""

    def renew(self) -> None:
        """What may change between editions; looked at where a newer edition was looked for, and none was."""

    def __call__(self) -> T:
        """The value in use; looks for a newer edition at most twice a second."""
        if self.value is None:
            with self._lock:
                if self.value is None:
                    self.prepare()
                    self._rebuild()
            return self.value
        now = time.monotonic()
        paused, self.called = now - self.called > _PAUSE_SECONDS, now
        if now - self.checked > _RECHECK_SECONDS and self._lock.acquire(blocking=False):
            self.checked = now
            refreshing = threading.Thread(target=self._refresh, name=THREAD, daemon=True)
            refreshing.start()
            if paused:
                refreshing.join(_PATIENCE_SECONDS)
        return self.value

    def _refresh(self) -> None:
        """Builds a newer value if there is a newer edition; a failure leaves the old one serving."""
        try:
            if self.newest() != self.edition:
                self._rebuild()
            else:
                self.renew()
        except Exception:  # the thread's boundary: nobody else would ever hear of it
            logger.exception("knowledge.refresh.failure")
            self.checked = time.monotonic() + _RETRY_SECONDS
        finally:
            self._lock.release()

    def _rebuild(self) -> None:
        self.checked = time.monotonic()  # what comes while this one is built is looked for right after it
        self.edition, self.value = self.build()
