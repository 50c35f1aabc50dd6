"""What answers to a ticket's questions say by their words."""

import pytest

from kefu.tickets import answers


@pytest.mark.parametrize(
    "typed",
    ["不留", "不用了", "我不想留电话", "没有", "不太方便", "不", "没", "算了吧", "no", "No thanks.", "唔留"],
)
def test_a_refusal(typed):
    assert answers.is_refusal(typed)


@pytest.mark.parametrize(
    "typed", ["不是李 是黎", "没问题", "不亮", "没网", "不填了", "电话错了", "not working"]
)
def test_no_refusal(typed):
    assert not answers.is_refusal(typed)


@pytest.mark.parametrize(
    "typed", ["算了", "取消吧", "先不报了", "不填了", "我不想报修了", "停", "拜拜", "never mind"]
)
def test_called_off(typed):
    assert answers.calls_off(typed)


@pytest.mark.parametrize("typed", ["师傅弄坏了我的门", "订单取消不了", "停电后不亮", "充电停了", "138"])
def test_not_called_off(typed):
    assert not answers.calls_off(typed)


def test_words_of_leave_count_among_others_only_in_a_message_understood_as_leave():
    assert answers.calls_off("我先去忙了拜拜", sure=True)
    assert not answers.calls_off("我先去忙了拜拜")
    assert not answers.calls_off("138", sure=True)


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("一三八零零一三八零零零", "13800138000"), ("电话改成一三八零零一三八零零零", "13800138000"),
        ("报修，电话 138 0013 8000", "13800138000"), ("订单号 88888888", None), ("138001380001", None),
    ],
)  # fmt: skip
def test_a_phone_is_found_written_or_spoken(typed, phone):
    assert answers.phone_in(typed) == phone


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("138", True), ("电话 1380013", True), ("订单号 88888888", False), ("用了三天太吵", False)],
)
def test_half_a_number_is_digits(typed, digits):
    assert answers.is_digits(typed) == digits


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("问题改成：镜头歪了", "镜头歪了"), ("描述改成屏幕不亮", "屏幕不亮"),
        ("地址改成上海路", None), ("问题是不亮", None),
    ],
)  # fmt: skip
def test_a_description_is_replaced(typed, problem):
    assert answers.corrected_problem(typed) == problem


def test_a_wish_to_change_does_not_say_what():
    assert answers.wants_change("我要改一下") and not answers.wants_change("改地址")


@pytest.mark.parametrize(
    ("text", "declined"),
    [("不用登记", True), ("不要", True), ("算了", True), ("no thanks", True), ("不", True),
     ("没有钥匙", False), ("已经拔了插头", False)],
)  # fmt: skip
def test_a_no_to_an_offer_is_told_from_a_no_to_something_else(text, declined):
    assert answers.declines(text) is declined


@pytest.mark.parametrize("text", ["帮我换一台", "麻烦开张票", "我要退货", "please cancel it", "能帮我查下不"])
def test_who_wants_something_done_demands(text):
    assert answers.demands(text)


@pytest.mark.parametrize("text", ["换货要多久", "我想问下能退吗", "师傅晚上来不来", "do you ship abroad"])
def test_who_only_wants_to_know_demands_nothing(text):
    assert not answers.demands(text)


@pytest.mark.parametrize("text", ["坏了咋办", "能送到乡下不", "周末来得了伐"])
def test_a_question_needs_no_question_mark(text):
    assert answers.is_question(text)


def test_a_bare_no_is_no_question():
    assert not answers.is_question("不") and not answers.is_question("我不要")
