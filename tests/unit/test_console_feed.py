"""What is pushed to operators: takeovers, colleagues, messages; to whom it concerns, none lost or twice."""

import json
import time
from datetime import timedelta

import pytest
from starlette.websockets import WebSocketDisconnect

from kefu.conversations import deliveries
from kefu.conversations.ledger import Ledger
from kefu.db import session_scope
from kefu.handoff import agents, service
from tests import console as people


class Page:
    """An open page: its socket, and the events that came."""

    def __init__(self, socket):
        self._socket, self.events = socket, []

    def until(self, **wanted):
        """The next event that has these values."""
        while True:
            for event in self.events:
                if wanted.items() <= event.items():
                    self.events.remove(event)
                    return event
            self.events += json.loads(self._socket.receive_text())

    def send(self, text):
        self._socket.send_text(text if isinstance(text, str) else json.dumps(text))


@pytest.fixture
def browser(visit):
    """A browser whose server's feed runs; of the agent li."""
    people.account("li")
    with visit() as running:
        answer = running.post("/api/login", json={"login": "li", "password": people.PASSWORD})
        running.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield running


@pytest.fixture
def opened(browser):
    """Opens li's page."""

    def page(**options):
        return browser.websocket_connect("/api/live", **options)

    return page


def test_a_page_first_gets_all_that_concerns_it(opened):
    mine = people.waits(people.customer("a"), "指纹不灵")
    people.waits(people.customer("b"), queue="complaints")
    with opened() as socket:
        hello = Page(socket).until(type="hello")
        assert [(one["id"], one["state"], one["queue"]) for one in hello["handoffs"]] == [
            (mine, "queued", "repairs")
        ]
        assert [agent["name"] for agent in hello["agents"]] == ["li"]


def test_who_waits_is_accepted_and_speaks_is_pushed(browser, opened):
    with opened() as socket:
        page = Page(socket)
        page.until(type="hello")
        sender = people.customer("a", "wechat")
        handoff = people.waits(sender, "指纹不灵")
        shown = page.until(type="handoff", id=handoff)
        assert (shown["state"], shown["channel"], shown["conversation"]) == ("queued", "wechat", sender.id)
        browser.post(f"/api/handoffs/{handoff}/accept")
        assert page.until(type="handoff", id=handoff)["state"] == "human"
        people.says(sender, "还在吗")
        assert page.until(type="message", text="还在吗")["from"] == "customer"
        browser.post(f"/api/handoffs/{handoff}/messages", json={"id": "0" * 36, "text": "在的"})
        assert page.until(type="message", text="在的")["from"] == "agent"
        Ledger().see(sender.id, 99, read=True)
        assert page.until(type="message", text="在的")["state"] == "read"
        browser.post(f"/api/handoffs/{handoff}/end", json={})
        assert page.until(type="gone", id=handoff)["state"] == "closed"


def test_a_receipt_is_pushed_also_of_a_message_that_is_not_the_last(browser, opened):
    sender = people.customer("a")
    handoff = people.waits(sender, "指纹不灵")
    with opened() as socket:
        page = Page(socket)
        browser.post(f"/api/handoffs/{handoff}/accept")
        for number, text in enumerate(("请稍等", "查到了")):
            browser.post(f"/api/handoffs/{handoff}/messages", json={"id": f"{number}" * 36, "text": text})
        people.says(sender, "好的")
        page.until(type="message", text="好的")
        Ledger().see(sender.id, 99, read=True)
        assert page.until(type="message", text="查到了", state="read")
        people.says(sender, "谢谢")
        page.until(type="message", text="谢谢")
        again = [event.get("text") for event in page.events if event.get("state") == "read"]
        assert again.count("请稍等") == 1 and "查到了" not in again


def test_it_is_pushed_that_a_platform_did_not_take_a_message(browser, opened):
    sender = people.customer("a", "wechat")
    handoff = people.waits(sender, "指纹不灵")
    with opened() as socket:
        page = Page(socket)
        browser.post(f"/api/handoffs/{handoff}/accept")
        for number, text in enumerate(("请稍等", "查到了")):
            browser.post(f"/api/handoffs/{handoff}/messages", json={"id": f"{number}" * 36, "text": text})
            page.until(type="message", text=text, state="due")
        with session_scope() as session:
            told = [entry for entry in Ledger().after(sender.id, 0, 99) if entry.body["text"] == "请稍等"]
            deliveries.settle(session, told, "failed")
        assert page.until(type="message", text="请稍等", state="failed")


