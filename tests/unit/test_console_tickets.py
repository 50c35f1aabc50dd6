"""The console's tickets: filters, kept views, moving one and many."""

import pytest

from kefu.conversations.ledger import Ledger
from kefu.db import session_scope
from kefu.tickets import progress, service
from tests import console as people


@pytest.fixture
def browser(installation, visit):
    people.account("li", name="李晓雨")
    return visit("li")


@pytest.fixture
def numbers(browser):
    """A repair, a complaint and a refund."""
    return [
        people.ticket(people.customer("a"), "门锁打不开", kind="repair", urgency="high", phone="13800138000"),
        people.ticket(people.customer("b"), "态度不好", kind="complaint"),
        people.ticket(people.customer("c"), "退款没到", kind="refund", urgency="critical"),
    ]


def listed(browser, **query):
    answer = browser.get("/api/tickets", params=query).json()
    assert answer["total"] >= len(answer["tickets"])
    return [ticket["number"] for ticket in answer["tickets"]]


def shown(browser, number):
    return browser.get(f"/api/tickets/{number}").json()["ticket"]


def send(browser, number, path, **body):
    """Does something with a ticket as the page shows it."""
    version = shown(browser, number)["version"] if number != "GD404" else 1
    return browser.post(f"/api/tickets/{number}/{path}", json={"version": version, **body})


def move(browser, number, status):
    return send(browser, number, "progress", status=status, text="请补充一下")


@pytest.fixture
def supervisor(browser, visit):
    people.account("zhao", "supervisor", name="赵主管")
    return visit("zhao")


def test_the_list_is_narrowed_by_each_filter(browser, numbers):
    repair, complaint, refund = numbers
    send(browser, complaint, "take")
    assert listed(browser) == [refund, complaint, repair]
    assert listed(browser, order="oldest") == [repair, complaint, refund]
    assert listed(browser, kind=["repair", "refund"]) == [refund, repair]
    assert listed(browser, urgency="critical") == [refund]
    assert listed(browser, status="assigned") == [complaint]
    assert listed(browser, status="assigned", kind="repair") == []
    assert listed(browser, queue="complaints") == [complaint]
    assert listed(browser, order="priority")[0] == refund


def test_tickets_are_found_by_number_its_end_phone_and_customer(browser, numbers):
    repair = numbers[0]
    for text in (repair, repair.lower(), repair[-5:], "13800138000", people.customer("a").id):
        assert listed(browser, text=text) == [repair], text
    assert listed(browser, text="GD999") == listed(browser, text="%") == []


def test_the_list_comes_page_by_page(browser, numbers):
    assert [listed(browser, page=page, size=2) for page in (1, 2, 3)] == [numbers[:0:-1], numbers[:1], []]


@pytest.mark.parametrize(
    "query",
    [{"status": "lost"}, {"kind": "x"}, {"urgency": "x"}, {"queue": "x"}, {"order": "x"}, {"page": 0}],
)
def test_a_filter_that_there_is_not_is_refused_with_the_field_named(browser, query):
    answer = browser.get("/api/tickets", params=query)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, *query)


def test_a_ticket_is_moved_on_and_its_time_line_says_by_whom(browser, numbers):
    send(browser, numbers[0], "take")
    for status in ("in_progress", "waiting", "resolved"):
        moved = move(browser, numbers[0], status).json()["ticket"]
        assert (moved["status"], moved["timeline"][-1]["kind"], moved["timeline"][-1]["by"]) == (
            status, status, "李晓雨",
        )  # fmt: skip
    assert moved["steps"] == ["reopened", "reply", "comment"]


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("text", ["", "  "])
def test_a_ticket_waits_for_its_customer_only_with_a_question_to_them(browser, numbers, text):
    send(browser, numbers[0], "take")
    refused = send(browser, numbers[0], "progress", status="waiting", text=text)
    assert error(refused) == (422, "missing") and refused.json()["error"]["field"] == "text"
    many = [{"number": numbers[0], "version": shown(browser, numbers[0])["version"]}]
    bulk = browser.post("/api/tickets/bulk", json={"tickets": many, "status": "waiting", "text": text})
    assert error(bulk) == (422, "missing") and shown(browser, numbers[0])["status"] == "assigned"


def test_a_step_that_the_state_does_not_allow_is_refused(browser, numbers):
    assert error(move(browser, numbers[0], "waiting")) == (409, "wrong_state")
    assert move(browser, "GD404", "in_progress").status_code == 404
    assert move(browser, numbers[0], "lost").status_code == 422


