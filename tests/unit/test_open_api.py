"""The open API: what other systems see and do, page by page, once, and on what they have seen."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kefu.console.models import AuditEntry
from kefu.console.open import once
from kefu.console.open.limits import RateLimit
from kefu.console.open.models import ApiCall
from kefu.console.refusals import Refusal
from kefu.conversations.ledger import Ledger
from kefu.customers.models import Customer, Identity
from kefu.customers.service import Sender
from kefu.db import session_scope, utcnow
from kefu.handoff import service as handoffs
from kefu.tickets import progress, sla, telling
from kefu.tickets import service as tickets
from kefu.tickets.models import Ticket, TicketNote
from tests import console as people
from tests.callers import caller, error


@pytest.fixture
def crm(console):
    return caller(console)


@pytest.fixture
def li(installation):
    """A customer who has written."""
    sender = people.customer("li", "wechat")
    people.says(sender, "门锁打不开")
    return sender.id


def new(li, **values):
    return {"customer": li, "kind": "repair", "description": "L3 指纹失灵", **values}


def opened(crm, li, key=None, **values):
    return crm.post("/tickets", json=new(li, **values), headers={"Idempotency-Key": key} if key else {})


def all_pages(crm, path, name, **query):
    found, cursor = [], None
    while True:
        page = crm.get(path, params={**query, **({"cursor": cursor} if cursor else {})}).json()
        found.append(page[name])
        cursor = page.get("next")
        if cursor is None:
            return found


def test_a_ticket_is_opened_read_added_to_and_moved_on(crm, li):
    ticket = opened(crm, li, urgency="high", phone="13800138000").json()
    number = ticket["number"]
    assert ticket["customer"] == li and ticket["channel"] == "wechat" and ticket["status"] == "new"
    crm.post(f"/tickets/{number}/details", json={"text": "换过电池了"})
    moved = crm.patch(f"/tickets/{number}", json={"status": "in_progress"})
    assert moved.status_code == 200 and "assignee" not in moved.json()
    with session_scope() as session:  # somebody works on it, though nobody of ours by name
        assert telling.facts(progress.get(session, number), "en")["holder"] == "our service team"
    read = crm.get(f"/tickets/{number}").json()
    assert [(line["kind"], line["text"]) for line in read["timeline"]] == [
        ("opened", ""), ("detail", "换过电池了"), ("in_progress", "")
    ]  # fmt: skip
    assert read["timeline"][-1]["by"] == "crm" and read["phone"] == "13800138000"
    assert crm.patch(f"/tickets/{number}", json={"status": "closed"}).status_code == 409


def test_a_change_on_what_was_not_seen_is_refused(crm, li):
    number = opened(crm, li).json()["number"]
    seen = crm.get(f"/tickets/{number}").headers["ETag"]
    first = crm.patch(f"/tickets/{number}", json={"status": "in_progress"}, headers={"If-Match": seen})
    assert first.status_code == 200 and first.headers["ETag"] != seen
    late = crm.patch(f"/tickets/{number}", json={"status": "resolved"}, headers={"If-Match": seen})
    assert error(late) == (412, "changed_meanwhile", "If-Match")
    assert crm.get(f"/tickets/{number}").json()["status"] == "in_progress"
    now = {"If-Match": first.headers["ETag"]}
    assert crm.patch(f"/tickets/{number}", json={"status": "resolved"}, headers=now).status_code == 200


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_neither_skip_nor_repeat_while_tickets_are_added(crm, li, order):
    numbers = [people.ticket(people.customer(str(i))) for i in range(5)]
    first = crm.get("/tickets", params={"limit": 2, "order": order}).json()
    later = people.ticket(people.customer("later"))
    second = crm.get("/tickets", params={"limit": 2, "order": order, "cursor": first["next"]}).json()
    third = crm.get("/tickets", params={"limit": 9, "order": order, "cursor": second["next"]}).json()
    seen = [ticket["number"] for page in (first, second, third) for ticket in page["tickets"]]
    assert seen == (numbers[::-1] if order == "newest" else [*numbers, later])
    assert "next" not in third


def test_tickets_are_narrowed_by_filters_customer_and_time(crm, li):
    mine = opened(crm, li, kind="complaint", urgency="high").json()
    other = people.ticket(people.customer("other"))
    for query in ({"kind": "complaint"}, {"urgency": "high"}, {"customer": li}, {"text": mine["number"]}):
        found = crm.get("/tickets", params=query).json()["tickets"]
        assert [ticket["number"] for ticket in found] == [mine["number"]], query
    with session_scope() as session:
        old = {"changed_at": utcnow() - timedelta(hours=2)}
        session.execute(update(Ticket).where(Ticket.number == other).values(**old))
        theirs = session.scalar(select(Ticket.id).where(Ticket.number == other))
        session.execute(update(TicketNote).where(TicketNote.ticket_id == theirs).values(at=old["changed_at"]))
    since = (utcnow() - timedelta(hours=1)).isoformat() + "Z"
    found = crm.get("/tickets", params={"changed_since": since}).json()["tickets"]
    assert [ticket["number"] for ticket in found] == [mine["number"]]
    with session_scope() as session:  # the clock's warning is news, too
        late = session.scalar(select(Ticket).where(Ticket.number == other))
        session.execute(
            update(Ticket).where(Ticket.id == late.id).values(sla_at=utcnow() - timedelta(hours=3))
        )
        session.execute(update(Ticket).where(Ticket.id == late.id).values(respond_by=old["changed_at"]))
    sla.watch()
    found = crm.get("/tickets", params={"changed_since": since}).json()["tickets"]
    assert {ticket["number"] for ticket in found} == {mine["number"], other}


@pytest.mark.parametrize(
    "path, query, field",
    [
        ("/tickets", {"colour": "red"}, "colour"),
        ("/tickets", {"limit": 201}, "limit"),
        ("/tickets", {"status": "lost"}, "status.0"),
        ("/tickets", {"queue": "nobody"}, "queue"),
        ("/tickets", {"cursor": "x"}, "cursor"),
        ("/tickets", {"changed_since": "0001-01-01T00:00:00+14:00"}, "changed_since"),
        ("/handoffs", {"cursor": "bmV3ZXN0OjE"}, "cursor"),
        ("/conversations", {}, "customer"),
        ("/handoffs/0", {}, "handoff_id"),
    ],
)
def test_a_wrong_parameter_is_refused_and_named(crm, path, query, field):
    answer = crm.get(path, params=query)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize(
    "change, field",
    [({"colour": "red"}, "colour"), ({"kind": "party"}, "kind"), ({"description": " "}, "description"),
     ({"description": "a\0b"}, "description"), ({"description": "\ud800"}, "description"),
     ({"description": "长" * 2001}, "description"), ({"customer": "a b"}, "customer")],
)  # fmt: skip
def test_a_wrong_field_is_refused_and_named(crm, li, change, field):
    body = json.dumps(new(li, **change))
    answer = crm.post("/tickets", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_the_same_key_gives_the_same_answer_and_does_it_once(crm, li):
    first, again = (opened(crm, li, key="order-7") for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, first.json())
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert len(tickets.list_tickets(li)) == 1
    assert error(opened(crm, li, key="order-7", kind="refund")) == (422, "key_reused", "Idempotency-Key")
    assert opened(crm, li, key="order-8").json()["number"] != first.json()["number"]


def test_keys_of_another_token_are_others(console, crm, li):
    other = caller(console, name="erp")
    assert opened(crm, li, key="1").json()["number"] != opened(other, li, key="1").json()["number"]


def test_the_same_call_at_the_same_moment_is_done_once(crm, li):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: opened(crm, li, key="k"), range(6)))
    assert len(tickets.list_tickets(li)) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {error(answer)[1] for answer in answers if answer.status_code == 409} <= {"in_progress"}


@pytest.mark.parametrize("path", ["tickets", "details", "messages", "handoffs", "webhooks"])
def test_what_a_process_that_died_had_done_is_not_done_again(crm, li, path):
    number = opened(crm, li).json()["number"]
    place, body = {
        "tickets": ("/tickets", new(li)),
        "details": (f"/tickets/{number}/details", {"text": "换过电池了"}),
        "messages": (f"/conversations/{li}/messages", {"text": "师傅在路上"}),
        "handoffs": ("/handoffs", {"customer": li}),
        "webhooks": ("/webhooks", {"url": "https://crm.example/", "kinds": ["ticket.*"]}),
    }[path]
    send = lambda: crm.post(place, json=body, headers={"Idempotency-Key": "k"})  # noqa: E731
    assert send().status_code == 201
    count = lambda: (  # noqa: E731
        len(tickets.list_tickets(li)),
        len(crm.get(f"/tickets/{number}").json()["timeline"]),
        len(Ledger().after(li, 0, 99)),
        len(crm.get("/handoffs").json()["handoffs"]),
        len(crm.get("/webhooks").json()["webhooks"]),
    )
    before = count()
    with session_scope() as session:  # it died before it could keep the answer
        session.execute(update(ApiCall).values(status=None, answer=None))
    assert error(send()) == (409, "in_progress", "Idempotency-Key")
    with session_scope() as session:
        session.execute(update(ApiCall).values(tried_at=utcnow() - 2 * once.STUCK))
    assert send().status_code in (200, 201)
    assert count() == before


def test_a_refused_call_may_be_repeated_under_its_key(crm, li):
    handoff = people.waits(people.customer("li", "wechat"))
    agent = people.account("wang")
    with session_scope() as session:
        handoffs.accept(session, handoff, agent.agent_id)
    send = lambda: crm.post(  # noqa: E731
        f"/conversations/{li}/messages", json={"text": "您好"}, headers={"Idempotency-Key": "k"}
    )
    assert error(send()) == (409, "taken_over", "during_handoff")
    with session_scope() as session:
        handoffs.end(session, handoff, "agent")
    assert send().status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "长", "x" * 129])
def test_a_bad_key_is_refused(crm, li, key):
    answer = crm.post("/tickets", json=new(li), headers={"Idempotency-Key": key.encode()})
    assert error(answer) == (422, "invalid", "Idempotency-Key")


def test_keys_are_forgotten_after_a_day(crm, li):
    first = opened(crm, li, key="k").json()["number"]
    with session_scope() as session:
        session.execute(update(ApiCall).values(begun_at=utcnow() - timedelta(hours=25)))
    assert opened(crm, li, key="k").json()["number"] != first
    with session_scope() as session:
        session.execute(update(ApiCall).values(begun_at=utcnow() - timedelta(hours=25)))
        once.prune(session)
        assert session.query(ApiCall).count() == 0


def test_customers_are_found_by_what_a_company_knows_of_them(crm, installation):
    app = Sender("app-" + "1" * 32, "app", "account-77")
    people.says(app, "你好")
    with session_scope() as session:
        own = session.get(Identity, app.id)
        session.get(Customer, own.customer_id).phone = "+8613800138000"
    for search in ({"phone": "138 0013 8000"}, {"account": "account-77"}, {"identity": app.id}):
        (found,) = crm.post("/customers/search", json=search).json()["customers"]
        assert found == crm.get(f"/customers/{app.id}").json(), search
    assert found["phone"] == "+86138****8000"
    assert "account-77" not in json.dumps(found)
    for search in ({}, {"phone": "1", "account": "2"}):
        assert crm.post("/customers/search", json=search).status_code == 422
    assert crm.post("/customers/search", json={"account": "77"}).json() == {"customers": []}


def test_a_conversation_is_read_backwards_page_by_page_and_followed_forwards(crm, li):
    people.says(people.customer("li", "wechat"), *(f"第 {i} 句" for i in range(5)))
    pages = all_pages(crm, f"/conversations/{li}/messages", "messages", limit=4)
    assert [[message["seq"] for message in page] for page in pages] == [[3, 4, 5, 6], [1, 2]]
    assert pages[1][0]["text"] == "门锁打不开" and pages[1][0]["from"] == "customer"
    newer = crm.get(f"/conversations/{li}/messages", params={"after": 4}).json()
    assert [message["seq"] for message in newer["messages"]] == [5, 6]
    listed = crm.get("/conversations", params={"customer": li}).json()["conversations"]
    assert listed == [{"id": li, "channel": "wechat", "present": True}]


def test_a_message_goes_to_where_the_customer_wrote_last(crm, li):
    said = crm.post(f"/conversations/{li}/messages", json={"text": "您的包裹已发出", "name": "云栖智家"})
    message = said.json()["message"]
    assert (message["from"], message["agent"], message["channel"]) == (
        "agent",
        {"name": "云栖智家"},
        "wechat",
    )
    entry = Ledger().before(li, None, 1)[0]
    assert (entry.delivery, entry.identity, entry.body["text"]) == ("due", li, "您的包裹已发出")


def test_while_a_colleague_talks_a_message_is_refused_unless_told_otherwise(crm, li):
    handoff, agent = people.waits(people.customer("li", "wechat")), people.account("wang")
    with session_scope() as session:
        handoffs.accept(session, handoff, agent.agent_id)
    send = lambda **more: crm.post(f"/conversations/{li}/messages", json={"text": "您好", **more})  # noqa: E731
    before = len(Ledger().after(li, 0, 99))
    assert error(send()) == (409, "taken_over", "during_handoff")
    assert len(Ledger().after(li, 0, 99)) == before
    assert send(during_handoff=True).status_code == 201


def test_a_takeover_is_asked_for_once_seen_and_ended(crm, li):
    asked = crm.post("/handoffs", json={"customer": li, "kind": "complaint"})
    handoff = asked.json()["handoff"]
    assert (asked.status_code, handoff["state"], handoff["reason"]) == (201, "queued", "api")
    assert asked.json()["staffed"] is False
    again = crm.post("/handoffs", json={"customer": li})
    assert (again.status_code, again.json()["handoff"]["id"]) == (200, handoff["id"])
    assert crm.get("/handoffs", params={"state": "queued"}).json()["handoffs"] == [handoff]
    agent = people.account("wang", name="王磊", queues=[handoff["queue"]])
    with session_scope() as session:
        handoffs.accept(session, handoff["id"], agent.agent_id)
    assert crm.get(f"/handoffs/{handoff['id']}").json()["agent"] == "王磊"
    ended = [crm.post(f"/handoffs/{handoff['id']}/end", json={"note": "已补发"}) for _ in range(2)]
    assert [(answer.status_code, answer.json()["state"]) for answer in ended] == [(200, "closed")] * 2
    assert ended[1].json()["closed_by"] == "api" and ended[1].json()["note"] == "已补发"
    crm.post("/handoffs", json={"customer": li})
    pages = all_pages(crm, "/handoffs", "handoffs", limit=1, customer=li)
    assert [[item["state"] for item in page] for page in pages] == [["queued"], ["closed"]]
    left = crm.post(f"/handoffs/{pages[0][0]['id']}/end", json={})
    assert left.json()["state"] == "closed"


def test_every_change_is_in_the_audit_log_under_the_tokens_name(crm, li, visit):
    number = opened(crm, li).json()["number"]
    crm.patch(f"/tickets/{number}", json={"status": "in_progress"})
    crm.post(f"/conversations/{li}/messages", json={"text": "您好"})
    with session_scope() as session:
        kept = session.query(AuditEntry).order_by(AuditEntry.id).all()
        assert [(entry.action, entry.data["token"]) for entry in kept] == [
            ("ticket.opened", "crm"), ("ticket.moved", "crm"), ("message.sent", "crm")
        ]  # fmt: skip
        assert "您好" not in json.dumps([entry.data for entry in kept])
    people.account("boss", "admin")
    assert visit("boss").get("/api/audit").json()["entries"][1]["by"] == "crm"


def test_an_administrator_makes_and_revokes_tokens(console, visit, installation):
    people.account("boss", "admin")
    boss = visit("boss")
    made = boss.post("/api/tokens", json={"name": "CRM", "scopes": ["tickets:read"], "days": 30}).json()
    client = caller(console)
    client.headers["Authorization"] = f"Bearer {made['text']}"
    assert client.get("/tickets").status_code == 200
    (listed, _) = sorted(boss.get("/api/tokens").json()["tokens"], key=lambda one: one["name"])
    assert made["text"] not in json.dumps(boss.get("/api/tokens").json())
    assert listed["used_at"] and listed["expires_at"] and listed["scopes"] == ["tickets:read"]
    boss.delete(f"/api/tokens/{listed['id']}")
    assert client.get("/tickets").status_code == 401
    for wrong, field in (({"scopes": ["all"]}, "scopes"), ({"name": " "}, "name"), ({"days": 0}, "days")):
        answer = boss.post("/api/tokens", json={"name": "CRM", "scopes": ["webhooks"], **wrong})
        assert error(answer)[::2] == (422, field)


def test_a_token_is_made_at_the_command_line(console, installation, capsys):
    from kefu.console.__main__ import main

    assert main(["token", "ERP", "--scopes", "tickets:read", "webhooks"]) == 0
    client = caller(console)
    client.headers["Authorization"] = "Bearer " + capsys.readouterr().out.split()[1]
    assert client.get("/tickets").status_code == client.get("/webhooks").status_code == 200
    with pytest.raises(SystemExit):
        main(["token", "ERP", "--scopes", "everything"])


def test_who_calls_too_fast_is_told_how_long_to_wait(console, li):
    now = [0.0]
    crm, other = caller(console), caller(console)
    limited = next(route.app for route in console.routes if getattr(route, "path", "") == "/api/v1")
    limited.state.limit = RateLimit(burst=2, per_second=0.5, clock=lambda: now[0])
    answers = [crm.get("/tickets") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert error(answers[2])[1] == "too_many" and answers[2].headers["Retry-After"] == "2"
    assert other.get("/tickets").status_code == 200
    now[0] += 2
    assert crm.get("/tickets").status_code == 200


def test_buckets_fill_no_further_than_to_the_brim():
    now = [0.0]
    limit = RateLimit(burst=1, per_second=1, clock=lambda: now[0])
    limit.take(1)
    now[0] = 100
    limit.take(1)
    with pytest.raises(Refusal):
        limit.take(1)


def test_the_description_names_scope_key_and_refusals(crm):
    told = crm.get("/openapi.json").json()
    operation = told["paths"]["/tickets"]["post"]
    assert "`tickets:write`" in operation["description"] and operation["security"] == [{"HTTPBearer": []}]
    assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
    assert {"201", "401", "403", "404", "409", "422", "429"} <= set(operation["responses"])
    assert told["servers"] == [{"url": "/api/v1"}]
