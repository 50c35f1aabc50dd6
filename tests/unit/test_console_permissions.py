"""Every route of the console: who may, who may not, and that no new one is left without a case."""

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from kefu.console.guard import Allowed
from kefu.console.permissions import PERMISSIONS, ROLES
from tests import console as people

#: Routes that ask for no login; ``/api/live`` is a socket and has its own tests (test_console_feed.py).
OPEN = {("POST", "/api/login"), ("GET", "/health"), ("GET", "/")}

#: Of each other route: the permission, the body, and the status for an agent whose customer it is not.
CASES = {
    ("POST", "/api/logout"): ("self", {}, None),
    ("GET", "/api/me"): ("self", None, None),
    ("POST", "/api/password"): ("self", {"old": "x", "new": "y"}, None),
    ("GET", "/api/accounts"): ("accounts", None, None),
    ("POST", "/api/accounts"): ("accounts", {"login": "new", "name": "New", "role": "agent"}, None),
    ("PATCH", "/api/accounts/{account_id}"): ("accounts", {"name": "New"}, None),
    ("POST", "/api/accounts/{account_id}/reset"): ("accounts", {}, None),
    ("GET", "/api/audit"): ("audit", None, None),
    ("GET", "/api/erasures"): ("privacy", None, None),
    ("POST", "/api/erasures"): ("privacy", {"customer": "13800138000", "confirm": True}, None),
    ("POST", "/api/desk/status"): ("desk", {"status": "away"}, None),
    ("POST", "/api/handoffs/{handoff_id}/accept"): ("desk", {}, 404),
    ("POST", "/api/handoffs/{handoff_id}/messages"): ("desk", {"id": "0" * 36, "text": "x"}, 404),
    ("POST", "/api/handoffs/{handoff_id}/transfer"): ("desk", {"queue": "general"}, 404),
    ("POST", "/api/handoffs/{handoff_id}/end"): ("desk", {"note": ""}, 404),
    ("GET", "/api/conversations/{conversation}/messages"): ("customers", None, 404),
    ("GET", "/api/conversations/{conversation}/customer"): ("customers", None, 404),
    ("POST", "/api/conversations/{conversation}/notes"): ("customers", {"text": "x"}, 404),
    ("POST", "/api/conversations/{conversation}/facts"): (
        "customers",
        {"name": "city", "value": "x", "right": False},
        404,
    ),
    ("POST", "/api/conversations/{conversation}/tickets"): (
        "customers",
        {"id": "0" * 36, "kind": "repair", "description": "x"},
        404,
    ),
    ("GET", "/api/conversations/{conversation}/suggestions"): ("customers", None, 404),
    ("GET", "/api/customers"): ("customers", None, None),
    ("POST", "/api/suggestions/reword"): ("customers", {"ref": "faq:x", "task": "polish"}, None),
    ("POST", "/api/conversations/{conversation}/step-in"): ("supervise", {}, None),
    ("POST", "/api/handoffs/{handoff_id}/reassign"): ("supervise", {"agent_id": 1}, None),
    ("POST", "/api/conversations/{conversation}/level"): ("supervise", {"level": "vip"}, None),
    ("GET", "/api/agents"): ("agents", None, None),
    ("PATCH", "/api/agents/{agent_id}"): ("agents", {"capacity": 3}, None),
    ("GET", "/api/tickets"): ("tickets", None, None),
    ("GET", "/api/tickets/{number}"): ("tickets", None, None),
    ("POST", "/api/tickets/{number}/progress"): ("tickets", {"status": "in_progress", "version": 1}, None),
    ("POST", "/api/tickets/{number}/reply"): ("tickets", {"text": "x", "version": 1}, None),
    ("POST", "/api/tickets/{number}/comment"): ("tickets", {"text": "x", "version": 1}, None),
    ("POST", "/api/tickets/{number}/correct"): (
        "tickets",
        {"kind": "repair", "urgency": "high", "version": 1},
        None,
    ),
    ("POST", "/api/tickets/{number}/escalate"): ("tickets", {"text": "x", "version": 1}, None),
    ("POST", "/api/tickets/{number}/merge"): ("tickets", {"into": "GD1", "version": 1}, None),
    ("POST", "/api/tickets/bulk"): (
        "tickets",
        {"tickets": [{"number": "GD1", "version": 1}], "status": "in_progress"},
        None,
    ),
    ("POST", "/api/tickets/{number}/take"): ("tickets", {"version": 1}, None),
    ("POST", "/api/tickets/{number}/hand-on"): (
        "tickets",
        {"queue": "general", "reason": "x", "version": 1},
        None,
    ),
    ("POST", "/api/tickets/hand-on"): (
        "supervise",
        {"tickets": [{"number": "GD1", "version": 1}], "queue": "general", "reason": "x"},
        None,
    ),
    ("POST", "/api/agents/{agent_id}/take-back"): ("supervise", {}, None),
    ("GET", "/api/unanswered"): ("knowledge", None, None),
    ("GET", "/api/knowledge"): ("knowledge", None, None),
    ("GET", "/api/campaigns"): ("campaigns", None, None),
    ("POST", "/api/campaigns"): (
        "campaigns",
        {"name": "x", "topic": "offers", "texts": {"zh": "x", "en": "x"}},
        None,
    ),
    ("POST", "/api/campaigns/preview"): ("campaigns", {"topic": "offers"}, None),
    ("POST", "/api/campaigns/{campaign_id}/steps"): ("campaigns", {"step": "start"}, None),
    ("GET", "/api/campaigns/{campaign_id}/results"): ("campaigns", None, None),
    ("GET", "/api/notifications"): ("campaigns", None, None),
    ("POST", "/api/notifications/again"): ("campaigns", {"ids": [1]}, None),
    ("POST", "/api/policy-news"): ("campaigns", {"name": "x", "summary": {"zh": "x", "en": "x"}}, None),
    ("GET", "/api/graph"): ("knowledge", None, None),
    ("GET", "/api/entries"): ("knowledge", None, None),
    ("GET", "/api/entries/one"): ("knowledge", None, None),
    ("GET", "/api/entries/choices"): ("knowledge", None, None),
    ("GET", "/api/entries/export"): ("knowledge", None, None),
    ("POST", "/api/entries"): (
        "knowledge",
        {"kind": "faq", "content": {"question": "x", "answer": "y"}},
        None,
    ),
    ("POST", "/api/entries/remove"): ("knowledge", {"ref": "faq:x", "seen": 0}, None),
    ("POST", "/api/entries/undo"): ("knowledge", {"ref": "faq:x", "seen": 1}, None),
    ("POST", "/api/entries/restore"): ("knowledge", {"ref": "faq:x", "seen": 1, "number": 0}, None),
    ("POST", "/api/entries/keep"): ("knowledge", {"ref": "faq:x", "seen": 1}, None),
    ("POST", "/api/entries/import"): ("knowledge", {}, None),
    ("GET", "/api/editions"): ("knowledge", None, None),
    ("POST", "/api/editions/{edition_id}/roll-back"): ("knowledge", {}, None),
    ("GET", "/api/documents"): ("knowledge", None, None),
    ("POST", "/api/documents"): ("knowledge", {}, None),
    ("POST", "/api/documents/tickets"): ("knowledge", {}, None),
    ("GET", "/api/candidates"): ("knowledge", None, None),
    ("GET", "/api/candidates/{candidate_id}"): ("knowledge", None, None),
    ("POST", "/api/candidates/{candidate_id}/into"): ("knowledge", {"ref": "faq:x"}, None),
    ("POST", "/api/candidates/{candidate_id}/accept"): (
        "knowledge",
        {"kind": "faq", "content": {"question": "x", "answer": "y"}},
        None,
    ),
    ("POST", "/api/candidates/{candidate_id}/reject"): ("knowledge", {"reason": "x"}, None),
    ("GET", "/api/ticket-views"): ("tickets", None, None),
    ("POST", "/api/ticket-views"): ("tickets", {"name": "x", "filters": {}}, None),
    ("DELETE", "/api/ticket-views/{view_id}"): ("tickets", None, 404),
    ("GET", "/api/tokens"): ("api", None, None),
    ("POST", "/api/tokens"): ("api", {"name": "crm", "scopes": ["webhooks"]}, None),
    ("DELETE", "/api/tokens/{token_id}"): ("api", None, None),
    ("GET", "/api/webhooks"): ("api", None, None),
    ("POST", "/api/webhooks"): ("api", {"url": "https://crm.example/x", "kinds": ["ticket.*"]}, None),
    ("PATCH", "/api/webhooks/{webhook_id}"): ("api", {"active": False}, None),
    ("DELETE", "/api/webhooks/{webhook_id}"): ("api", None, None),
    ("POST", "/api/webhooks/{webhook_id}/test"): ("api", {}, None),
    ("GET", "/api/webhooks/{webhook_id}/deliveries"): ("api", None, None),
    ("POST", "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/again"): ("api", {}, None),
}
CHANGING = [case for case in CASES if case[0] != "GET"]
OTHERS = [case for case, (_, _, status) in CASES.items() if status]