def test_closing_and_withdrawing_are_the_supervisors(browser, supervisor, numbers):
    move(browser, numbers[0], "resolved")
    assert error(move(browser, numbers[0], "closed")) == (403, "forbidden")
    assert error(move(browser, numbers[1], "cancelled")) == (403, "forbidden")
    assert move(supervisor, numbers[0], "closed").json()["ticket"]["status"] == "closed"
    assert move(supervisor, numbers[1], "cancelled").json()["ticket"]["status"] == "cancelled"
    assert move(browser, numbers[0], "reopened").json()["ticket"]["status"] == "new"


def test_the_steps_offered_are_those_that_are_allowed(browser, supervisor, numbers):
    steps = ["in_progress", "resolved", "merged", "escalated", "reply", "comment", "corrected"]
    assert shown(browser, numbers[0])["steps"] == steps
    assert shown(supervisor, numbers[0])["steps"] == [*steps[:2], "cancelled", *steps[2:]]


def test_a_colleagues_ticket_is_theirs_and_the_supervisors(browser, supervisor, numbers, visit):
    people.account("wang", name="王磊")
    wang = visit("wang")
    move(wang, numbers[0], "in_progress")
    assert shown(browser, numbers[0])["steps"] == ["escalated", "comment"]
    assert error(move(browser, numbers[0], "resolved")) == (403, "not_yours")
    assert error(send(browser, numbers[0], "merge", into=numbers[1])) == (403, "not_yours")
    seen = {"number": numbers[0], "version": shown(browser, numbers[0])["version"]}
    bulk = browser.post("/api/tickets/bulk", json={"tickets": [seen], "status": "resolved"}).json()
    assert bulk == {"moved": [], "refused": [{"number": numbers[0], "code": "not_yours"}]}
    assert send(browser, numbers[0], "escalate", text="客户等不及").status_code == 200
    resolved = move(supervisor, numbers[0], "resolved").json()["ticket"]
    assert (resolved["status"], resolved["assignee"]) == ("resolved", "王磊")


def test_who_begins_with_a_reopened_ticket_has_it(browser, supervisor, numbers, visit):
    people.account("wang", name="王磊")
    move(visit("wang"), numbers[0], "resolved")
    move(supervisor, numbers[0], "reopened")
    assert move(browser, numbers[0], "in_progress").json()["ticket"]["assignee"] == "李晓雨"


def test_what_a_colleague_or_the_customer_has_just_changed_is_not_overwritten(browser, supervisor, numbers):
    seen = shown(browser, numbers[0])["version"]
    send(supervisor, numbers[0], "escalate")
    body = {"status": "in_progress", "version": seen}
    assert error(browser.post(f"/api/tickets/{numbers[0]}/progress", json=body)) == (409, "changed_meanwhile")
    seen = shown(browser, numbers[0])["version"]
    service.add_detail("m", people.customer("a").id, "现在好了一点")
    for path, more in (("progress", {"status": "resolved"}), ("escalate", {}), ("merge", {"into": "GD1"})):
        answer = browser.post(f"/api/tickets/{numbers[0]}/{path}", json={"version": seen, **more})
        assert error(answer) == (409, "changed_meanwhile"), path
    bulk = {"tickets": [{"number": numbers[0], "version": seen}], "status": "resolved"}
    refused = browser.post("/api/tickets/bulk", json=bulk).json()["refused"]
    assert refused == [{"number": numbers[0], "code": "changed_meanwhile"}]
    assert shown(browser, numbers[0])["status"] == "new"


def test_an_escalated_ticket_is_marked_comes_earlier_and_can_be_looked_for(browser, numbers):
    before = shown(browser, numbers[1])
    after = send(browser, numbers[1], "escalate", text="客户要求主管回电").json()["ticket"]
    assert after["escalated_at"] and after["priority"] == before["priority"] - 1
    assert (after["timeline"][-1]["kind"], after["timeline"][-1]["by"]) == ("escalated", "李晓雨")
    assert after["timeline"][-1]["text"] == "客户要求主管回电"
    assert listed(browser, escalated=True) == [numbers[1]]
    again = send(browser, numbers[1], "escalate").json()["ticket"]
    assert len(again["timeline"]) == len(after["timeline"]), "raised once"


