"""Loading the knowledge folder into the graph tables."""

import pytest

from kefu.db import session_scope
from kefu.knowledge import __main__ as command
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.load import load
from kefu.knowledge.models import Edge, Node
from kefu.knowledge.service import edition, read_graph
from tests.company import edit


def rows():
    with session_scope() as session:
        return session.query(Node).count(), session.query(Edge).count()


def test_an_unchanged_folder_is_not_loaded_again(company):
    assert load() is True
    first = edition()
    assert load() is False
    assert edition() == first


def test_an_unchanged_folder_is_loaded_again_on_demand(company):
    load()
    first, before = edition(), rows()
    assert load(force=True) is True
    assert edition() > first
    assert rows() == before


def test_an_edit_replaces_the_old_facts(company):
    load()
    edit(company / "light.yml", "name: D1\n", "name: D1S\n")
    edit(company / "light.yml", "products: [D1, D2 Max]", "products: [D1S, D2 Max]")
    edit(company / "light.yml", "products: [D1]", "products: [D1S]")
    edit(company / "faq" / "light.yml", "products: [D1]", "products: [D1S]")
    assert load() is True
    _, graph = read_graph()
    assert [fact.name for fact in graph.of_kind("product")] == ["D1S", "D2 Max"]


def test_a_faulty_file_leaves_the_graph_as_it_was(company):
    load()
    first, before = edition(), rows()
    edit(company / "light.yml", "price: 99 元", "price:")
    with pytest.raises(KnowledgeError, match=r"light\.yml.*price"):
        load()
    assert (edition(), rows()) == (first, before)


def test_the_command_says_what_it_did_and_names_a_faulty_file(company, capsys):
    assert command.main() == 0
    assert command.main() == 0
    assert capsys.readouterr().out.splitlines() == ["knowledge: loaded", "knowledge: nothing changed"]
    edit(company / "policies.yml", "answer: 整灯保修 2 年。", "answer:")
    assert command.main() == 1
    error = capsys.readouterr().err
    assert "policies.yml" in error and "灯具保修" in error and "answer" in error
    assert "Traceback" not in error


def test_loading_is_a_fact_in_the_event_log(company):
    from kefu.events import Event

    load()
    with session_scope() as session:
        (event,) = session.query(Event).filter_by(kind="knowledge.loaded")
        assert event.data == dict(zip(("nodes", "edges"), rows(), strict=True))


def test_sections_of_a_manual_with_the_same_heading_are_all_kept(company):
    manual = company / "manuals" / "D1.md"
    manual.write_text("# D1 手册\n## 安装\n用绳。\n## 安装\n用钉。\n## 安装\n用胶。\n", encoding="utf-8")
    load()
    passages = [fact for fact in read_graph()[1].of_kind("passage") if fact.name == "D1 安装"]
    assert [fact.body for fact in passages] == ["用绳。", "用钉。", "用胶。"]


def test_a_question_hangs_on_its_products_and_its_function(company):
    edit(company / "faq" / "light.yml", "products: [D1]", "products: [D1]\n  function: 定时开关")
    load()
    about = read_graph()[1].targets("faq:灯能用几年？", "about")
    assert [fact.ref for fact in about] == ["product:D1", "function:智能灯/定时开关"]