@pytest.fixture
def world(installation, monkeypatch):
    """Somebody of each role, and a customer who talks with an agent: gives what stands in paths."""
    made = {role: people.account(role, role) for role in ROLES}
    people.account("other", "agent", queues=["orders"])
    sender = people.customer("a")
    handoff = people.waits(sender)
    from kefu.console import readers
    from kefu.db import session_scope
    from kefu.handoff import service

    monkeypatch.setattr(readers, "_read", lambda *_: None)
    with session_scope() as session:
        service.accept(session, handoff, made["agent"].agent_id)
    return {
        "account_id": made["designer"].id,
        "agent_id": made["agent"].agent_id,
        "handoff_id": handoff,
        "conversation": sender.id,
        "number": people.ticket(sender),
        "view_id": 1,
        "token_id": 1,
        "webhook_id": 1,
        "delivery_id": 1,
        "campaign_id": 1,
        "edition_id": 1,
        "candidate_id": 1,
    }


def send(browser: TestClient, case, world):
    method, path = case
    return browser.request(method, path.format(**world), json=CASES[case][1], params={"q": "xx"})


def routes(console):
    api = [route for route in console.routes if isinstance(route, APIRoute)]
    return {(method, route.path): route for route in api for method in route.methods}


def test_every_route_has_a_case(console):
    assert set(routes(console)) == set(CASES) | OPEN


