"""The desk's routes: taking customers, speaking, handing on, ending, and what is known of them."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from kefu.console import views
from kefu.console.models import AuditEntry
from kefu.conversations.ledger import Ledger
from kefu.customers import profile
from kefu.customers import service as customers
from kefu.db import session_scope
from kefu.handoff import dispatch, overview, service
from kefu.handoff.models import Agent, Handoff
from kefu.knowledge.load import load
from kefu.tickets import assignment, progress
from kefu.tickets.routing import Case, route
from kefu.tickets.steps import Actor
from tests import console as people

LI = Actor("agent", "account:1", "李晓雨")


@pytest.fixture
def li(installation):
    return people.account("li", name="李晓雨")


@pytest.fixture
def browser(li, visit):
    return visit("li")


@pytest.fixture
def chat(browser):
    """A customer whom li talks with: handoff and sender."""
    sender = people.customer("a")
    handoff = people.waits(sender, "指纹不灵", "转人工")
    assert browser.post(f"/api/handoffs/{handoff}/accept").status_code == 200
    return handoff, sender


def say(browser, handoff, text="您好", id=None):
    return browser.post(
        f"/api/handoffs/{handoff}/messages", json={"id": id or str(uuid.uuid4()), "text": text}
    )


def spoken(sender):
    return [(e.direction, e.body["text"]) for e in Ledger().after(sender.id, 0, 99)]


def state(handoff):
    with session_scope() as session:
        return session.get(Handoff, handoff)


def test_what_an_agent_says_stands_in_the_ledger_under_their_name(browser, chat):
    handoff, sender = chat
    said = say(browser, handoff, "  这就为您处理  ").json()["message"]
    assert (said["from"], said["text"], said["agent"]) == ("agent", "这就为您处理", {"name": "李晓雨"})
    assert spoken(sender)[-1] == ("out", "这就为您处理")
    assert state(handoff).agent_at is not None


def test_the_same_message_sent_again_is_said_once(browser, chat):
    handoff, sender = chat
    id = str(uuid.uuid4())
    assert say(browser, handoff, id=id).json()["message"] is not None
    assert say(browser, handoff, id=id).json()["message"] is None
    assert spoken(sender).count(("out", "您好")) == 1


@pytest.mark.parametrize(
    "body, field",
    [({"id": "0" * 36, "text": " "}, "text"), ({"id": "0" * 36, "text": "x" * 2001}, "text"),
     ({"id": "short", "text": "x"}, "id"), ({"text": "x"}, "id"),
     ({"id": "0" * 36, "text": "x", "to": "y"}, "to")],
)  # fmt: skip
def test_a_bad_message_is_refused_with_the_field_named(browser, chat, body, field):
    answer = browser.post(f"/api/handoffs/{chat[0]}/messages", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_who_waits_cannot_be_spoken_to(browser):
    handoff = people.waits(people.customer("b"))
    assert say(browser, handoff).status_code == 404


def test_an_ended_talk_is_over_and_the_bot_goes_on(browser, chat):
    handoff, sender = chat
    assert browser.post(f"/api/handoffs/{handoff}/end", json={"note": "明天上门"}).json()["state"] == "closed"
    assert say(browser, handoff).status_code == 409
    assert browser.post(f"/api/handoffs/{handoff}/end", json={}).status_code == 409
    assert (state(handoff).note, state(handoff).closed_by) == ("明天上门", "agent")
    assert spoken(sender)[-1][0] == "in"


def test_two_agents_who_accept_at_once_get_one_customer_between_them(browser, visit, li):
    people.account("wang")
    handoff = people.waits(people.customer("b"))
    answers = [one.post(f"/api/handoffs/{handoff}/accept") for one in (browser, visit("wang"))]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "wrong_step"


def test_who_is_away_or_full_takes_nobody(browser, li):
    handoff = people.waits(people.customer("b"))
    browser.post("/api/desk/status", json={"status": "offline"})
    assert browser.post(f"/api/handoffs/{handoff}/accept").json()["error"]["code"] == "offline"
    browser.post("/api/desk/status", json={"status": "online"})
    with session_scope() as session:
        session.get(Agent, li.agent_id).capacity = 0
    assert browser.post(f"/api/handoffs/{handoff}/accept").json()["error"]["code"] == "full"


def test_who_goes_offline_gives_their_customers_back(browser, chat):
    browser.post("/api/desk/status", json={"status": "offline"})
    assert state(chat[0]).state == "queued"


def test_a_transfer_to_a_queue_lets_the_customer_wait_there(browser, chat):
    answer = browser.post(f"/api/handoffs/{chat[0]}/transfer", json={"queue": "orders"})
    assert answer.json()["state"] == "queued"
    assert (state(chat[0]).queue, state(chat[0]).skill) == ("orders", "")
    assert say(browser, chat[0]).status_code == 404


def test_a_transfer_to_a_colleague_waits_where_they_see_it(browser, chat, visit):
    wang = people.account("wang", queues=["orders"])
    assert (
        browser.post(f"/api/handoffs/{chat[0]}/transfer", json={"agent_id": wang.agent_id}).status_code == 200
    )
    assert (state(chat[0]).queue, state(chat[0]).preferred_agent_id) == ("orders", wang.agent_id)
    assert visit("wang").post(f"/api/handoffs/{chat[0]}/accept").status_code == 200


@pytest.mark.parametrize(
    "to, status, field",
    [({}, 422, "queue"), ({"queue": "nowhere"}, 422, "queue"), ({"agent_id": 999}, 404, None)],
)
def test_a_transfer_to_nowhere_is_refused_with_the_field_named(browser, chat, to, status, field):
    answer = browser.post(f"/api/handoffs/{chat[0]}/transfer", json=to)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert state(chat[0]).state == "human"


def test_a_transfer_to_oneself_or_to_who_is_gone_is_refused(browser, chat, li):
    gone = people.account("wang", online=False)
    for agent, code in ((li.agent_id, "same"), (gone.agent_id, "offline")):
        answer = browser.post(f"/api/handoffs/{chat[0]}/transfer", json={"agent_id": agent})
        assert answer.json()["error"]["code"] == code


def test_the_history_goes_back_over_all_channels(browser, chat):
    handoff, sender = chat
    app = people.customer("a", "app")
    people.says(app, "在 App 里说的")
    with session_scope() as session:
        owner = customers.identities(session, sender.id)[0].customer_id
        customers.link(session, app.id, owner, "phone")
        present = customers.conversation_of(session, app.id)
    other = app.id if present == sender.id else sender.id
    page = browser.get(f"/api/conversations/{present}/messages").json()
    assert (page["older"], page["earlier"]) == (False, other)
    before = browser.get(f"/api/conversations/{other}/messages").json()
    texts = {message["text"] for message in page["messages"] + before["messages"]}
    assert texts == {"指纹不灵", "转人工", "在 App 里说的"}
    assert before["earlier"] is None


def test_older_messages_come_page_by_page(browser, chat):
    people.says(chat[1], *(str(number) for number in range(10)))
    page = browser.get(f"/api/conversations/{chat[1].id}/messages", params={"limit": 5}).json()
    assert [message["text"] for message in page["messages"]] == ["5", "6", "7", "8", "9"] and page["older"]
    before = page["messages"][0]["seq"]
    older = browser.get(f"/api/conversations/{chat[1].id}/messages", params={"limit": 99, "before": before})
    assert (len(older.json()["messages"]), older.json()["older"]) == (7, False)


def test_what_is_known_of_a_customer_is_shown_without_the_whole_phone_number(browser, chat):
    with session_scope() as session:
        from kefu.customers.models import Customer

        session.scalars(select(Customer)).one().phone = "+8613800138000"
    number = people.ticket(chat[1])
    browser.post(f"/api/conversations/{chat[1].id}/notes", json={"text": "喜欢下午联系"})
    known = browser.get(f"/api/conversations/{chat[1].id}/customer").json()
    assert known["phone"] == "+86138****8000"
    assert [ticket["number"] for ticket in known["tickets"]] == [number]
    assert [(note["by"], note["text"]) for note in known["notes"]] == [("李晓雨", "喜欢下午联系")]
    assert [(talk["agent"], talk["state"]) for talk in known["talks"]] == [("李晓雨", "human")]
    assert [one["channel"] for one in known["identities"]] == ["web"]


def test_what_was_learned_of_a_customer_is_shown_with_its_source_and_corrected(browser, chat):
    path = f"/api/conversations/{chat[1].id}"
    with session_scope() as session:
        profile.tell(session, chat[1].id, "device", "L3", 1.0, "event:7")
    fact = browser.get(f"{path}/customer").json()["profile"]["facts"][0]
    assert (fact["name"], fact["value"], fact["source"]) == ("device", "L3", "event:7")
    denial = {"name": "device", "value": "L3", "right": False}
    assert browser.post(f"{path}/facts", json=denial).json()["profile"]["facts"] == []
    unknown = browser.post(f"{path}/facts", json={**denial, "value": "L99", "right": True})
    assert (unknown.status_code, unknown.json()["error"]["field"]) == (422, "value")


def test_customers_are_found_by_ticket_phone_and_identity_if_one_may_see_them(browser, chat, visit):
    people.account("wang", queues=["orders"])
    number = people.ticket(chat[1])
    with session_scope() as session:
        from kefu.customers.models import Customer

        session.scalars(select(Customer)).one().phone = "+8613800138000"
    for text in (number, number.lower(), "13800138000", "+86 138 0013 8000", chat[1].id):
        found = browser.get("/api/customers", params={"q": text}).json()["customers"]
        assert [one["conversation"] for one in found] == [chat[1].id], text
        assert visit("wang").get("/api/customers", params={"q": text}).json()["customers"] == []
    assert browser.get("/api/customers", params={"q": "nobody"}).json()["customers"] == []


def test_who_wrote_last_of_ones_own_customers_is_shown_however_many_others_wrote(browser, li, chat, visit):
    held = people.customer("h")
    people.says(held, "我的工单呢")
    with session_scope() as session:
        ticket = progress.get(session, people.ticket(held))
        dispatch.give(session, ticket, li.agent_id, LI)
    for number in range(25):
        people.says(people.customer(f"other{number}"), "你好")
    shown = [one["conversation"] for one in browser.get("/api/customers").json()["customers"]]
    assert shown == [held.id, chat[1].id]
    people.account("zhao", "supervisor")
    assert len(visit("zhao").get("/api/customers").json()["customers"]) == 20


def test_who_works_on_a_ticket_sees_its_customer_until_it_is_done(browser, li, visit):
    people.account("wang")
    sender = people.customer("t")
    number = people.ticket(sender)
    where = f"/api/conversations/{sender.id}/customer"
    assert browser.get(where).status_code == 404
    version = browser.get(f"/api/tickets/{number}").json()["ticket"]["version"]
    browser.post(f"/api/tickets/{number}/take", json={"version": version})
    assert browser.get(where).json()["tickets"][0]["number"] == number
    assert visit("wang").get(where).status_code == 404
    with session_scope() as session:
        progress.move(session, number, "resolved", LI)
    assert browser.get(where).status_code == 404


def test_suggestions_go_by_what_was_said_before_a_person_was_asked_for(company, browser, chat):
    load()
    where = f"/api/conversations/{chat[1].id}/suggestions"
    assert browser.get(where).json()["question"] == "指纹不灵 转人工"
    people.says(chat[1], "多久能修好")
    assert browser.get(where).json()["question"] == "多久能修好"


def test_a_supervisor_steps_in_with_the_bot_the_queue_and_a_colleague(browser, chat, visit):
    people.account("zhao", "supervisor")
    zhao = visit("zhao")
    queued, botted = people.customer("b"), people.customer("c")
    people.waits(queued)
    people.says(botted, "你好")
    for sender in (chat[1], queued, botted):
        answer = zhao.post(f"/api/conversations/{sender.id}/step-in")
        assert (answer.status_code, answer.json()["state"]) == (200, "human")
        assert say(zhao, answer.json()["id"]).status_code == 200
        assert zhao.post(f"/api/conversations/{sender.id}/step-in").json() == answer.json()
    assert say(browser, chat[0]).status_code == 404


def test_a_supervisor_gives_a_customer_to_another(browser, chat, visit):
    people.account("zhao", "supervisor")
    wang = people.account("wang")
    zhao = visit("zhao")
    to = {"agent_id": wang.agent_id}
    assert zhao.post(f"/api/handoffs/{chat[0]}/reassign", json=to).json()["state"] == "human"
    assert say(visit("wang"), chat[0]).status_code == 200
    assert zhao.post(f"/api/handoffs/{chat[0]}/reassign", json=to).status_code == 422


def test_a_supervisor_changes_what_an_agent_does(li, visit):
    people.account("zhao", "supervisor")
    zhao = visit("zhao")
    change = {"queues": ["safety"], "skills": ["locks"], "capacity": 9}
    assert zhao.patch(f"/api/agents/{li.agent_id}", json=change).json()["agent"].items() >= change.items()
    for field, value in (
        ("queues", ["nowhere"]),
        ("capacity", 0),
        ("capacity", 51),
        ("skills", [""]),
        ("skills", ["nothing"]),
    ):
        answer = zhao.patch(f"/api/agents/{li.agent_id}", json={field: value})
        assert answer.status_code == 422 and answer.json()["error"]["field"].startswith(field)


def test_what_is_done_is_in_the_audit_log_without_anybodys_words(browser, chat, visit):
    people.account("boss", "admin")
    say(browser, chat[0], "秘密")
    browser.post(f"/api/handoffs/{chat[0]}/end", json={"note": "秘密"})
    entries = visit("boss").get("/api/audit").json()["entries"]
    assert {"handoff.accepted", "handoff.ended", "login"} <= {entry["action"] for entry in entries}
    with session_scope() as session:
        rows = session.scalars(select(AuditEntry)).all()
        assert not any("秘密" in f"{row.object}{row.data}" for row in rows)


def test_who_was_silent_for_long_is_sent_offline(li, chat):
    from datetime import timedelta

    from kefu.db import utcnow
    from kefu.handoff import agents

    with session_scope() as session:
        assert agents.dismiss_silent(session) == []
        session.get(Agent, li.agent_id).seen_at = utcnow() - timedelta(seconds=31)
        session.flush()
        assert agents.dismiss_silent(session) == [li.agent_id]
        assert service.current(session, chat[1].id).state == "queued"


def test_a_supervisor_gives_a_customer_a_level_which_is_seen_and_audited(browser, chat, visit):
    handoff, sender = chat
    people.account("zhao", "supervisor")
    chief = visit("zhao")
    path = f"/api/conversations/{sender.id}"
    assert chief.post(f"{path}/level", json={"level": "gold"}).json()["error"]["field"] == "level"
    assert chief.post(f"{path}/level", json={"level": "vip"}).json() == {"level": "vip"}
    assert browser.get(f"{path}/customer").json()["level"] == "vip"
    assert browser.post(f"{path}/level", json={"level": "normal"}).status_code == 403
    assert chief.post("/api/conversations/nobody/level", json={"level": "vip"}).status_code == 404
    with session_scope() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "customer.level"))
        assert entry.data == {"level": "vip", "before": "normal"}


def test_why_a_customer_came_is_shown(browser, visit):
    sender = people.customer("b")
    people.says(sender, "气死我了")
    to = route(Case(kind="repair", mood="angry", level="vip"))
    with session_scope() as session:
        service.request(session, sender.id, "mood", to, "vip", "angry")
        session.flush()
        (row,) = overview.open_rows(session).values()
    assert {"reason": "mood", "level": "vip", "mood": "angry"}.items() <= views.handoff(
        row, sender.id
    ).items()
    talk = browser.get(f"/api/conversations/{sender.id}/customer").json()["talks"][0]
    assert {"客户很生气", "VIP 客户"} <= {rule for _, _, rule in talk["reasons"]}


def test_an_end_tells_the_customer_what_was_agreed_and_only_colleagues_the_rest(browser, chat):
    handoff, sender = chat
    ending = {"note": "明天上午上门", "private": "客户怀疑是电池"}
    assert browser.post(f"/api/handoffs/{handoff}/end", json=ending).status_code == 200
    assert state(handoff).note == "明天上午上门"
    known = browser.get(f"/api/conversations/{sender.id}/customer").json()
    assert [note["text"] for note in known["notes"]] == ["客户怀疑是电池"]


def test_why_a_customer_is_passed_on_is_shown_to_who_gets_them(browser, chat):
    browser.post(f"/api/handoffs/{chat[0]}/transfer", json={"queue": "orders", "reason": "要查发票"})
    with session_scope() as session:
        row = overview.open_rows(session)[chat[0]]
    assert views.handoff(row, row.conversation)["passed_on"] == "要查发票"


def test_who_is_passed_on_is_not_told_to_wait_if_somebody_takes_them_at_once(browser, chat):
    with session_scope() as session:
        assert [one.state for one in service.untold(session)] == ["human"]
        service.tell(session, service.untold(session)[0])
    browser.post(f"/api/handoffs/{chat[0]}/transfer", json={"queue": "repairs"})
    with session_scope() as session:
        assert service.untold(session) == []
        session.get(Handoff, chat[0]).passed_on_at -= timedelta(seconds=6)
        session.flush()
        assert [one.state for one in service.untold(session)] == ["queued"]


def test_a_customer_who_asks_for_a_person_waits_for_who_has_their_ticket(browser, li):
    wang, sender = people.account("wang"), people.customer("t")
    number = people.ticket(sender)
    with session_scope() as session:
        ticket = progress.get(session, number)
        dispatch.give(session, ticket, wang.agent_id, assignment.BY_ITSELF)
    handoff = people.waits(sender)
    assert state(handoff).preferred_agent_id == wang.agent_id
