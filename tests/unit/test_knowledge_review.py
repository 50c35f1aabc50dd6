"""From a document to the knowledge: candidates wait for a reviewer, or for a rule that takes them."""

import pytest

from kefu.db import session_scope
from kefu.knowledge import coverage, drafts, exchange, publishing, review, versions
from kefu.knowledge.editing import Change, publish
from kefu.knowledge.load import load
from kefu.knowledge.models import QueuedCandidate, SourceDocument, StoredEntry, UnansweredQuestion
from kefu.knowledge.reading import Unreadable, read_into
from kefu.knowledge.review import Reading
from kefu.knowledge.service import read_graph

TEXT = "D1 手册\n功率：11 W\n灯发热 故障码 E07\n原因：散热孔堵住\n清理散热孔\n"


def candidate(kind, name, quote="", confidence=0.9, **data):
    start = TEXT.index(quote) if quote else 0
    source = {
        "document": "D1.md",
        "heading": "D1 手册",
        "start": start,
        "end": start + len(quote),
        "quote": quote,
    }
    empty = {
        "aliases": [],
        "body": "",
        "steps": [],
        "value": None,
        "unit": None,
        "line": None,
        "products": [],
    }
    return {
        "kind": kind,
        "name": name,
        **empty,
        "relations": [],
        "source": source,
        "confidence": confidence,
    } | data


def relation(name, kind, target):
    return {"relation": name, "target_kind": kind, "target_name": target}


FAULT = [
    candidate(
        "fault", "灯发热", "灯发热", products=["D1"],
        relations=[relation("reports", "error_code", "E07"), relation("caused_by", "cause", "散热孔堵住")],
    ),
    candidate("error_code", "E07", "E07"),
    candidate(
        "cause", "散热孔堵住", "散热孔堵住", relations=[relation("solved_by", "solution", "清理散热孔")]
    ),
    candidate("solution", "清理散热孔", "清理散热孔", steps=["关灯。", "清理散热孔。"]),
]  # fmt: skip
SPEC = candidate("spec", "色温", "11 W", 0.97, value="3000", unit="K", products=["D1"],
                 relations=[relation("describes", "product", "D1")])  # fmt: skip
FAQ = candidate("faq", "灯会发热吗？", "灯发热", body="会微微发热，属正常。", products=["D1"])


@pytest.fixture
def queue(company):
    """Reads a document that holds the given candidates; gives their ids."""
    load()

    def queue(*found, kind="manual", contradictions=None):
        with session_scope() as session:
            document, _ = review.receive(session, "D1.md", kind, TEXT.encode(), "account:1")
            known = document.id
        read_into(known, None, kind, lambda *_: Reading(TEXT, found, contradictions or {}))
        with session_scope() as session:
            return [row.id for row in session.query(QueuedCandidate).order_by(QueuedCandidate.id)]

    return queue


@pytest.fixture
def ruled(tmp_path, monkeypatch):
    """Puts rules for publishing in force."""

    def ruled(text):
        path = tmp_path / "publishing.yml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(review, "rule_for", lambda *of: publishing.rule_for(*of, path=path))

    return ruled


def row(id_):
    with session_scope() as session:
        return session.get(QueuedCandidate, id_)


def take(id_, by="account:1", **change):
    with session_scope() as session:
        made = drafts.draft(session, session.get(QueuedCandidate, id_))
        values = {
            "ref": made.ref,
            "seen": made.seen,
            "kind": made.kind,
            "line": made.line,
            "content": made.content,
        }
        return review.accept(session, id_, Change(**(values | change)), by, made.parts)


def fact(ref):
    return read_graph()[1].get(ref)


def test_nothing_is_published_unasked(queue):
    (id_,) = queue(FAQ)
    assert row(id_).state == "open"
    assert fact("faq:灯会发热吗？") is None


def test_an_accepted_candidate_answers_and_names_its_source(queue):
    (id_,) = queue(FAQ)
    take(id_)
    assert fact("faq:灯会发热吗？").body == "会微微发热，属正常。"
    assert fact("faq:灯会发热吗？").source == "D1.md # D1 手册"
    with session_scope() as session:
        (version,) = versions.history(session, "faq:灯会发热吗？")
        assert (version.by, version.origin["candidate"]) == ("account:1", id_)
    assert (row(id_).state, row(id_).ref) == ("accepted", "faq:灯会发热吗？")


