"""Quiet hours in the customer's own zone."""

from datetime import datetime, time

import pytest

from kefu.notifications.hours import end_of_quiet

NIGHT = time(22), time(8)


@pytest.mark.parametrize(
    "now, zone, hours, until",
    [
        ("2026-11-22 13:59", "Asia/Shanghai", NIGHT, None),  # 21:59 there
        ("2026-11-22 14:00", "Asia/Shanghai", NIGHT, "2026-11-23 00:00"),
        ("2026-11-22 23:59", "Asia/Shanghai", NIGHT, "2026-11-23 00:00"),  # 07:59 on the next day
        ("2026-11-23 00:00", "Asia/Shanghai", NIGHT, None),
        ("2026-11-22 14:00", "America/New_York", NIGHT, None),  # 09:00 there
        ("2026-11-22 04:00", "America/New_York", NIGHT, "2026-11-22 13:00"),
        ("2026-11-22 04:30", "Asia/Shanghai", (time(12), time(14)), "2026-11-22 06:00"),
        ("2026-11-22 14:00", "Asia/Shanghai", (time(0), time(0)), None),
        ("2026-10-25 00:30", "Europe/Berlin", NIGHT, "2026-10-25 07:00"),  # an hour longer: summer time ends
    ],
)
def test_quiet_lasts_from_evening_to_morning_where_the_customer_is(now, zone, hours, until):
    found = end_of_quiet(datetime.fromisoformat(now), zone, *hours)
    assert found == (until and datetime.fromisoformat(until))
