"""Of what policies tell different figures for different products, and which of these is asked for."""

import pytest

from kefu.config import ROOT
from kefu.knowledge.questions import Questions
from kefu.knowledge.variations import Variations
from kefu.knowledge.vocabulary import vocabulary
from kefu.language.quantities import quantities
from tests.company import graph_of

MONEY, TIME = frozenset({"money"}), frozenset({"time"})


@pytest.fixture(scope="module")
def graph():
    return graph_of(ROOT / "data" / "knowledge")


@pytest.fixture(scope="module")
def variations(graph):
    return Variations(graph, Questions(graph, vocabulary()).traits)


@pytest.mark.parametrize(
    ("policy", "asked", "dimensions", "varies"),
    [
        ("延长保修", "延保得多少钱", MONEY, True),
        ("延长保修", "几天内能买延保", TIME, False),  # thirty days for all
        ("整机保修", "保修期多久", TIME, True),  # three years for locks, one for all else
        ("保外维修收费", "人工要多少", MONEY, True),
        ("保外维修收费", "检测费要多少", MONEY, False),  # the same for all
        ("会员等级", "升金卡要花多少", MONEY, False),
        ("门锁免费安装", "远途费多少", MONEY, False),  # for locks only
    ],
)
def test_a_figure_varies_where_products_are_told_different_ones(
    graph, variations, policy, asked, dimensions, varies
):
    found = variations.products(graph.facts[f"policy:{policy}"], asked, dimensions)
    assert bool(found) is varies


def test_only_products_that_the_terms_name_are_chosen_from(graph, variations):
    found = variations.products(graph.facts["policy:以旧换新"], "旧的能抵多少", frozenset())
    assert found == ("L1", "L3", "R1", "R3 Pro", "V5")


@pytest.mark.parametrize(("told", "varies"), [("两年", True), ("五个月", False), ("四年", False)])
def test_a_time_varies_where_it_is_within_some_terms_only(graph, variations, told, varies):
    numbers = quantities(told)
    found = variations.products(graph.facts["policy:整机保修"], f"买了{told}", frozenset(), numbers)
    assert bool(found) is varies