def test_a_fault_takes_its_codes_causes_and_steps_with_it(queue):
    ids = queue(*FAULT)
    with session_scope() as session:
        made = drafts.draft(session, session.get(QueuedCandidate, ids[0]))
    assert made.line == "智能灯" and not review.complete(made)
    take(ids[0], content={**made.content, "problem_type": "无法启动", "symptoms": ["很烫"]})
    graph = read_graph()[1]
    assert [cause.name for cause in graph.targets("fault:智能灯/灯发热", "caused_by")] == ["散热孔堵住"]
    assert graph.get("solution:智能灯/灯发热/1").data["steps"] == ["关灯。", "清理散热孔。"]
    assert {row(id_).state for id_ in ids} == {"accepted"}


def test_a_value_is_added_to_its_product(queue):
    (id_,) = queue(SPEC)
    take(id_)
    assert fact("spec:D1/色温").body == "3000 K"
    assert fact("spec:D1/功率").body == "9 W"


def test_a_reviewer_may_replace_a_value(queue):
    (id_,) = queue(candidate("spec", "功率", value="11", unit="W", products=["D1"]))
    take(id_)
    assert fact("spec:D1/功率").body == "11 W"


def test_a_policy_without_a_text_of_its_own_says_what_its_source_says(queue):
    (id_,) = queue(candidate("policy", "清理", "清理散热孔"))
    take(id_)
    assert fact("policy:清理").body == "清理散热孔"


def test_of_two_reviewers_the_second_is_told(queue):
    (id_,) = queue(FAQ)
    take(id_)
    with pytest.raises(review.Decided):
        take(id_, ref="faq:灯会发热吗？", seen=1)
    with pytest.raises(review.Decided), session_scope() as session:
        review.reject(session, id_, "no", "account:2")


def test_a_rejected_candidate_keeps_its_reason(queue):
    (id_,) = queue(FAQ)
    with session_scope() as session:
        review.reject(session, id_, "不准确", "account:1")
    assert (row(id_).state, row(id_).reason) == ("rejected", "不准确")


RULES = "publishing:\n- {name: values, documents: [manual], kinds: [spec], confidence: 0.95}\n"


def test_a_rule_publishes_what_it_takes_and_nothing_else(queue, ruled):
    ruled(RULES)
    spec, faq = queue(SPEC, FAQ)
    assert (row(spec).state, row(spec).decided_by) == ("accepted", "rule:values")
    assert row(faq).state == "open"
    assert fact("spec:D1/色温").body == "3000 K"


UNRULED = {
    "too unsure": (candidate("spec", "色温", value="1", products=["D1"], confidence=0.9), {}),
    "contradicting": (SPEC, {0: [{"subject": "D1", "attribute": "色温", "sides": []}]}),
    "overwriting": (candidate("spec", "功率", value="11", unit="W", products=["D1"], confidence=0.99), {}),
    "incomplete": (candidate("spec", "色温", value="1", confidence=0.99), {}),
}


@pytest.mark.parametrize("case", UNRULED.values(), ids=UNRULED)
def test_a_rule_leaves_to_a_reviewer_what_is(queue, ruled, case):
    ruled(RULES)
    (id_,) = queue(case[0], contradictions=case[1])
    assert row(id_).state == "open"


def test_a_document_that_cannot_be_read_says_why_and_may_come_again(company):
    def broken(*_):
        raise Unreadable("D1.pdf: holds no text")

    load()
    with session_scope() as session:
        document, _ = review.receive(session, "D1.pdf", "manual", b"x", "account:1")
    read_into(document.id, None, "manual", broken)
    with session_scope() as session:
        assert session.get(SourceDocument, document.id).error == "D1.pdf: holds no text"
        again, new = review.receive(session, "D1.pdf", "manual", b"x", "account:1")
        assert (again.id, new) == (document.id, True)


def test_a_document_brought_twice_is_read_once(queue):
    queue(FAQ)
    with session_scope() as session:
        assert not review.receive(session, "other.md", "manual", TEXT.encode(), "account:2")[1]


