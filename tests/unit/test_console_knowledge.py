"""The knowledge in the console, over HTTP: designers edit, review, import, and are told what went wrong."""

import pytest

from kefu.console import readers
from kefu.console.models import AuditEntry
from kefu.db import session_scope
from kefu.events import Event
from kefu.knowledge import review
from kefu.knowledge.load import load
from kefu.knowledge.reading import read_into
from kefu.knowledge.review import Reading
from kefu.knowledge.service import read_graph
from tests import console as people

QUESTION = "faq:灯能用几年？"
FAQ = {"question": "灯能用几年？", "products": ["D1"], "answer": "大约 12 年。"}
TEXT = "D1 手册\n\n能调色吗？不能，只能调光。\n"
QUOTE = "不能，只能调光。"
CANDIDATE = {
    "kind": "faq", "name": "能调色吗？", "aliases": [], "body": QUOTE, "steps": [], "value": None,
    "unit": None, "line": None, "products": ["D1"], "relations": [], "confidence": 0.8,
    "source": {"document": "D1.md", "heading": "D1 手册", "start": TEXT.index(QUOTE),
               "end": TEXT.index(QUOTE) + len(QUOTE), "quote": QUOTE},
}  # fmt: skip


@pytest.fixture
def designer(company, visit):
    load()
    people.account("zhou", "designer")
    return visit("zhou")


@pytest.fixture
def queued(designer):
    """A candidate that waits; gives its id."""
    with session_scope() as session:
        document, _ = review.receive(session, "D1.md", "manual", TEXT.encode(), "account:1")
    read_into(document.id, None, "manual", lambda *_: Reading(TEXT, [CANDIDATE], {}))
    return designer.get("/api/candidates").json()["candidates"][0]["id"]


def put(designer, content=FAQ, ref=QUESTION, seen=0, kind="faq", **more):
    body = {"kind": kind, "content": content, "ref": ref, "seen": seen, **more}
    return designer.post("/api/entries", json=body)


def test_an_edit_is_answered_and_kept_with_who_and_why(designer):
    entry = put(designer, note="供应商更正").json()["entry"]
    assert (entry["version"], entry["edited"]) == (1, True)
    assert [(one["by"], one["note"]) for one in entry["versions"]] == [("zhou", "供应商更正")]
    assert read_graph()[1].get(QUESTION).body == "大约 12 年。"
    with session_scope() as session:
        assert session.query(AuditEntry).filter_by(action="entry.put", object=QUESTION).count() == 1
        assert session.query(Event).filter_by(kind="knowledge.published").count() == 1


def test_who_saw_an_older_version_is_told(designer):
    put(designer)
    answer = put(designer, {**FAQ, "answer": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "changed_meanwhile")


def test_what_is_wrong_names_its_field(designer):
    answer = put(designer, {**FAQ, "products": ["D9"]})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "unknown_reference", "products")


def test_an_entry_is_removed_and_brought_back(designer):
    removed = designer.post("/api/entries/remove", json={"ref": QUESTION, "seen": 0}).json()["entry"]
    assert removed["removed"] and read_graph()[1].get(QUESTION) is None
    back = designer.post("/api/entries/undo", json={"ref": QUESTION, "seen": 1}).json()["entry"]
    assert not back["removed"] and not back["edited"] and read_graph()[1].get(QUESTION)


def test_everything_goes_back_to_an_edition(designer):
    edition = designer.get("/api/editions").json()["editions"][0]["id"]
    put(designer)
    assert designer.post(f"/api/editions/{edition}/roll-back", json={}).json() == {"entries": 1}
    assert "10 年" in read_graph()[1].get(QUESTION).body


def test_the_list_is_narrowed_by_words_kind_and_state(designer):
    def names(**filters):
        return [one["name"] for one in designer.get("/api/entries", params=filters).json()["entries"]]

    put(designer)
    assert names(text="12 年") == ["灯能用几年？"]
    assert names(kind="policy") == ["灯具保修", "春季满减"]
    assert names(state="edited") == ["灯能用几年？"]
    assert names(state="dead") == ["春季满减"]
    with session_scope() as session:
        session.add(Event(kind="question.asked", data={"best": QUESTION, "score": 0.9}))
    assert "灯能用几年？" not in names(state="unused")
    (one,) = designer.get("/api/entries", params={"text": "12 年"}).json()["entries"]
    assert (one["asked"], one["answered"]) == (1, 1)


def test_a_change_in_both_places_is_settled(designer, company):
    from tests.company import edit

    put(designer)
    edit(company / "faq" / "light.yml", "大约能用 10 年", "大约能用 15 年")
    load()
    assert designer.get("/api/entries/one", params={"ref": QUESTION}).json()["entry"]["conflict"]
    kept = designer.post("/api/entries/keep", json={"ref": QUESTION, "seen": 1}).json()["entry"]
    assert not kept["conflict"] and kept["content"]["answer"] == "大约 12 年。"


