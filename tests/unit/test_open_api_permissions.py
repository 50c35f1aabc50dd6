"""Every route of the open API: which scope it needs, and that no new one is left without a case."""

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from kefu.console.open import app as open_api
from kefu.console.open import tokens
from kefu.console.open.models import ApiToken
from kefu.db import session_scope
from kefu.privacy import service as privacy
from tests import console as people
from tests.callers import ALL, caller, error, token

#: Of each route: the scope, the body, whether it is about one object that need not exist.
CASES = {
    ("GET", "/tickets"): ("tickets:read", None, False),
    ("GET", "/tickets/{number}"): ("tickets:read", None, True),
    ("POST", "/tickets"): (
        "tickets:write",
        {"customer": "{customer}", "kind": "repair", "description": "x"},
        True,
    ),
    ("POST", "/tickets/{number}/details"): ("tickets:write", {"text": "x"}, True),
    ("PATCH", "/tickets/{number}"): ("tickets:write", {"status": "in_progress"}, True),
    ("POST", "/customers/search"): ("customers:read", {"account": "{customer}"}, False),
    ("GET", "/customers/{customer}"): ("customers:read", None, True),
    ("GET", "/customers/{customer}/data"): ("customers:privacy", None, True),
    ("POST", "/customers/{customer}/forget"): ("customers:privacy", {"confirm": True}, True),
    ("GET", "/erasures/{erasure}"): ("customers:privacy", None, True),
    ("GET", "/conversations?customer={customer}"): ("conversations:read", None, True),
    ("GET", "/conversations/{conversation}/messages"): ("conversations:read", None, True),
    ("POST", "/conversations/{conversation}/messages"): ("conversations:write", {"text": "x"}, True),
    ("GET", "/handoffs"): ("handoffs:read", None, False),
    ("GET", "/handoffs/{handoff_id}"): ("handoffs:read", None, True),
    ("POST", "/handoffs"): ("handoffs:write", {"customer": "{customer}"}, True),
    ("POST", "/handoffs/{handoff_id}/end"): ("handoffs:write", {"note": ""}, True),
    ("GET", "/webhooks"): ("webhooks", None, False),
    ("POST", "/webhooks"): ("webhooks", {"url": "https://crm.example/x", "kinds": ["ticket.*"]}, False),
    ("PATCH", "/webhooks/{webhook_id}"): ("webhooks", {"active": True}, True),
    ("POST", "/webhooks/{webhook_id}/test"): ("webhooks", {}, True),
    ("GET", "/webhooks/{webhook_id}/deliveries"): ("webhooks", None, True),
    ("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/again"): ("webhooks", {}, True),
    ("DELETE", "/webhooks/{webhook_id}"): ("webhooks", None, True),
}
URL = "http://testserver/api/v1"
OBJECTS = [case for case, (_, _, about_one) in CASES.items() if about_one]


@pytest.fixture
def world(installation):
    """A customer with a ticket and a takeover, and a webhook that was tried: gives what stands in paths."""
    from kefu.webhooks import service

    sender = people.customer("a")
    handoff = people.waits(sender)
    with session_scope() as session:
        webhook = service.subscribe(session, "https://crm.example/", ["ticket.*"]).id
        delivery = service.test(session, webhook).id
        erasure = privacy.ask(session, people.customer("forgotten").id, "customer").id
    return {
        "customer": sender.id,
        "conversation": sender.id,
        "number": people.ticket(sender),
        "handoff_id": handoff,
        "webhook_id": webhook,
        "delivery_id": delivery,
        "erasure": erasure,
    }


NOWHERE = {
    "customer": "web-nobody",
    "conversation": "web-nobody",
    "number": "GD26112299999",
    "handoff_id": 999,
    "webhook_id": 999,
    "delivery_id": 999,
    "erasure": 999,
}


def send(client: TestClient, case, world):
    method, path = case
    body = {
        name: value.format(**world) if isinstance(value, str) else value
        for name, value in (CASES[case][1] or {}).items()
    }
    return client.request(method, f"{URL}{path.format(**world)}", json=body if CASES[case][1] else None)


def routes():
    api = [route for route in open_api.create().routes if isinstance(route, APIRoute)]
    return {(method, route.path): route for route in api for method in route.methods}


def test_every_route_has_a_case_that_names_its_scope():
    needed = {(method, path.partition("?")[0]): case[0] for (method, path), case in CASES.items()}
    assert {place: open_api.scopes_of(route.dependant) for place, route in routes().items()} == {
        place: [scope] for place, scope in needed.items()
    }
    assert {scope for scope, *_ in CASES.values()} == set(ALL)


def test_without_a_valid_token_nothing_is_answered(console, world, visit):
    people.account("boss", "admin")
    nobody, forger, expired, revoked = (caller(console) for _ in range(4))
    del nobody.headers["Authorization"]
    forger.headers["Authorization"] = "Bearer kefu_forged"
    with session_scope() as session:
        last, before = session.query(ApiToken).order_by(ApiToken.id.desc()).limit(2)
        tokens.revoke(session, last.id)
        before.expires_at = before.created_at
    for client in (nobody, forger, expired, revoked, visit("boss")):
        for case in CASES:
            answer = send(client, case, world)
            assert error(answer) == (401, "token", None), case
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_opens_nothing_but_the_open_api(console, world):
    from tests.unit.test_console_permissions import CASES as OF_THE_CONSOLE

    client = caller(console)
    for method, path in OF_THE_CONSOLE:
        answer = client.request(method, "http://testserver" + re.sub(r"\{\w+\}", "1", path))
        assert error(answer)[:2] == (401, "login"), path


@pytest.mark.parametrize("scope", ALL)
def test_a_scope_opens_its_routes_and_no_others(console, world, scope):
    with_it, with_others = caller(console, scope), caller(console, *(set(ALL) - {scope}))
    for case, (needed, _, _) in CASES.items():
        answers = {True: send(with_it, case, world), False: send(with_others, case, world)}
        forbidden = answers[needed != scope]
        assert error(forbidden) == (403, "scope", None), case
        assert answers[needed == scope].status_code < 300, (case, answers[needed == scope].text)


@pytest.mark.parametrize("case", OBJECTS, ids=" ".join)
def test_what_there_is_not_is_not_found(console, world, case):
    assert error(send(caller(console), case, NOWHERE))[:2] == (404, "not_found")


def test_a_delivery_of_another_webhook_is_not_found(console, world):
    from kefu.webhooks import service

    with session_scope() as session:
        other = service.subscribe(session, "https://other.example/", ["ticket.*"]).id
    case = ("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/again")
    assert error(send(caller(console), case, world | {"webhook_id": other}))[:2] == (404, "not_found")


def test_the_tokens_text_is_nowhere_in_the_database(installation):
    text = token()
    with session_scope() as session:
        kept = session.query(ApiToken).one()
        assert text not in (kept.token_hash, kept.name) and len(kept.token_hash) == 64