def test_a_duplicate_goes_on_as_the_other_with_all_that_was_noted(browser, numbers):
    sender = people.customer("a")
    service.add_detail("m", sender.id, "昨天换过电池", numbers[0])
    other = people.ticket(sender, "门锁还是打不开", urgency="normal")
    merged = send(browser, numbers[0], "merge", into=other.lower()).json()["ticket"]
    assert (merged["number"], merged["urgency"], merged["phone"]) == (other, "high", "13800138000")
    assert merged["merged"] == [numbers[0]]
    assert {(note["kind"], note.get("of")) for note in merged["timeline"]} == {
        ("opened", None), ("joined", None), ("opened", numbers[0]), ("detail", numbers[0]),
        ("merged", numbers[0]),
    }  # fmt: skip
    assert "昨天换过电池" in str(merged["timeline"]) and "门锁打不开" in str(merged["timeline"])
    old = shown(browser, numbers[0])
    assert (old["status"], old["merged_into"], old["steps"]) == ("merged", other, [])
    assert service.find_ticket(sender.id, numbers[0]).number == other
    with session_scope() as session:
        assert [ticket.number for ticket in progress.untold(session)] == [numbers[0]]


def test_what_was_led_to_a_duplicate_is_led_on(browser):
    sender = people.customer("a")
    first, second, third = (people.ticket(sender, f"第{n}次报修") for n in range(3))
    send(browser, first, "merge", into=second)
    send(browser, second, "merge", into=third)
    assert service.find_ticket(sender.id, first).number == third
    assert shown(browser, third)["merged"] == [first, second]
    assert [ticket.number for ticket in service.list_tickets(sender.id)] == [third]


def test_only_open_tickets_of_one_customer_are_merged(browser, numbers):
    assert error(send(browser, numbers[0], "merge", into=numbers[1])) == (409, "other_customer")
    assert error(send(browser, numbers[0], "merge", into=numbers[0])) == (409, "other_customer")
    assert send(browser, numbers[0], "merge", into="GD404").status_code == 404
    other = people.ticket(people.customer("a"), "别的问题")
    move(browser, other, "resolved")
    assert error(send(browser, numbers[0], "merge", into=other)) == (409, "wrong_state")
    assert error(send(browser, other, "merge", into=numbers[0])) == (409, "wrong_state")


def test_what_is_done_with_a_ticket_is_in_the_audit_log(browser, numbers, visit):
    other = people.ticket(people.customer("b"), "又来了")
    move(browser, numbers[0], "in_progress")
    send(browser, numbers[0], "escalate")
    send(browser, numbers[1], "merge", into=other)
    people.account("admin", "admin")
    entries = visit("admin").get("/api/audit").json()["entries"]
    done = [(entry["action"], entry["object"]) for entry in entries if entry["action"].startswith("ticket.")]
    assert done == [
        ("ticket.merged", f"ticket:{numbers[1]}"), ("ticket.escalated", f"ticket:{numbers[0]}"),
        ("ticket.moved", f"ticket:{numbers[0]}"),
    ]  # fmt: skip


def test_many_are_moved_each_by_itself(browser, numbers):
    move(browser, numbers[1], "resolved")
    seen = [{"number": number, "version": shown(browser, number)["version"]} for number in numbers]
    asked = {"tickets": [*seen, {"number": "GD404", "version": 1}, seen[0]], "status": "in_progress"}
    result = browser.post("/api/tickets/bulk", json=asked).json()
    assert result["moved"] == [numbers[0], numbers[2]]
    assert [(one["number"], one["code"]) for one in result["refused"]] == [
        (numbers[1], "wrong_state"), ("GD404", "not_found"),
    ]  # fmt: skip


def test_views_are_kept_replaced_by_name_and_dropped_by_their_owner_only(browser, visit):
    people.account("wang")
    filters = {"status": ["new"], "kind": [], "urgency": ["high"], "text": "", "order": "urged"}
    kept = browser.post("/api/ticket-views", json={"name": "急的", "filters": filters}).json()["view"]
    assert (
        browser.post("/api/ticket-views", json={"name": "急的", "filters": {}}).json()["view"]["id"]
        == kept["id"]
    )
    assert len(browser.get("/api/ticket-views").json()["views"]) == 1
    wang = visit("wang")
    assert wang.get("/api/ticket-views").json()["views"] == []
    assert wang.delete(f"/api/ticket-views/{kept['id']}").status_code == 404
    assert browser.delete(f"/api/ticket-views/{kept['id']}").status_code == 200
    bad = {"name": "x", "filters": {"status": ["lost"]}}
    assert browser.post("/api/ticket-views", json=bad).json()["error"]["field"] == "status"