def test_a_candidate_is_shown_in_its_text_and_accepted(designer, queued):
    shown = designer.get(f"/api/candidates/{queued}").json()
    assert shown["place"]["quote"] == QUOTE
    assert shown["place"]["before"] + QUOTE + shown["place"]["behind"] == TEXT
    made = shown["draft"]
    assert made.pop("complete") and made.pop("base") is None
    assert designer.post(f"/api/candidates/{queued}/accept", json=made).status_code == 200
    assert read_graph()[1].get("faq:能调色吗？").body == QUOTE
    again = designer.post(
        f"/api/candidates/{queued}/accept", json={**made, "ref": "faq:能调色吗？", "seen": 1}
    )
    assert (again.status_code, again.json()["error"]["code"]) == (409, "decided")


def test_a_candidate_is_merged_into_an_entry(designer, queued):
    made = designer.post(f"/api/candidates/{queued}/into", json={"ref": QUESTION}).json()["draft"]
    assert made["ref"] == QUESTION and made["content"]["question"] == "灯能用几年？"


def test_a_candidate_is_rejected_with_a_reason(designer, queued):
    assert designer.post(f"/api/candidates/{queued}/reject", json={"reason": ""}).status_code == 422
    assert designer.post(f"/api/candidates/{queued}/reject", json={"reason": "过时"}).status_code == 200
    assert designer.get("/api/candidates").json()["total"] == 0


def test_the_test_box_says_what_would_be_answered_and_why(designer):
    found = designer.get("/api/knowledge", params={"q": "D1 功率多大"}).json()
    assert found["outcome"] == "sure" and found["candidates"][0]["text"].startswith("9 W")
    assert {"said": "D1", "entity": "product", "value": "D1"} in found["names"]


def test_the_graph_shows_a_node_with_its_neighbours(designer):
    found = designer.get("/api/graph", params={"ref": "fault:智能灯/灯不亮"}).json()
    assert {"symptom:不亮", "product:D1", "cause:智能灯/灯不亮/1"} <= {one["ref"] for one in found["nodes"]}
    assert {"source": "fault:智能灯/灯不亮", "relation": "affects", "target": "product:D1"} in found["edges"]
    assert [one["ref"] for one in designer.get("/api/graph").json()["nodes"]] == ["product_line:智能灯"]
    assert designer.get("/api/graph", params={"ref": "faq:x"}).status_code == 404


def test_a_file_of_entries_is_looked_at_first(designer):
    rows = "question,answer\n能遥控吗？,能。\n"

    def bring(text, **params):
        return designer.post("/api/entries/import", params={"name": "a.csv", **params}, content=text).json()

    assert bring(rows)["published"] is False and read_graph()[1].get("faq:能遥控吗？") is None
    assert bring(rows, sure=True)["published"] is True and read_graph()[1].get("faq:能遥控吗？")
    wrong = bring("question,answer\n一？,\n", sure=True)
    assert not wrong["published"] and wrong["mistakes"][0]["line"] == 2


def test_a_manual_is_read_aside_and_what_is_none_is_refused(designer, monkeypatch):
    started = []
    monkeypatch.setattr(readers, "_read", lambda *of: started.append(of))

    def bring(name, content=b"# D1"):
        return designer.post("/api/documents", params={"name": name}, content=content)

    assert bring("D1.md").json()["new"] and not bring("D1.md").json()["new"]
    assert [of[1] for of in started] == ["D1.md"]
    assert bring("D1.exe").json()["error"]["code"] == "format"
    assert bring("D1.pdf", b"").json()["error"]["code"] == "empty"
    assert bring("D1.pdf", b"x" * 20_000_001).status_code == 413
    assert [one["state"] for one in designer.get("/api/documents").json()["documents"]] == ["reading"]


def test_solved_tickets_are_read_once(designer, monkeypatch):
    from kefu.tickets.models import Ticket, TicketNote

    started = []
    monkeypatch.setattr(readers, "_read", lambda *of: started.append(of))
    number = people.ticket(people.customer("a"), "灯不亮，电话 13800138000")
    with session_scope() as session:
        ticket = session.query(Ticket).filter_by(number=number).one()
        ticket.status = "closed"
        session.add(TicketNote(ticket_id=ticket.id, kind="resolved", text="更换了灯泡"))
    assert designer.post("/api/documents/tickets").json() == {"documents": 1}
    assert designer.post("/api/documents/tickets").json() == {"documents": 0}
    told = started[0][2].decode()
    assert "更换了灯泡" in told and "13800138000" not in told


def test_files_go_out_as_csv_and_as_yaml(designer):
    put(designer)
    assert "大约 12 年。" in designer.get("/api/entries/export").content.decode("utf-8-sig")
    assert designer.get("/api/entries/export", params={"form": "yaml"}).content.startswith(b"PK")


def test_a_broken_manual_fails_in_the_process_that_reads_it_and_nowhere_else(designer):
    with session_scope() as session:
        document, _ = review.receive(session, "D1.pdf", "manual", b"no PDF", "account:1")
    readers.start(document.id, "D1.pdf", b"no PDF", "manual").join(120)
    (one,) = designer.get("/api/documents").json()["documents"]
    assert one["state"] == "failed" and one["error"]