def test_every_route_names_the_permission_of_its_case(console):
    for case, route in routes(console).items():
        named = [
            part.call.permission for part in route.dependant.dependencies if isinstance(part.call, Allowed)
        ]
        assert named == ([CASES[case][0]] if case in CASES else []), case


def test_without_a_login_nothing_is_answered(visit, world):
    nobody, forger = visit(), visit()
    forger.cookies.set("kefu_console", "forged")
    for case in CASES:
        for browser in (nobody, forger):
            answer = send(browser, case, world)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "login"), case


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_what_the_table_gives_it_and_nothing_else(visit, world, role):
    browser = visit(role)
    last = {("POST", "/api/logout"), ("POST", "/api/password")}
    for case in [*(set(CASES) - last), ("POST", "/api/logout")]:
        allowed = role in PERMISSIONS[CASES[case][0]]
        answer = send(browser, case, world)
        forbidden = answer.status_code == 403 and answer.json()["error"]["code"] == "forbidden"
        assert forbidden != allowed, (case, answer.text)
        assert answer.status_code < 500, (case, answer.text)


@pytest.mark.parametrize("role", ROLES)
def test_a_changing_request_without_the_token_is_refused(visit, world, role):
    browser = visit(role)
    for token in ("", "forged"):
        browser.headers["X-CSRF-Token"] = token
        for case in CHANGING:
            answer = send(browser, case, world)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf"), case


def test_anothers_customer_does_not_exist_for_an_agent(visit, world):
    browser = visit("other")
    for case in OTHERS:
        answer = send(browser, case, world)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), case


def test_with_a_given_password_only_ones_own_account_is_reached(visit, world, monkeypatch):
    from kefu.console.models import Account
    from kefu.db import session_scope

    with session_scope() as session:
        session.query(Account).filter_by(login="agent").update({"must_change": True})
    browser = visit("agent")
    assert browser.get("/api/me").json()["account"]["must_change"]
    for case in [case for case, (permission, *_) in CASES.items() if permission != "self"]:
        assert send(browser, case, world).json()["error"]["code"] == "must_change", case


def test_logging_in_from_another_site_is_refused(visit, world):
    body = {"login": "agent", "password": people.PASSWORD}
    answer = visit().post("/api/login", json=body, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert visit().post("/api/login", json=body, headers={"Origin": "http://testserver"}).status_code == 200


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(visit, world):
    answer = visit().post("/api/login", json={"login": "agent", "password": people.PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie


def test_logging_out_ends_the_login(visit, world):
    browser, token = visit("agent"), None
    token = browser.cookies["kefu_console"]
    assert browser.post("/api/logout").status_code == 200
    browser.cookies.set("kefu_console", token)
    assert browser.get("/api/me").status_code == 401