def test_tickets_are_learned_from_without_phone_numbers():
    assert review.without_numbers("电话 13800138000，E03，5000 mAh") == "电话 ***，E03，5000 mAh"


def test_questions_that_ask_the_same_are_one_cluster(company):
    with session_scope() as session:
        for text in ("灯怎么换颜色", "怎么换灯的颜色", "灯怎么换颜色", "发票怎么开"):
            session.add(UnansweredQuestion(text=text, score=20))
    with session_scope() as session:
        first, second = coverage.clusters(session)
    assert (first.text, first.others, first.count) == ("灯怎么换颜色", ("怎么换灯的颜色",), 3)
    assert second.text == "发票怎么开"


def look(name, text):
    with session_scope() as session:
        return exchange.preview(session, name, text.encode() if isinstance(text, str) else text)


def test_a_csv_of_questions_is_looked_at_before_it_is_taken(company):
    load()
    text = (
        "question,also,products,answer\n灯能用几年？,灯泡寿命多长,D1,十二年。\n能遥控吗？,,D1|D2 Max,能。\n"
    )
    seen = look("faq.csv", text)
    assert (seen.new, seen.changed, seen.mistakes) == (1, 1, [])
    with session_scope() as session:
        publish(session, seen.changes, "account:1")
    assert fact("faq:能遥控吗？").body == "能。" and fact("faq:灯能用几年？").body == "十二年。"
    again = look("faq.csv", text)
    assert (again.new, again.changed, again.same) == (0, 0, 2)


MISTAKES = {
    "a row without an answer": ("a.csv", "question,answer\n一？,一。\n二？,\n", 3, "answer"),
    "a row behind a cell of two lines": ("a.csv", 'question,answer\n一？,"一\n二"\n二？,\n', 4, "answer"),
    "an unknown column": ("a.csv", "question,reply\n一？,一。\n", 1, "reply"),
    "an unknown product": ("a.csv", "question,products,answer\n一？,D9,一。\n", 2, "products"),
    "a question that stands twice": ("a.csv", "question,answer\n一？,一。\n一？,二。\n", 3, None),
    "bytes that are no text": ("a.csv", b"question,answer\n\xff,\n", 2, None),
    "YAML with a typing error": ("a.yml", "faq:\n- question: 一？\n  answer: [\n", 4, None),
    "YAML with an unknown field": (
        "a.yml", "faq:\n- question: 一？\n  answer: 一\n- question: 二？\n  reply: x\n", 4, None,
    ),
    "YAML of something else": ("a.yml", "rules:\n- x\n", 1, "rules"),
    "a date that is none": ("a.csv", "question,answer,valid_from\n一？,一。,soon\n", 2, "valid_from"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_line(company, case):
    name, text, line, field = case
    load()
    found = look(name, text).mistakes
    assert found[0].line == line
    assert field is None or found[0].field == field


def test_what_is_exported_can_be_put_into_the_folder(company):
    import io
    import zipfile

    load()
    content = {"question": "能遥控吗？", "products": ["D1"], "answer": "能。", "valid_from": "2026-01-01"}
    with session_scope() as session:
        publish(session, [Change("put", None, 0, "faq", None, content)], "account:1")
        policy = {"name": "灯具保修", "answer": "三年。"}
        publish(session, [Change("put", "policy:灯具保修", 0, "policy", None, policy)], "account:1")
    with session_scope() as session:
        archive = zipfile.ZipFile(io.BytesIO(exchange.export_files(session)))
        archive.extractall(company)
        session.query(StoredEntry).filter_by(layered=True).update({"layered": False})
    load()
    assert fact("faq:能遥控吗？").body == "能。" and fact("policy:灯具保修").body == "三年。"
    assert "能遥控吗？" in (company / "faq" / "console.yml").read_text("utf-8")


def test_the_csv_that_is_exported_changes_nothing_when_it_comes_back(company):
    load()
    with session_scope() as session:
        text = exchange.export_csv(session)
    seen = look("faq.csv", text)
    assert (seen.new, seen.changed, seen.same, seen.mistakes) == (0, 0, 1, [])
