"""Times of day, and how long it is from one to another."""

import pytest

from kefu.language.clock import lasting


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("早上9点放到晚上7点", "放10小时"),
        ("从八点半一直用到晚上六点", "一直用9.5小时"),
        ("9点播到5点", "播8小时"),
        ("晚上十点到早上六点不充电", "8小时不充电"),
        ("中午十二点开到下午两点", "开2小时"),
    ],
)
def test_from_one_time_of_day_to_another_is_told_in_hours(text, told):
    assert lasting(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "9点来",
        "放到四点五公斤到五点五公斤",
        "快一点到",
        "放99点到100点",
        "早上9点20放到11点",
        "一直早一点到晚一点",
        "能定时早上8点一直扫到晚上6点吗",
        "早上8点到晚上6点有声音吗",
    ],
)
def test_what_is_no_span_of_a_day_stays_as_it_is(text):
    assert lasting(text) == text
