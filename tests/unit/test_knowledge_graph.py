"""The graph in memory."""

from datetime import date

import pytest

from kefu.knowledge.load import load
from kefu.knowledge.service import read_graph


@pytest.fixture
def graph(company):
    load()
    return read_graph()[1]


def names(facts):
    return [fact.name for fact in facts]


def test_a_fault_leads_to_its_causes_and_their_solutions_in_order(graph):
    causes = graph.targets("fault:智能灯/灯不亮", "caused_by")
    assert names(causes) == ["没有通电", "灯泡没拧紧"]
    assert [graph.targets(cause.ref, "solved_by")[0].data["steps"] for cause in causes] == [
        ["打开墙上的开关。"],
        ["关掉开关，拧紧灯泡。", "再打开开关。"],
    ]


def test_symptom_and_error_code_lead_to_the_fault(graph):
    (symptom,) = graph.named("symptom", "点不着")
    (code,) = graph.named("error_code", "ｅ01")
    assert names(graph.sources(symptom.ref, "shows")) == ["灯不亮"]
    assert names(graph.sources(code.ref, "reports")) == ["灯不亮"]


def test_a_fact_is_found_by_every_name_however_spelled(graph):
    for name in ("D2 Max", "d2max", "Ｄ２－ＭＡＸ", "二号灯", "二號燈"):
        assert names(graph.named("product", name)) == ["D2 Max"]
    assert graph.named("product", "三号灯") == []


def test_products_and_lines_know_each_other(graph):
    assert names(graph.products_of("智能灯")) == ["D1", "D2 Max"]
    assert graph.line_of("D2 Max") == "智能灯"
    assert graph.line_of("D9") is None


@pytest.mark.parametrize(
    ("ref", "products"),
    [
        ("product:D1", {"D1"}),
        ("fault:智能灯/灯不亮", {"D1"}),
        ("function:智能灯/定时开关", {"D1", "D2 Max"}),
        ("policy:灯具保修", {"D1", "D2 Max"}),
        ("policy:春季满减", set()),
        ("faq:灯能用几年？", {"D1"}),
        ("passage:D2-Max/安装 / 吸顶安装", {"D2 Max"}),
        ("spec:D1/功率", {"D1"}),
    ],
)
def test_a_fact_knows_the_products_it_is_about(graph, ref, products):
    assert graph.products_about(ref) == products


def test_a_policy_is_in_force_on_its_first_and_last_day_and_none_outside(graph):
    spring = graph.facts["policy:春季满减"]
    days = [date(2020, 2, 29), date(2020, 3, 1), date(2020, 5, 31), date(2020, 6, 1)]
    assert [spring.valid_on(day) for day in days] == [False, True, True, False]
    assert graph.facts["policy:灯具保修"].valid_on(date(1999, 1, 1))


def test_a_reference_that_is_gone_gives_nothing(graph):
    assert graph.get("product:D9") is None
    assert graph.get(None) is None
