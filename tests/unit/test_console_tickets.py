"""The console's tickets: filters, kept views, moving one and many."""

import pytest

from kefu.tickets.models import TRANSITIONS
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


def move(browser, number, status):
    return browser.post(f"/api/tickets/{number}/progress", json={"status": status})


def test_the_list_is_narrowed_by_each_filter(browser, numbers):
    repair, complaint, refund = numbers
    move(browser, complaint, "assigned")
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
    for status in ("assigned", "in_progress", "waiting", "resolved", "closed"):
        moved = move(browser, numbers[0], status).json()["ticket"]
        assert (moved["status"], moved["timeline"][-1]["kind"], moved["timeline"][-1]["by"]) == (
            status, status, "李晓雨",
        )  # fmt: skip
    assert moved["steps"] == []


def test_a_step_that_the_state_does_not_allow_is_refused(browser, numbers):
    answer = move(browser, numbers[0], "closed")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "wrong_state")
    assert move(browser, "GD404", "closed").status_code == 404
    assert move(browser, numbers[0], "cancelled").status_code == 422


def test_the_steps_offered_are_those_that_are_allowed(browser, numbers):
    steps = browser.get(f"/api/tickets/{numbers[0]}").json()["ticket"]["steps"]
    assert steps == [step for step in ("assigned", "in_progress", "resolved") if "new" in TRANSITIONS[step]]


def test_many_are_moved_each_by_itself(browser, numbers):
    move(browser, numbers[1], "resolved")
    asked = {"numbers": [*numbers, "GD404", numbers[0]], "status": "in_progress"}
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