def test_many_messages_come_each_once_and_in_order(browser, opened):
    senders = [people.customer(str(number)) for number in range(3)]
    handoffs = [people.waits(sender) for sender in senders]
    with opened() as socket:
        page = Page(socket)
        for handoff in handoffs:
            browser.post(f"/api/handoffs/{handoff}/accept")
        for number in range(30):
            people.says(senders[number % 3], f"第 {number} 句")
        people.says(senders[0], "完")
        page.until(type="message", text="完")
        for sender in senders:
            texts = [e["text"] for e in page.events if e.get("conversation") == sender.id and "text" in e]
            spoken = [text for text in texts if text.startswith("第")]
            assert len(spoken) == len(set(spoken)) >= 9
            assert spoken == sorted(spoken, key=lambda text: int(text.split()[1]))


def test_what_concerns_others_is_not_pushed_but_a_supervisor_may_watch(browser, opened, visit):
    wang = people.account("wang", queues=["complaints"]).agent_id
    people.account("zhao", "supervisor")
    sender = people.customer("a")
    handoff = people.waits(sender, queue="complaints")
    with session_scope() as session:
        service.accept(session, handoff, wang)
    zhao = visit("zhao").cookies["kefu_console"]
    cookie = {"cookie": f"kefu_console={zhao}"}
    with opened() as mine, browser.websocket_connect("/api/live", headers=cookie) as theirs:
        li, supervisor = Page(mine), Page(theirs)
        assert li.until(type="hello")["handoffs"] == []
        assert len(supervisor.until(type="hello")["handoffs"]) == 1
        for page in (li, supervisor):
            page.send({"watch": sender.id})
        supervisor.until(type="watching")
        people.says(sender, "听得到吗")
        supervisor.until(type="message", text="听得到吗")
        with session_scope() as session:
            agents.set_status(session, wang, "away")
        li.until(type="agents")
        assert not any(event["type"] in ("message", "watching", "handoff") for event in li.events)


def test_nonsense_from_a_page_is_borne(opened):
    with opened() as socket:
        page = Page(socket)
        for text in ("", "null", "[1]", "{", '{"watch": 5}', "x" * 2000):
            page.send(text)
        page.until(type="hello")
        people.waits(people.customer("a"))
        page.until(type="handoff")


@pytest.mark.parametrize(
    "headers, code",
    [({"cookie": "kefu_console=forged"}, 4401), ({"origin": "https://evil.example"}, 4401)],
)
def test_strangers_and_other_sites_get_no_socket(opened, headers, code):
    with pytest.raises(WebSocketDisconnect) as refused:
        with opened(headers=headers) as socket:
            socket.receive_text()
    assert refused.value.code == code


def test_who_does_not_talk_with_customers_gets_no_socket(browser, visit):
    people.account("boss", "admin")
    cookie = {"cookie": f"kefu_console={visit('boss').cookies['kefu_console']}"}
    with pytest.raises(WebSocketDisconnect) as refused:
        with browser.websocket_connect("/api/live", headers=cookie) as socket:
            socket.receive_text()
    assert refused.value.code == 4403


def test_who_has_let_a_customer_go_hears_no_more_of_them(browser, opened):
    sender = people.customer("a")
    handoff = people.waits(sender)
    with opened() as socket:
        page = Page(socket)
        page.until(type="hello")
        browser.post(f"/api/handoffs/{handoff}/accept")
        page.until(type="handoff", state="human")
        page.send({"watch": sender.id})
        page.until(type="watching")
        browser.post(f"/api/handoffs/{handoff}/end", json={})
        page.until(type="gone", id=handoff)
        people.says(sender, "这是说给助手的")
        people.waits(people.customer("b"))
        page.until(type="handoff", state="queued")
        page.send({"watch": sender.id})
        people.says(sender, "这也是")
        people.waits(people.customer("c"))
        page.until(type="handoff", state="queued")
        assert not any(event.get("text", "").startswith("这") for event in page.events)


def test_each_side_sees_that_the_other_is_writing(browser, opened):
    sender = people.customer("a")
    handoff = people.waits(sender)
    with opened() as socket:
        page = Page(socket)
        page.until(type="hello")
        browser.post(f"/api/handoffs/{handoff}/accept")
        page.until(type="handoff", state="human")
        with session_scope() as session:
            service.types(session, sender.id, "customer")
        while not page.until(type="handoff", id=handoff)["typing_at"]:
            pass
        page.send({"typing": handoff})
        for _ in range(200):
            with session_scope() as session:
                if found := service.typing_agents(session, timedelta(seconds=9)):
                    break
            time.sleep(0.01)
        assert [conversation for conversation, _ in found] == [sender.id]
