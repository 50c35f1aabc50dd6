"""Names of the graph in a message."""

import threading

import pytest

from kefu.knowledge.entries import Mentions
from kefu.knowledge.live import name_matcher
from kefu.knowledge.load import load
from kefu.knowledge.matcher import ENTITY_OF_KIND, NameMatcher
from kefu.knowledge.service import catalog, read_graph
from kefu.knowledge.snapshot import THREAD
from tests.company import edit


@pytest.fixture
def live(company, monkeypatch):
    """The matcher as understanding uses it, not built yet, looking for a newer edition every time."""
    monkeypatch.setattr(name_matcher, "value", None)
    monkeypatch.setattr(name_matcher, "edition", None)
    monkeypatch.setattr("kefu.knowledge.snapshot._RECHECK_SECONDS", 0.0)
    return name_matcher


@pytest.fixture
def matcher(company):
    load()
    return NameMatcher(read_graph()[1])


def found(matcher, text):
    return [(m.entity, text[m.start : m.end], m.value) for m in matcher(text)]


@pytest.mark.parametrize(
    "said",
    ["D2 Max", "d2 max", "Ｄ２　Ｍａｘ", "二号灯", "二號燈", "晨光 D2 Max 智能灯", "晨光 D2 Max 智能燈"],
)
def test_a_product_is_found_in_every_spelling(matcher, said):
    assert found(matcher, f"我的{said}不會動") == [("product", said, "D2 Max")]


def test_each_kind_of_name_is_its_entity(matcher):
    text = "灯具 E01，定时和质保，点不着"
    assert found(matcher, text) == [
        ("product_line", "灯", "智能灯"), ("error_code", "E01", "E01"), ("function", "定时", "定时开关"),
        ("policy_topic", "质保", "灯具保修"), ("symptom", "点不着", "点不着"),
    ]  # fmt: skip


def test_the_longest_name_wins(matcher):
    assert found(matcher, "智能灯") == [("product_line", "智能灯", "智能灯")]


def test_a_name_inside_a_longer_word_is_none(matcher):
    assert found(matcher, "D2X 和 AD1 和 E012") == []


def test_the_canonical_name_is_known_for_whatever_was_said(matcher):
    assert matcher.value_of("product", "二號燈") == "D2 Max"
    assert matcher.value_of("product", "D9") is None


def test_a_policy_is_not_matched_by_its_english_title(matcher):
    assert found(matcher, "light warranty") == []


def test_a_graph_whose_names_are_too_short_to_match_is_no_error(company):
    edit(company / "light.yml", "aliases: [定时, 倒计时]", "aliases: [定]")
    load()
    assert found(NameMatcher(read_graph()[1]), "定") == []


def test_every_alias_of_the_demo_company_leads_to_its_name(demo):
    """Upper case, full width and what comes before or behind change nothing."""
    graph = read_graph()[1]
    matcher = NameMatcher(graph)
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    lost = []
    for kind in ("product", "product_line", "function", "error_code", "symptom"):
        for fact in graph.of_kind(kind):
            for name in fact.names:
                if len(name) < 2 and kind != "product_line":
                    continue
                for said in (name, name.upper(), name.translate(wide)):
                    spans = [(m.start, m.end) for m in matcher(f"。{said}。")]
                    if (1, 1 + len(said)) not in spans:
                        lost.append((ENTITY_OF_KIND[kind], said, spans))
    assert lost == []


NEW_PRODUCT = """\
- name: D7
  aliases: [七号灯, 极光]
  title: 晨光 D7 智能灯
  summary: 户外用的防水灯。
  price: 299 元
  specs:
    防水: IP65
functions:
"""


def test_a_new_product_is_recognised_and_answered_after_a_load_without_training(live, company):
    load()
    assert found(live(), "极光多少钱") == []
    edit(company / "light.yml", "functions:\n", NEW_PRODUCT)
    load()
    live()
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(10)
    assert found(live(), "極光多少钱") == [("product", "極光", "D7")]
    catalog()
    for question, intent, answer in (
        ("多少钱", "ask_price", "299 元"),
        ("防水吗", "ask_product_info", "IP65"),
    ):
        fact = catalog().find(question, Mentions(products=("D7",)), intent)[0].fact
        assert (fact.kind, fact.body) == ("spec", answer)


def test_the_first_use_loads_the_knowledge_by_itself(live):
    assert found(live(), "一号灯") == [("product", "一号灯", "D1")]
