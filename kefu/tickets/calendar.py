"""The company's working time: when it is open, and when so much of it has gone by."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import chinese_calendar

logger = logging.getLogger(__name__)

Span = tuple[time, time]

#: Holidays that fall on the same days each year, for years whose calendar is not known yet.
_FIXED = {(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)}
#: Nobody's clock runs longer: a calendar without open days would otherwise never end.
_FARTHEST = 366


@dataclass(frozen=True)
class WorkingTime:
    """When people work.

    Attributes:
        weekdays, weekends, holidays: From and until, or ``None`` for closed.
        days: Days on which it is otherwise.
        zone: The company's time zone.
    """

    weekdays: Span | None
    weekends: Span | None
    holidays: Span | None
    zone: ZoneInfo
    days: Mapping[date, Span | None] = field(default_factory=dict)

    def is_open(self, moment: datetime) -> bool:
        """Whether people work at ``moment`` (UTC, without zone)."""
        local = self._local(moment)
        span = self.on(local.date())
        return span is not None and span[0] <= local.time() < span[1]

    def on(self, day: date) -> Span | None:
        """The working time of a day in the company's zone.

        Make-up working days count as weekdays. https://pypi.org/project/chinesecalendar/
        """
        if day in self.days:
            return self.days[day]
        try:
            is_off, holiday = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:  # a year whose holidays were not announced when the package was made
            logger.warning("calendar.year.unknown: %s", day.year)
            holiday = (day.month, day.day) in _FIXED
            is_off = holiday or day.weekday() >= 5
        if not is_off:
            return self.weekdays
        return self.holidays if holiday else self.weekends

    def after(self, start: datetime, worked: timedelta) -> datetime:
        """When, from ``start`` on, ``worked`` of working time has gone by; both UTC without zone."""
        local, left = self._local(start), worked
        for _ in range(_FARTHEST):
            span = self.on(local.date())
            if span is not None:
                begin = max(local, self._at(local.date(), span[0]))
                end = self._at(local.date(), span[1])
                if begin < end:
                    if left <= end - begin:
                        return self._utc(begin + left)
                    left -= end - begin
            local = self._at(local.date() + timedelta(days=1), time.min)
        return self._utc(local)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies from ``start`` to ``end`` (UTC without zone); none if it is earlier."""
        first, last = self._local(start), self._local(end)
        worked, day = timedelta(), first.date()
        while day <= last.date():
            span = self.on(day)
            if span is not None:
                begin, until = max(first, self._at(day, span[0])), min(last, self._at(day, span[1]))
                worked += max(timedelta(), until - begin)
            day += timedelta(days=1)
        return worked

    def end_of_days(self, start: datetime, days: int) -> datetime:
        """The same time of day, ``days`` working days later (at the latest when that day's work ends)."""
        local = self._local(start)
        day, left = local.date(), days
        for _ in range(_FARTHEST):
            if left == 0:
                break
            day += timedelta(days=1)
            left -= self.on(day) is not None
        span = self.on(day)
        clock = local.time() if span is None else min(max(local.time(), span[0]), span[1])
        return self._utc(self._at(day, clock))

    def _local(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=timezone.utc).astimezone(self.zone)

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, tzinfo=self.zone)

    @staticmethod
    def _utc(moment: datetime) -> datetime:
        return moment.astimezone(timezone.utc).replace(tzinfo=None)
