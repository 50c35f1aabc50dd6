"""Requests that are not served: one log line and one count each, the same for every channel."""

from __future__ import annotations

from collections import Counter
from typing import Any

import structlog

log = structlog.get_logger()

#: How often this process has refused, by (channel, code).
refusals: Counter[tuple[str, str]] = Counter()


def refuse(channel: str, code: str, **ids: Any) -> None:
    """Logs and counts a refusal.

    Args:
        channel: Where it was asked.
        code: Why, as the client is told.
        **ids: More for the log; never what the request said.
    """
    refusals[channel, code] += 1
    log.info("request.refused", channel=channel, code=code, count=refusals[channel, code], **ids)
