"""What of the graph is found, and how newer editions take its place."""

import threading
from datetime import timedelta

import pytest

from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge import clicks, service, snapshot
from kefu.knowledge.entries import Catalog, Mentions
from kefu.knowledge.load import load
from kefu.knowledge.meaning import embed_all
from kefu.knowledge.models import UnansweredQuestion
from kefu.knowledge.service import catalog, record_unanswered
from tests.company import edit


@pytest.fixture
def loaded(company):
    load()
    return company


@pytest.fixture
def impatient(monkeypatch):
    """Looks for a newer edition at every question."""
    monkeypatch.setattr(snapshot, "_RECHECK_SECONDS", 0.0)


def refreshed():
    """The catalog after the refresh that a question started has ended."""
    catalog()
    for thread in threading.enumerate():
        if thread.name == snapshot.THREAD:
            thread.join(timeout=60)
    return catalog()


def best(question, **known):
    found = catalog().find(question, Mentions(**known.pop("mentions", {})), **known)
    return found[0].fact.ref if found else None


def test_each_kind_of_question_finds_its_fact(loaded):
    assert best("灯能用几年") == "faq:灯能用几年？"
    assert best("怎么定时关灯", intent="ask_how_to") == "function:智能灯/定时开关"
    assert best("灯保修几年", intent="ask_policy") == "policy:灯具保修"
    assert best("底座怎么固定在天花板上") == "passage:D2-Max/安装 / 吸顶安装"
    assert (
        best("灯点不着", mentions={"symptoms": ("点不着",)}, intent="report_fault") == "fault:智能灯/灯不亮"
    )


def test_the_price_of_the_product_named_or_spoken_of_is_found(loaded):
    assert best("多少钱", mentions={"products": ("D1",)}, intent="ask_price") == "spec:D1/价格"
    assert best("多少钱", mentions={"context_product": "D2 Max"}, intent="ask_price") == "spec:D2 Max/价格"


def test_the_price_of_a_line_is_that_of_its_products(loaded):
    found = catalog().find("多少钱", Mentions(lines=("智能灯",)), "ask_price")
    assert {item.fact.ref for item in found[:2]} == {"spec:D1/价格", "spec:D2 Max/价格"}


def test_what_there_is_of_a_line_is_told_by_the_line(loaded):
    assert best("你们有几种灯在卖", mentions={"lines": ("智能灯",)}) == "product_line:智能灯"


def test_a_function_named_with_a_line_tells_which_product_is_meant(company):
    edit(company / "light.yml", "products: [D1, D2 Max]", "products: [D2 Max]")
    load()
    mentions = {"lines": ("智能灯",), "functions": ("定时",)}
    assert best("能定时的灯多少钱", mentions=mentions, intent="ask_price") == "spec:D2 Max/价格"


def test_a_nickname_gives_no_words_to_search_for(loaded):
    mentions = Mentions(products=("D2 Max",), said=(("二号灯", "D2 Max"),))
    assert mentions.plain("二号灯多重") == " D2 Max 多重"


def test_an_error_code_finds_its_fault(loaded):
    assert best("显示E01", mentions={"error_codes": ("E01",)}) == "fault:智能灯/灯不亮"


def test_an_expired_policy_is_not_found(loaded):
    assert best("春季满减") != "policy:春季满减"
    edit(loaded / "policies.yml", "2020-05-31", "2999-05-31")
    load()
    service._current.checked = 0
    refreshed()
    assert best("春季满减") == "policy:春季满减"


def test_a_newer_edition_is_picked_up_and_the_old_one_no_longer_answers(loaded, impatient):
    before = catalog()
    assert catalog() is before
    edit(loaded / "faq" / "light.yml", "大约能用 10 年", "大约能用 12 年")
    load()
    assert "12 年" in refreshed().find("灯能用几年")[0].fact.body
    assert "10 年" in before.graph.facts["faq:灯能用几年？"].body, "a question under way keeps its edition"


def test_within_a_second_the_database_is_not_asked_again(loaded, monkeypatch):
    first = catalog()
    monkeypatch.setattr(service, "edition", lambda: pytest.fail("asked"))
    assert catalog() is first


def test_sentence_vectors_are_computed_once_for_the_same_texts(loaded, tmp_path, monkeypatch):
    graph = catalog().graph
    first = Catalog(graph, tmp_path / "kept").find("灯保修几年")[0]
    monkeypatch.setattr("kefu.knowledge.entries.embed_all", lambda texts: pytest.fail("computed again"))
    assert Catalog(graph, tmp_path / "kept").find("灯保修几年")[0] == first


def test_after_an_edit_only_new_texts_are_computed(loaded, tmp_path, monkeypatch):
    Catalog(catalog().graph, tmp_path / "kept")
    edit(loaded / "faq" / "light.yml", "also: [灯泡寿命多长]", "also: [灯泡寿命多长, 多久会坏]")
    load()
    computed = []
    monkeypatch.setattr(
        "kefu.knowledge.entries.embed_all", lambda texts: computed.extend(texts) or embed_all(texts)
    )
    newer = Catalog(service.read_graph()[1], tmp_path / "kept")
    assert computed == ["多久会坏"]
    assert newer.find("多久会坏")[0].fact.ref == "faq:灯能用几年？"


def test_a_refresh_that_fails_leaves_the_old_edition_serving(loaded, impatient, monkeypatch, caplog):
    before = catalog()
    edit(loaded / "faq" / "light.yml", "大约能用 10 年", "大约能用 12 年")
    load()
    monkeypatch.setattr(service, "read_graph", lambda: 1 / 0)
    assert refreshed() is before
    assert "knowledge.refresh.failure" in caplog.text


def test_an_empty_graph_finds_nothing(installation):
    assert catalog().find("灯能用几年") == []


def test_an_unanswered_question_is_kept_for_the_editors(installation):
    record_unanswered("灯能防水吗", "web-1", "faq:灯能用几年？", 0.412)
    with session_scope() as session:
        (row,) = session.query(UnansweredQuestion)
        assert (row.text, row.customer, row.best_node, row.score) == (
            "灯能防水吗",
            "web-1",
            "faq:灯能用几年？",
            41,
        )


def test_customers_choices_move_an_entry_without_a_newer_edition(loaded, impatient, monkeypatch):
    monkeypatch.setattr(service, "_RECOUNT_SECONDS", 0.0)
    monkeypatch.setattr(clicks, "_SETTLED", timedelta(0))
    ref = best("灯具保修")
    before = catalog().find("灯具保修")[0].score
    with session_scope() as session:
        for _ in range(40):
            record(session, "answer.missed", "web-1", ref=ref)
    assert refreshed().find("灯具保修")[0].score < before


def test_nothing_is_counted_again_while_nobody_chooses(loaded, impatient, monkeypatch):
    monkeypatch.setattr(service, "_RECOUNT_SECONDS", 0.0)
    before = catalog()
    assert refreshed() is before
