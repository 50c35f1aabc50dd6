"""Segments: a small language that is read, never run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.notifications.expressions import ExpressionError, parse

FIELDS = {"level": str, "city": str, "channels": list, "seen_days": float}
LI = {"level": "vip", "city": "上海", "channels": ["web", "wechat"], "seen_days": 3.5}
WANG = {"level": "normal", "channels": ["app"]}


@pytest.mark.parametrize(
    "text, li, wang",
    [
        ("", True, True),
        ("level = vip", True, False),
        ("level != VIP", False, True),
        ("city = '上海'", True, False),
        ("city = 上海", True, False),
        ("city != 上海", False, True),
        ("channels has wechat", True, False),
        ("not channels has wechat", False, True),
        ("seen_days < 7 and level = vip", True, False),
        ("seen_days >= 3.5", True, False),
        ("seen_days > -1 or channels has app", True, True),
        ("level in [vip, 'normal']", True, True),
        ("NOT (level = vip OR channels has app)", False, False),
        ("level = normal or level = vip and seen_days > 5", False, True),
    ],
)
def test_an_expression_means_whom_it_says(text, li, wang):
    fits = parse(text, FIELDS)
    assert (fits(LI), fits(WANG)) == (li, wang)


@pytest.mark.parametrize(
    "text, position, code",
    [
        ("levle = vip", 0, "field"),
        ("level = vip and", 15, "end"),
        ("level vip", 6, "operator"),
        ("level < vip", 6, "operator"),
        ("channels = web", 9, "operator"),
        ("seen_days > soon", 12, "value"),
        ("level = vip city = x", 12, "sign"),
        ("(level = vip", 12, "end"),
        ("level = and", 8, "value"),
        ("level in vip", 9, "sign"),
        ("level = vip; drop", 11, "sign"),
        ("__import__('os').system('x')", 16, "sign"),
        ("(" * 60 + "level = vip" + ")" * 60, 51, "too_deep"),
        ("level = vip " * 200, 1000, "too_long"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, position, code):
    with pytest.raises(ExpressionError) as caught:
        parse(text, FIELDS)
    assert (caught.value.position, caught.value.code) == (position, code)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text):
    try:
        parse(text, FIELDS)(LI)
    except ExpressionError as error:
        assert 0 <= error.position <= len(text)
