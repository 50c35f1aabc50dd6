"""Publishing entries over the files: live, versioned, undone, and never over somebody else's change."""

import pytest

from kefu.db import session_scope
from kefu.knowledge import service, versions
from kefu.knowledge.editing import Change, EntryChanged, publish
from kefu.knowledge.items import EditError, parse
from kefu.knowledge.load import is_conflict, load
from kefu.knowledge.models import Edge, Edition, EntryVersion, Node, StoredEntry
from kefu.knowledge.service import read_graph
from tests.company import edit

QUESTION = "faq:灯能用几年？"
FAQ = {"question": "灯能用几年？", "products": ["D1"], "answer": "大约 12 年。"}
FAULT = {
    "name": "灯闪", "products": ["D1"], "problem_type": "无法启动", "symptoms": ["一闪一闪", "不亮"],
    "error_codes": ["E01", "E02"],
    "causes": [{"cause": "电压不稳", "solution": "换插座", "steps": ["换个插座。"]}],
}  # fmt: skip


@pytest.fixture
def loaded(company):
    load()
    return company


def put(kind, content, ref=None, seen=0, line=None, **more):
    with session_scope() as session:
        return publish(
            session, [Change("put", ref, seen, kind, line, content, **more)], "account:1", "because"
        )


def remove(ref, seen=0):
    with session_scope() as session:
        return publish(session, [Change("remove", ref, seen)], "account:1")


def fact(ref):
    return read_graph()[1].get(ref)


def entry(ref):
    with session_scope() as session:
        return session.get(StoredEntry, ref)


def seen(graph):
    """All that a reader can tell of a graph."""
    edges = {edge for ref in graph.facts for edge in graph.edges_at(ref)}
    names = {(fact.kind, name) for fact in graph.facts.values() for name in fact.names}
    named = {key: {fact.ref for fact in graph.named(*key)} for key in names}
    return graph.facts, edges, named, {key: graph.targets(*key) for key in edge_starts(edges)}


def edge_starts(edges):
    return {(source, relation) for source, relation, _ in edges}


def shape():
    """The graph without its ids: what a load of everything and a change of one entry must agree on."""
    _, graph = read_graph()
    facts = {ref: (f.name, f.english, f.body, f.data, f.names) for ref, f in graph.facts.items()}
    with session_scope() as session:
        refs = {node.id: (node.kind, node.key) for node in session.query(Node)}
        edges = sorted(
            (refs[e.source_id], e.relation, refs[e.target_id], e.position) for e in session.query(Edge)
        )
    return facts, edges


def test_an_edit_counts_at_once_and_says_who_made_it(loaded):
    before = service.edition()
    put("faq", FAQ, QUESTION)
    assert fact(QUESTION).body == "大约 12 年。"
    assert service.edition() > before
    with session_scope() as session:
        (version,) = versions.history(session, QUESTION)
        assert (version.number, version.by, version.note) == (1, "account:1", "because")


