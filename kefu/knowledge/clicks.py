"""What customers chose and what helped them, as small bonuses of entries in the search."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.events import Event

#: Older choices tell of other entries and other customers.
_DAYS = 90
#: With fewer signs than this nothing is learned of an entry; more of them count ever more, up to the bonus.
_LEAST, _DAMPING = 10, 20
#: The most that an entry can gain or lose: less than what tells a good hit from a bad one.
MOST = 0.05


def learned_bonuses(session: Session) -> dict[str, float]:
    """Bonuses by ref: between ``-MOST`` and ``MOST``, for entries with enough signs.

    For an entry speaks that it was chosen among options, or helped; against it that one below it was chosen,
    or that it did not help. Only ids are read: the log holds no words.
    """
    good: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    kinds = ("option.chosen", "answer.helped", "answer.missed")
    since = utcnow() - timedelta(days=_DAYS)
    rows = select(Event.kind, Event.data).where(Event.kind.in_(kinds), Event.at >= since)
    for kind, data in session.execute(rows):
        if ref := data.get("ref"):
            (bad if kind == "answer.missed" else good)[ref] += 1
        bad.update(data.get("over") or ())
    signs = good + bad
    return {
        ref: MOST * (good[ref] - bad[ref]) / (count + _DAMPING)
        for ref, count in signs.items()
        if count >= _LEAST
    }
