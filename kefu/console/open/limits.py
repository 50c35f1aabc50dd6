"""How fast one token may call: a token bucket for each, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from kefu.console.refusals import Refusal

BURST, PER_SECOND = 60, 20.0


class RateLimit:
    """Lets ``burst`` calls through at once and ``per_second`` in the long run."""

    def __init__(
        self,
        burst: int = BURST,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst, self._rate, self._clock = burst, per_second, clock
        self._buckets: dict[int, tuple[float, float]] = {}

    def take(self, token_id: int) -> None:
        """Counts one call.

        Raises:
            Refusal: 429, with the seconds to wait.
        """
        now = self._clock()
        left, since = self._buckets.get(token_id, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        if left < 1:
            wait = str(math.ceil((1 - left) / self._rate))
            raise Refusal(429, "too_many", "Too many calls in a short time.", headers={"Retry-After": wait})
        self._buckets[token_id] = (left - 1, now)
