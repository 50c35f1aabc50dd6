"""Working time: holidays, make-up days, spans over nights and closed days."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.tickets.calendar import WorkingTime

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY, SHORT = (time(9), time(18)), (time(10), time(17))
HOURS = WorkingTime(
    DAY, SHORT, None, SHANGHAI, {date(2026, 11, 11): (time(8), time(22)), date(2026, 12, 31): None}
)


def utc(*moment):
    """A time on Shanghai's clocks, as the database has it."""
    return datetime(*moment) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ((2026, 11, 20, 9, 0), True),
        ((2026, 11, 20, 18, 0), False),  # the end no longer counts
        ((2026, 11, 21, 9, 30), False),  # a Saturday begins later
        ((2026, 11, 21, 10, 0), True),
        ((2026, 10, 1, 12, 0), False),  # National Day
        ((2026, 10, 10, 9, 30), True),  # a Saturday that makes up for it
        ((2026, 11, 11, 21, 0), True),  # a day of its own
        ((2026, 12, 31, 12, 0), False),
    ],
)
def test_it_is_open_by_the_calendar_and_the_days_named(moment, is_open):
    assert HOURS.is_open(utc(*moment)) is is_open


@pytest.mark.parametrize(
    ("start", "worked", "end"),
    [
        ((2026, 11, 20, 10, 0), {"hours": 2}, (2026, 11, 20, 12, 0)),
        ((2026, 11, 20, 7, 0), {"hours": 2}, (2026, 11, 20, 11, 0)),  # before the day begins
        ((2026, 11, 20, 17, 0), {"hours": 2}, (2026, 11, 21, 11, 0)),  # over night
        ((2026, 9, 30, 17, 50), {"hours": 4}, (2026, 10, 8, 12, 50)),  # over a holiday
        ((2026, 11, 20, 17, 0), {"hours": 1}, (2026, 11, 20, 18, 0)),  # just in time
    ],
)
def test_a_clock_runs_in_working_time_only(start, worked, end):
    assert HOURS.after(utc(*start), timedelta(**worked)) == utc(*end)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ((2026, 9, 30, 10, 0), 3, (2026, 10, 10, 10, 0)),  # 8, 9 and the make-up Saturday
        ((2026, 11, 20, 20, 0), 1, (2026, 11, 21, 17, 0)),  # asked after work: by the end of the day
        ((2026, 12, 30, 10, 0), 1, (2027, 1, 4, 10, 0)),
    ],
)
def test_days_are_days_on_which_people_work(start, days, end):
    hours = WorkingTime(DAY, None if start[1] == 12 else SHORT, None, SHANGHAI, HOURS.days)
    assert hours.end_of_days(utc(*start), days) == utc(*end)


@given(st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1)), st.integers(1, 3000))
def test_a_clock_ends_in_working_time_and_never_before_it_is_due(start, minutes):
    end = HOURS.after(start, timedelta(minutes=minutes))
    assert end - start >= timedelta(minutes=minutes)
    assert HOURS.is_open(end - timedelta(seconds=1))


def test_a_company_that_never_opens_does_not_hang():
    never = WorkingTime(None, None, None, SHANGHAI)
    assert never.after(datetime(2026, 1, 1), timedelta(hours=1)) > datetime(2026, 12, 1)


def test_a_year_without_known_holidays_has_weekdays_and_weekends():
    assert HOURS.on(date(2090, 1, 4)) == DAY  # a Wednesday
    assert HOURS.on(date(2090, 1, 7)) == SHORT


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),
    st.integers(0, 60 * 60),
    st.integers(0, 60 * 60),
)
def test_what_is_counted_is_what_has_gone_by(start, first, second):
    middle = HOURS.after(start, timedelta(minutes=first))
    end = HOURS.after(middle, timedelta(minutes=second))
    assert HOURS.between(start, end) == timedelta(minutes=first + second)
    assert HOURS.between(end, start) == timedelta() or end == start


def test_nights_and_closed_days_count_nothing():
    friday, monday = utc(2026, 11, 20, 17, 0), utc(2026, 11, 23, 10, 0)
    assert HOURS.between(friday, monday) == timedelta(hours=1 + 7 + 7 + 1)
    assert HOURS.between(utc(2026, 11, 20, 19, 0), utc(2026, 11, 21, 9, 0)) == timedelta()
