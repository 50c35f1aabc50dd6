"""Dates, times, sums, ratings and choices, found by how they are written."""

import pytest

from kefu.language.expressions import find_expressions
from kefu.language.numbers import canonical


def found(text, intent=""):
    return [
        (e["entity"], e["value"]) for e in sorted(find_expressions(text, intent), key=lambda e: e["start"])
    ]


def test_a_span_of_time_is_two_times():
    assert found("工作日九点到下午六点都有人") == [("time", "九点"), ("time", "下午六点")]


@pytest.mark.parametrize(
    "text",
    ["等了一上午", "第一时间告诉我", "出个夜间模式", "加一点水", "192点几", "night vision is black"],
)
def test_words_that_only_look_like_a_time_are_none(text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["建国路100号", "放大一号", "上海云帆科技有限公司", "any Black Friday deal"])
def test_words_that_only_look_like_a_date_or_city_are_none(text):
    assert found(text) == []


def test_once_last_week_is_last_week():
    assert found("上周一次性订了六台") == [("date", "上周")]


@pytest.mark.parametrize("text", ["早上好", "明儿见"])
def test_nobody_names_a_time_in_a_greeting(text):
    assert found(text, "greet") == found(text, "goodbye") == []


def test_a_sum_without_its_unit_is_a_sum_where_money_is_spoken_of():
    assert found("退款应该是399只到了350", "check_refund") == [("amount", "399"), ("amount", "350")]
    assert found("预算一千以内", "ask_recommendation") == [("amount", "一千")]
    assert found("延迟399", "report_fault") == []


@pytest.mark.parametrize("text", ["618有活动吗", "双11打折不", "一百八十平用哪个", "三天没到", "500兆够用吗"])
def test_numbers_of_other_things_are_no_sums(text):
    assert [e for e in found(text, "ask_recommendation") if e[0] == "amount"] == []


@pytest.mark.parametrize(
    ("text", "rating"),
    [("给5分", "5"), ("打四星吧", "四星"), ("我打八分，满分十分的话", "八"), ("满分", "满分")],
)
def test_a_rating_is_found_without_the_word_for_points(text, rating):
    assert ("rating", rating) in found(text, "rate_service")


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("第二个", "第二个"), ("选3", "3"), ("2号吧", "2"), ("选项C", "c"), ("B", "b"), ("用方案二", "二"),
        ("the second one", "second"), ("number 3", "3"), ("最后一条吧", "最后一条"),
    ],
)  # fmt: skip
def test_a_choice_is_found_as_it_is_said(text, choice):
    assert [(kind, said.lower()) for kind, said in found(text, "choose_option")] == [("option_index", choice)]


@pytest.mark.parametrize("text", ["服务十分差", "我十分不满意", "等了十分钟"])
def test_how_bad_it_was_is_no_rating(text):
    assert found(text, "rate_service") == []
    assert not canonical("rating", text).isdigit() or "钟" in text


def test_a_hundred_points_are_full_marks():
    assert found("打100分", "rate_service") == [("rating", "100")]
    assert canonical("rating", "100") == "5"


def test_a_choice_is_only_looked_for_where_one_is_made():
    assert found("第三次催了", "urge_ticket") == []
