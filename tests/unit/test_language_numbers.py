"""Numbers in a message: kind, span and canonical form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.language.numbers import canonical, find_numbers


def found(text, **known):
    return [(n["entity"], text[n["start"] : n["end"]], n["value"]) for n in find_numbers(text, **known)]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("13800138000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("010-62345678", "01062345678"),
        ("400-800-1234", "4008001234"),
    ],
)
def test_a_phone_is_found_however_it_is_grouped(typed, value):
    assert found(f"打{typed}找我") == [("phone", typed, value)]


@pytest.mark.parametrize(
    "typed", ["GD26112200070", "gd26112200070", "ＧＤ２６１１２２０００７０", "GD 2611 2200 070"]
)
def test_a_ticket_number_is_found_however_it_is_typed(typed):
    assert found(f"工单{typed}呢") == [("ticket_number", typed, "GD26112200070")]


def test_an_appointment_and_a_parcel_are_known_by_their_letters():
    assert found("预约 YY26112300018 改一下") == [("appointment_number", "YY26112300018", "YY26112300018")]
    assert found("sf1234567890123到哪了") == [("tracking_number", "sf1234567890123", "SF1234567890123")]


def test_any_other_long_number_is_an_order():
    assert found("订单A202611220001怎么还没发") == [("order_number", "A202611220001", "A202611220001")]


def test_a_long_number_is_a_parcel_when_the_message_asks_for_one():
    text = "快递75312345678901到哪了"
    assert found(text, intent="track_delivery")[0][0] == "tracking_number"
    assert found(text, intent="check_order")[0][0] == "order_number"


def test_the_word_before_a_long_number_says_what_it_is():
    assert found("订单8830027711904的快递信息", intent="track_delivery")[0][0] == "order_number"
    assert found("物流单号78120093384756")[0][0] == "tracking_number"
    assert found("JD20261119004开张发票", intent="request_invoice")[0][0] == "order_number"
    assert found("收货电话改做91234567", intent="change_order")[0][0] == "phone"


@pytest.mark.parametrize("text", ["税号91330106MA27XXXX", "3.14159265358979", "zhangwei@163000000.com"])
def test_numbers_of_something_else_are_left_alone(text):
    assert found(text) == []


def test_several_numbers_in_one_message_do_not_overlap():
    text = "订单202611220001234，电话13800138000，工单GD26112200070"
    assert [kind for kind, _, _ in sorted(found(text))] == ["order_number", "phone", "ticket_number"]


@pytest.mark.parametrize("text", ["12345", "R3 Pro", "2.4G", "2026-11-22", "19:30", "1899元", "abcdefghij"])
def test_short_numbers_dates_and_prices_are_no_numbers_of_ours(text):
    assert found(text) == []


@given(st.text("GD YY138001390-０１２sf订单,，", max_size=40))
def test_spans_lie_inside_the_text_and_apart(text):
    spans = sorted((n["start"], n["end"]) for n in find_numbers(text))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[1] <= right[0] for left, right in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize(
    ("said", "index"),
    [
        ("2", "2"), ("第二个", "2"), ("第二個", "2"), ("方案二", "2"),
        ("③", "3"), ("选B", "2"), ("the second one", "2"),
        ("头一个", "1"), ("最上面那个", "1"), ("first one", "1"),
        ("两个里面的第一个", "1"), ("第十一个", "11"),
        ("最后一个", "-1"), ("最後一個", "-1"), ("最下面的", "-1"),
        ("the last one", "-1"), ("倒数第二个", "-2"),
        ("中间那个", "中间那个"),
    ],
)  # fmt: skip
def test_an_option_becomes_its_number_counted_from_the_end_where_said_so(said, index):
    assert canonical("option_index", said) == index


@pytest.mark.parametrize(
    ("said", "rating"),
    [
        ("5", "5"),
        ("五星", "5"),
        ("五顆星", "5"),
        ("满分", "5"),
        ("4分", "4"),
        ("两星", "2"),
        ("零分", "0"),
        ("十分", "10"),
    ],
)
def test_a_rating_becomes_digits(said, rating):
    assert canonical("rating", said) == rating


@pytest.mark.parametrize(
    ("said", "code"),
    [("英文", "en"), ("ENGLISH", "en"), ("繁體中文", "zh"), ("粵語", "zh"), ("法语", "法语")],
)
def test_a_language_becomes_its_code_if_we_speak_it(said, code):
    assert canonical("language", said) == code


def test_what_has_no_fixed_form_stays_as_said():
    assert canonical("address", "Ａ座 3 楼") == "Ａ座 3 楼"
