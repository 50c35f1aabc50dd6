"""How fast one customer may send: a token bucket for each conversation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from kefu.channels.protocol import BadInput


class RateLimit:
    """Lets ``burst`` messages through at once and ``per_second`` in the long run.

    The buckets live in this process; a conversation idle long enough to be full again is forgotten.
    """

    def __init__(
        self, burst: int = 8, per_second: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst, self._rate, self._clock = burst, per_second, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> None:
        """Counts one message of ``key``.

        Raises:
            BadInput: ``too_many``, with ``retry_after`` in seconds.
        """
        now = self._clock()
        if len(self._buckets) > 10_000:
            self._forget_full(now)
        left, since = self._buckets.get(key, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        if left < 1:
            wait = math.ceil((1 - left) / self._rate)
            raise BadInput("too_many", None, "too many messages in a short time", retry_after=wait)
        self._buckets[key] = (left - 1, now)

    def _forget_full(self, now: float) -> None:
        full = self._burst / self._rate
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if now - bucket[1] < full}
