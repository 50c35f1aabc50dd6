"""Quiet hours: whether somebody may be disturbed at a moment, and if not, from when on."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


def end_of_quiet(now: datetime, zone: str, begin: time, end: time) -> datetime | None:
    """When the quiet hours that it is in end; ``None`` outside of them.

    Args:
        now: The moment, UTC without zone.
        zone: IANA name of the customer's zone.
        begin: When quiet begins there.
        end: When it ends; before ``begin`` means on the next day, the same that it is never quiet.

    Returns:
        UTC without zone. An end that a change to summer time leaves out is the moment of the change.
    """
    here = ZoneInfo(zone)
    local = now.replace(tzinfo=timezone.utc).astimezone(here)
    at = local.time().replace(tzinfo=None)
    if begin == end:
        return None
    over_midnight = begin > end
    quiet = at >= begin or at < end if over_midnight else begin <= at < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and at >= begin else local.date()
    until = datetime.combine(day, end, tzinfo=here)
    return until.astimezone(timezone.utc).replace(tzinfo=None)
