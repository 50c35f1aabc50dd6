"""The console's desk with PostgreSQL as the database: from a customer who waits to the end of the talk."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from kefu import db
from kefu.config import settings
from kefu.console.app import create
from kefu.conversations.ledger import Ledger
from kefu.db import session_scope
from kefu.handoff.models import Handoff
from tests import console as people
from tests import postgres


@pytest.fixture
def database(tmp_path, monkeypatch):
    programs = postgres.find()
    if not programs:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as url:
        monkeypatch.setenv("KEFU_DATABASE_URL", url)
        monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
        forget()
        db.migrate()
        yield
        db.engine().dispose()
    monkeypatch.undo()
    forget()


def forget():
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture
def visit(database):
    """Opens a browser whose server runs, logged in as somebody new."""
    opened = []

    def visit(login, role="agent"):
        people.account(login, role)
        browser = TestClient(create(warm=False)).__enter__()
        opened.append(browser)
        answer = browser.post("/api/login", json={"login": login, "password": people.PASSWORD})
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return browser

    yield visit
    for browser in opened:
        browser.__exit__(None, None, None)


def until(socket, **wanted):
    """The next event pushed to a page that has these values."""
    while True:
        for event in json.loads(socket.receive_text()):
            if wanted.items() <= event.items():
                return event


def test_a_customer_is_accepted_answered_handed_on_and_let_go(visit):
    li, zhao = visit("li"), visit("zhao", "supervisor")
    with li.websocket_connect("/api/live") as page:
        until(page, type="hello")
        sender = people.customer("a", "wechat")
        handoff = people.waits(sender, "指纹不灵")
        until(page, type="handoff", id=handoff, state="queued")
        assert li.post(f"/api/handoffs/{handoff}/accept").json()["state"] == "human"
        until(page, type="handoff", id=handoff, state="human")
        said = {"id": "0" * 36, "text": "在的"}
        for _ in range(2):
            assert li.post(f"/api/handoffs/{handoff}/messages", json=said).status_code == 200
        until(page, type="message", text="在的")
        people.says(sender, "还在吗")
        until(page, type="message", text="还在吗")
        level = zhao.post(f"/api/conversations/{sender.id}/level", json={"level": "vip"})
        assert level.json() == {"level": "vip"}
        assert li.post(f"/api/handoffs/{handoff}/transfer", json={"queue": "orders"}).status_code == 200
        assert zhao.post(f"/api/conversations/{sender.id}/step-in").json()["state"] == "human"
        assert li.post(f"/api/handoffs/{handoff}/end", json={}).status_code == 404
        assert zhao.post(f"/api/handoffs/{handoff}/end", json={"note": "明天上门"}).status_code == 200
        until(page, type="gone", id=handoff)
    known = zhao.get(f"/api/conversations/{sender.id}/customer").json()
    assert (known["level"], known["talks"][0]["note"]) == ("vip", "明天上门")
    assert [entry.body["text"] for entry in Ledger().after(sender.id, 0, 9)].count("在的") == 1
    with session_scope() as session:
        assert session.get(Handoff, handoff).state == "closed"
