"""Times of day, and how long it is from one to another."""

import pytest

from kefu.language.clock import lasting


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("早上9点放到晚上7点", "放10小时"),
        ("从八点半到晚上六点", "9.5小时"),
        ("9点到5点", "8小时"),
        ("晚上十点到早上六点", "8小时"),
        ("中午十二点开到下午两点", "开2小时"),
    ],
)
def test_from_one_time_of_day_to_another_is_told_in_hours(text, told):
    assert lasting(text) == told


@pytest.mark.parametrize("text", ["9点来", "四点五公斤到五公斤", "快一点到", "99点到100点"])
def test_what_is_no_span_of_a_day_stays_as_it_is(text):
    assert lasting(text) == text
