"""Whether what was found tells what the question asks for."""

import pytest

from kefu.knowledge.agreement import agrees, presumes
from kefu.knowledge.entries import Mentions
from kefu.knowledge.load import load
from kefu.knowledge.service import catalog
from tests.company import edit


@pytest.fixture
def told(company):
    specs = "功率: 9 W，每天四小时约用一年\n    供电: 只用交流电，不能用电池"
    edit(company / "light.yml", "功率: 9 W", specs)
    load()

    def agreed(question, ref, intent="", mentions=None):
        loaded = catalog()
        return agrees(loaded, question, loaded.graph.facts[ref], mentions or Mentions(), intent)

    return agreed


@pytest.mark.parametrize(
    ("question", "is_told"),
    [
        ("D1 多少瓦", True),
        ("D1 一共几 w", True),
        ("用得了几年", True),
        ("D1 多少流明", False),
        ("D1 多重", False),
        ("how many lumens", False),
        ("D1 有几个dB", False),
        ("那几盏灯功率一样吗", True),
    ],
)
def test_a_number_asked_for_has_to_be_told_in_that_measure(told, question, is_told):
    assert told(question, "spec:D1/功率") is is_told


@pytest.mark.parametrize(
    ("question", "is_told"),
    [
        ("用交流电还是太阳能", True),
        ("钨丝还是氖管", False),
        ("他还是能打开", True),
        ("从头算还是怎么算", True),
        ("要电还是油", False),
    ],
)
def test_one_of_two_asked_for_has_to_be_spoken_of(told, question, is_told):
    assert told(question, "spec:D1/供电") is is_told


def test_a_thing_asked_after_has_to_be_spoken_of(told):
    assert told("有没有电池", "spec:D1/供电")
    assert not told("有没有蓝牙", "spec:D1/供电")


def test_another_makers_device_is_not_ours_but_their_phone_may_use_it(told):
    assert not told("小米的灯几瓦", "spec:D1/功率")
    assert told("小米手机能控制吗，几瓦", "spec:D1/功率")


def test_a_model_that_nobody_knows_is_not_ours(told):
    assert not told("X40 几瓦", "spec:D1/功率")
    assert told("D1 几瓦", "spec:D1/功率")


def test_a_fault_answers_reports_and_no_questions(told):
    fault, mentions = "fault:智能灯/灯不亮", Mentions(symptoms=("不亮",))
    assert told("它不亮", fault, "report_fault")
    assert told("灯不亮", fault, mentions=mentions)
    assert not told("亮度最多有多少", fault, mentions=mentions)
    assert not told("我想要一盏灯", fault)


def test_what_excludes_each_other_is_answered_by_no_single_entry(told):
    assert not told("插头拔掉，但灯要一直亮着", "spec:D1/功率")


def test_the_year_and_the_occasion_that_are_named_have_to_be_told(told):
    assert told("2020 年春季满减", "policy:春季满减")
    assert not told("2019 年春季满减", "policy:春季满减")
    assert not told("双十一满减", "policy:春季满减")


def test_an_aspect_asked_about_has_to_be_told(told):
    assert not told("D1 是什么颜色的", "spec:D1/功率")


def test_figures_that_are_said_to_be_granted_have_to_be_told(told):
    assert not told("灯保修 9 年", "policy:灯具保修")


def test_how_much_it_is_wants_a_figure(told):
    assert told("D1 功率多少", "spec:D1/功率")
    assert not told("D1 卖多少", "spec:D1/供电")


@pytest.mark.parametrize(
    ("said", "is_presumed"),
    [
        ("你们客服说能换新的", True),
        ("这不是送的吗", True),
        ("不是还在保嘛", True),
        ("去年那张券还有效吧", True),
        ("灯保修几年", False),
        ("多收了钱,你们怎么说", False),
        ("夜里摸着热,不会有事吧", False),
    ],
)
def test_what_is_taken_for_granted_or_recalled_is_noticed(said, is_presumed):
    assert presumes(said) is is_presumed


def test_a_device_named_by_a_makers_number_is_not_ours_and_an_angle_is_no_maker(told):
    assert not told("360智能灯几瓦", "spec:D1/功率")
    assert told("转 360 度要几瓦", "spec:D1/功率")
