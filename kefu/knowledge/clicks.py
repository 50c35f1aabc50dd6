"""What customers chose and what helped them, as small bonuses of entries in the search."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.events import Event

#: Older choices tell of other entries and other customers.
_DAYS = 90
#: Transactions take less; so none is still open from before.
_SETTLED = timedelta(seconds=60)
#: With fewer signs than this nothing is learned of an entry; more of them count ever more, up to the bonus.
_LEAST, _DAMPING = 10, 20
#: The most that an entry can gain or lose: less than what tells a good hit from a bad one.
MOST = 0.05
#: What customers did that tells of entries.
_SIGNS = ("option.chosen", "answer.helped", "answer.missed")


class Signs:
    """What customers chose and what helped them in the last 90 days, by day.

    The log is read on from where it was left: the work grows with what is new, not with what is kept. Only
    ids are read: the log holds no words.
    """

    def __init__(self) -> None:
        """Has read nothing yet."""
        self._until: datetime | None = None
        self._days: dict[date, _Votes] = defaultdict(_Votes)

    def follow(self, session: Session) -> bool:
        """Takes up what is new, and lets go of what is too old; tells whether there was any of either."""
        now = utcnow()
        oldest, until = now - timedelta(days=_DAYS), now - _SETTLED
        fresh: dict[date, _Votes] = defaultdict(_Votes)
        rows = select(Event.at, Event.kind, Event.data).where(
            Event.kind.in_(_SIGNS), Event.at >= (self._until or oldest), Event.at < until
        )
        for at, kind, data in session.execute(rows.execution_options(yield_per=1000)):
            fresh[at.date()].take(kind, data)
        for day, votes in fresh.items():
            self._days[day].add(votes)
        self._until = until
        old = [day for day in self._days if day < oldest.date()]
        for day in old:
            del self._days[day]
        return bool(fresh or old)

    def bonuses(self) -> dict[str, float]:
        """Bonuses by ref: between ``-MOST`` and ``MOST``, for entries with enough signs.

        For an entry speaks that it was chosen among options, or helped; against it that one below it was
        chosen, or that it did not help.
        """
        total = _Votes()
        for votes in self._days.values():
            total.add(votes)
        return {
            ref: MOST * (total.good[ref] - total.bad[ref]) / (count + _DAMPING)
            for ref, count in (total.good + total.bad).items()
            if count >= _LEAST
        }


@dataclass
class _Votes:
    """For and against entries, by ref."""

    good: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)

    def take(self, kind: str, data: dict[str, Any]) -> None:
        if ref := data.get("ref"):
            (self.bad if kind == "answer.missed" else self.good)[ref] += 1
        self.bad.update(data.get("over") or ())

    def add(self, others: _Votes) -> None:
        self.good.update(others.good)
        self.bad.update(others.bad)