def test_a_reply_reaches_the_customer_and_a_comment_only_colleagues(browser, visit, numbers):
    sender = people.customer("a")
    people.says(sender, "门锁打不开")
    assert send(browser, numbers[0], "reply", text="请拍一张锁舌的照片").status_code == 200
    assert send(browser, numbers[0], "comment", text="像是电机坏了").status_code == 200
    bodies = [entry.body for entry in Ledger().before(sender.id, None, 10) if entry.direction == "out"]
    assert [(body["text"], body["agent"]["name"]) for body in bodies] == [("请拍一张锁舌的照片", "李晓雨")]
    ticket = shown(browser, numbers[0])
    noted = [(line["kind"], line["text"], line["by"]) for line in ticket["timeline"][1:]]
    assert noted == [("reply", "请拍一张锁舌的照片", "李晓雨"), ("comment", "像是电机坏了", "李晓雨")]
    assert ticket["responded_at"]
    stale = browser.post(f"/api/tickets/{numbers[0]}/reply", json={"version": 1, "text": "又一次"})
    assert error(stale) == (409, "changed_meanwhile")
    assert len([e for e in Ledger().before(sender.id, None, 10) if e.direction == "out"]) == 1


def test_what_was_wrongly_classified_is_corrected_and_routed_anew(browser, numbers):
    corrected = send(browser, numbers[0], "correct", kind="complaint", urgency="normal").json()["ticket"]
    assert (corrected["kind"], corrected["urgency"], corrected["queue"]) == (
        "complaint", "normal", "complaints",
    )  # fmt: skip
    assert corrected["timeline"][-1]["changes"] == [
        ["kind", "repair", "complaint"], ["urgency", "high", "normal"]
    ]  # fmt: skip
    again = send(browser, numbers[0], "correct", kind="complaint", urgency="normal").json()["ticket"]
    assert again["version"] == corrected["version"]


def test_a_ticket_is_merged_by_the_end_of_the_others_number_which_is_offered(browser, numbers):
    other = people.ticket(people.customer("a"), "门锁还是打不开")
    assert [one["number"] for one in shown(browser, numbers[0])["others"]] == [other]
    merged = send(browser, numbers[0], "merge", into=other[-5:]).json()["ticket"]
    assert (merged["number"], merged["merged"]) == (other, [numbers[0]])
    assert error(send(browser, numbers[1], "merge", into=numbers[2][-5:])) == (404, "not_found")


def test_the_time_line_says_what_the_customer_did_to_the_state_and_that_they_urged_again(browser, numbers):
    customer = people.customer("a").id
    send(browser, numbers[0], "take")
    browser.post(
        f"/api/tickets/{numbers[0]}/progress",
        json={"version": shown(browser, numbers[0])["version"], "status": "waiting", "text": "请发照片"},
    )
    service.add_detail("m1", customer, "照片发了", numbers[0])
    assert service.urge_ticket("m2", customer, numbers[0])[1]
    assert not service.urge_ticket("m3", customer, numbers[0])[1]
    assert not service.urge_ticket("m3", customer, numbers[0])[1]  # the same message, handled again
    line = shown(browser, numbers[0])["timeline"]
    assert [note["kind"] for note in line[2:]] == ["waiting", "detail", "urged", "urged_again"]
    assert (line[2]["text"], line[3]["status"]) == ("请发照片", "in_progress")
    move(browser, numbers[0], "resolved")
    service.reopen_ticket("m4", customer, "没好", numbers[0])
    given = shown(browser, numbers[0])["timeline"][-1]
    assert (given["kind"], given["by"], given["to"]) == ("assigned", None, "李晓雨")


def test_a_colleague_opens_a_ticket_for_a_customer_once_who_is_told(browser, supervisor):
    conversation = people.says(people.customer("d"), "门锁打不开")
    body = {"id": "0" * 36, "kind": "repair", "description": "门锁打不开"}
    opened = [supervisor.post(f"/api/conversations/{conversation}/tickets", json=body) for _ in range(2)]
    assert opened[0].json() == opened[1].json()
    with session_scope() as session:
        (ticket,) = progress.untold(session)
        assert (ticket.number, ticket.status) == (opened[0].json()["number"], "new")
    for text in (conversation[-4:], ticket.number[-5:], ticket.number, ""):
        found = supervisor.get("/api/customers", params={"q": text}).json()["customers"]
        assert [one["conversation"] for one in found] == [conversation], text