CHANGES = {
    "a question": ("faq", {**FAQ, "also": ["灯的寿命"], "function": "定时开关"}, QUESTION, None),
    "a new question": ("faq", {"question": "能遥控吗？", "line": "智能灯", "answer": "能。"}, None, None),
    "a new fault": ("fault", FAULT, None, "智能灯"),
    "a fault with fewer causes": (
        "fault",
        {**FAULT, "name": "灯不亮", "function": "定时开关", "error_codes": []},
        "fault:智能灯/灯不亮",
        "智能灯",
    ),
    "a product with other specs": (
        "product",
        {"name": "D1", "title": "晨光 D1", "summary": "灯。", "price": "89 元", "specs": {"色温": "3000 K"}},
        "product:D1",
        "智能灯",
    ),
    "a function of fewer products": (
        "function",
        {"name": "定时开关", "products": ["D2 Max"], "summary": "到点开灯。"},
        "function:智能灯/定时开关",
        "智能灯",
    ),
    "a line": ("product_line", {"name": "智能灯", "aliases": ["电灯"]}, "product_line:智能灯", None),
    "a policy with an end": (
        "policy",
        {"name": "灯具保修", "applies_to": ["D1"], "answer": "一年。", "valid_until": "2030-01-01"},
        "policy:灯具保修",
        None,
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_one_entry_leaves_the_graph_that_a_load_of_everything_makes(loaded, change):
    kind, content, ref, line = change
    put(kind, content, ref, line=line)
    changed = shape()
    load(force=True)
    assert shape() == changed


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_reader_who_follows_the_changes_sees_what_one_who_reads_everything_sees(loaded, change):
    kind, content, ref, line = change
    known = read_graph()
    before = seen(known[1])
    made = put(kind, content, ref, line=line)[-1]
    followed = read_graph(known)
    assert followed[0] > known[0] and seen(followed[1]) == seen(read_graph()[1])
    with session_scope() as session:
        versions.undo(session, made.ref, 1, "account:1")
    assert seen(read_graph(followed)[1]) == seen(read_graph()[1])
    assert seen(known[1]) == before


def test_a_reader_who_follows_reads_everything_after_a_load(loaded):
    known = read_graph()
    edit(loaded / "policies.yml", "整灯保修 2 年", "整灯保修 3 年")
    load()
    assert "3 年" in read_graph(known)[1].get("policy:灯具保修").body


def test_only_the_rows_of_the_entry_are_written(loaded):
    with session_scope() as session:
        before = {node.id: (node.kind, node.key) for node in session.query(Node)}
    put("faq", FAQ, QUESTION)
    with session_scope() as session:
        assert {node.id: (node.kind, node.key) for node in session.query(Node)} == before
        assert not session.query(Edition).order_by(Edition.id.desc()).first().whole


def test_a_removed_entry_is_gone_until_it_is_brought_back(loaded):
    remove(QUESTION)
    assert fact(QUESTION) is None
    load(force=True)
    assert fact(QUESTION) is None
    with session_scope() as session:
        versions.undo(session, QUESTION, 1, "account:1")
    assert "10 年" in fact(QUESTION).body


def test_what_others_refer_to_is_not_removed(loaded):
    with pytest.raises(EditError, match="灯不亮"):
        remove("function:智能灯/定时开关")
    assert fact("function:智能灯/定时开关")


def test_a_symptom_that_two_faults_share_outlives_one_of_them(loaded):
    put("fault", FAULT, line="智能灯")
    remove("fault:智能灯/灯闪", 1)
    assert fact("symptom:不亮") and fact("error_code:智能灯/E01")
    assert not fact("symptom:一闪一闪") and not fact("error_code:智能灯/E02")


WRONG = {
    "an unknown product": ("faq", {**FAQ, "products": ["D9"]}, QUESTION, "products"),
    "a missing answer": ("faq", {"question": "灯能用几年？"}, QUESTION, "answer"),
    "an unknown field": ("faq", {**FAQ, "answr": "x"}, QUESTION, "answr"),
    "a question that is there": ("faq", FAQ, None, None),
    "an end before the start": (
        "policy",
        {"name": "x", "answer": "y", "valid_from": "2026-02-01", "valid_until": "2026-01-01"},
        None,
        "valid_until",
    ),
    "an unknown problem type": ("fault", {**FAULT, "problem_type": "奇怪"}, None, "problem_type"),
    "a name that leads elsewhere": (
        "product",
        {"name": "D3", "aliases": ["一号灯"], "title": "D3", "summary": "x", "price": "1"},
        None,
        "aliases",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_refused_and_changes_nothing(loaded, wrong):
    kind, content, ref, field = wrong
    before = service.edition(), shape()
    with pytest.raises(EditError) as refused:
        put(kind, content, ref, line="智能灯")
    assert refused.value.field == field
    assert (service.edition(), shape()) == before


def test_two_editors_never_overwrite_each_other(loaded):
    put("faq", FAQ, QUESTION)
    with pytest.raises(EntryChanged):
        put("faq", {**FAQ, "answer": "另一个"}, QUESTION)
    assert fact(QUESTION).body == "大约 12 年。"
    put("faq", {**FAQ, "answer": "另一个"}, QUESTION, seen=1)
    assert fact(QUESTION).body == "另一个"


def test_changes_made_together_are_made_all_or_none(loaded):
    wrong = Change("put", None, 0, "faq", None, {**FAQ, "question": "新？", "products": ["D9"]})
    with pytest.raises(EditError), session_scope() as session:
        publish(session, [Change("put", QUESTION, 0, "faq", None, FAQ), wrong], "account:1")
    assert "10 年" in fact(QUESTION).body and entry(QUESTION).version == 0


def test_a_renamed_entry_keeps_only_its_new_name(loaded):
    put("faq", {**FAQ, "question": "灯泡能用多久？"}, QUESTION)
    assert fact(QUESTION) is None
    assert fact("faq:灯泡能用多久？").body == "大约 12 年。"


def test_every_version_can_be_brought_back(loaded):
    put("faq", FAQ, QUESTION)
    put("faq", {**FAQ, "answer": "二"}, QUESTION, seen=1)
    with session_scope() as session:
        versions.restore(session, QUESTION, 1, 2, "account:1")
    assert fact(QUESTION).body == "大约 12 年。"
    with session_scope() as session:
        versions.restore(session, QUESTION, 0, 3, "account:1")
    assert "10 年" in fact(QUESTION).body
    assert not entry(QUESTION).layered


def test_undoing_goes_back_step_by_step(loaded):
    put("faq", FAQ, QUESTION)
    put("faq", {**FAQ, "answer": "二"}, QUESTION, seen=1)
    for seen, said in ((2, "12 年"), (3, "10 年")):
        with session_scope() as session:
            versions.undo(session, QUESTION, seen, "account:1")
        assert said in fact(QUESTION).body


def test_a_whole_edition_is_rolled_back(loaded):
    edition, before = service.edition(), shape()
    put("fault", FAULT, line="智能灯")
    put("faq", FAQ, QUESTION)
    remove("policy:春季满减")
    with session_scope() as session:
        assert len(versions.roll_back(session, edition, "account:1")) == 3
    assert shape() == before
    with session_scope() as session:
        assert versions.roll_back(session, edition, "account:1") == []


def test_what_the_console_says_outlives_a_load_and_a_change_in_both_is_shown(loaded):
    put("faq", FAQ, QUESTION)
    edit(loaded / "policies.yml", "整灯保修 2 年", "整灯保修 3 年")
    load()
    assert fact(QUESTION).body == "大约 12 年。" and not is_conflict(entry(QUESTION))
    edit(loaded / "faq" / "light.yml", "大约能用 10 年", "大约能用 15 年")
    load()
    assert fact(QUESTION).body == "大约 12 年。" and is_conflict(entry(QUESTION))


def test_an_edit_that_the_files_no_longer_bear_is_set_aside_and_says_why(loaded):
    put("faq", {"question": "D2 能调色吗？", "products": ["D2 Max"], "answer": "能。"})
    for old in ("name: D2 Max\n", "products: [D1, D2 Max]"):
        edit(loaded / "light.yml", old, old.replace("D2 Max", "D2 Pro"))
    load()
    assert fact("faq:D2 能调色吗？") is None
    assert "D2 Max" in entry("faq:D2 能调色吗？").problem


def test_many_changes_at_once_are_one_edition(loaded, monkeypatch):
    monkeypatch.setattr("kefu.knowledge.editing.MANY", 5)
    before = service.edition()
    many = [
        Change("put", None, 0, "faq", None, {"question": f"第 {n} 问？", "answer": f"{n}"}) for n in range(20)
    ]
    with session_scope() as session:
        publish(session, many, "account:1")
    assert fact("faq:第 19 问？").body == "19"
    with session_scope() as session:
        assert session.query(Edition).filter(Edition.id > before).count() == 1
        assert session.query(EntryVersion).count() == 20
    with pytest.raises(EditError, match="D9"), session_scope() as session:
        publish(session, [*(Change("put", f"faq:第 {n} 问？", 1, "faq", None,
                                   {"question": f"第 {n} 问？", "answer": "x", "products": ["D9"]})
                            for n in range(20))], "account:1")  # fmt: skip
    assert fact("faq:第 19 问？").body == "19"


def test_an_entry_of_a_line_needs_the_line():
    with pytest.raises(EditError) as refused:
        parse("fault", FAULT)
    assert refused.value.field == "line"
