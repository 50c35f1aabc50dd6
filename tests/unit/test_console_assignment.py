"""Who has a ticket, at the console: taking, handing on, many at once, taking back; and what is pushed."""

import json

import pytest
from sqlalchemy import select

from kefu.console.models import AuditEntry
from kefu.db import session_scope
from kefu.handoff import agents, dispatch
from kefu.tickets import progress, sla
from kefu.tickets.steps import Actor
from tests import console as people


@pytest.fixture
def staff(installation):
    """Two agents and their supervisor, all online."""
    return {
        "li": people.account("li", name="李晓雨"),
        "wang": people.account("wang", name="王磊"),
        "zhao": people.account("zhao", "supervisor", "赵敏"),
    }


@pytest.fixture
def number(staff):
    return people.ticket(people.customer("a"), "摄像头黑屏", line="智能摄像头")


#: A colleague, as the service knows them.
LI = Actor("agent", "account:1", "李晓雨")


def move(number, step):
    with session_scope() as session:
        progress.move(session, number, step, LI)


def version(number):
    with session_scope() as session:
        return progress.get(session, number).version


def take(browser, number):
    return browser.post(f"/api/tickets/{number}/take", json={"version": version(number)})


def hand_on(browser, number, **to):
    body = {"reason": "我不懂摄像头", "version": version(number), **to}
    return browser.post(f"/api/tickets/{number}/hand-on", json=body)


def shown(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["ticket"]


def refused(answer):
    return answer.status_code, answer.json()["error"]["code"]


def audited():
    with session_scope() as session:
        return [entry.action for entry in session.scalars(select(AuditEntry)) if "ticket" in entry.action]


def test_who_takes_a_ticket_has_it_and_the_time_line_says_so(visit, staff, number):
    ticket = shown(take(visit("li"), number))
    assert (ticket["assignee"], ticket["status"], ticket["waits"]) == ("李晓雨", "assigned", False)
    last = ticket["timeline"][-1]
    assert (last["kind"], last["to"], last["by"], last["why"]) == ("assigned", "李晓雨", "李晓雨", "taken")
    assert refused(take(visit("wang"), number)) == (409, "wrong_state")
    assert audited() == ["ticket.taken"]


def test_who_is_offline_takes_nothing(visit, staff, number):
    with session_scope() as session:
        agents.set_status(session, staff["li"].agent_id, "offline")
    assert refused(take(visit("li"), number)) == (409, "agent_offline")


def test_a_ticket_is_handed_to_a_colleague_or_a_queue_with_the_reason(visit, staff, number):
    li, wang = visit("li"), visit("wang")
    take(li, number)
    ticket = shown(hand_on(li, number, agent_id=staff["wang"].agent_id))
    assert (ticket["assignee"], ticket["timeline"][-1]["text"]) == ("王磊", "我不懂摄像头")
    ticket = shown(hand_on(wang, number, queue="orders"))
    last = ticket["timeline"][-1]
    assert (ticket["queue"], ticket["status"], ticket["waits"]) == ("orders", "new", True)
    assert (last["kind"], last["queue"], last["text"]) == ("handed_on", "orders", "我不懂摄像头")


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        ({}, 422, "missing"),
        ({"agent_id": 2, "queue": "orders"}, 422, "missing"),
        ({"queue": "none"}, 422, "unknown"),
        ({"agent_id": 99}, 404, "not_found"),
        ({"agent_id": 1}, 422, "same"),
        ({"agent_id": 2, "reason": "  "}, 422, "invalid"),
        ({"agent_id": 2, "version": 1}, 409, "changed_meanwhile"),
    ],
)
def test_what_makes_no_sense_or_comes_too_late_is_refused(visit, staff, number, to, status, code):
    li = visit("li")
    before = shown(take(li, number))
    assert refused(hand_on(li, number, **to)) == (status, code)
    after = li.get(f"/api/tickets/{number}").json()["ticket"]
    assert (after["version"], after["assignee_id"]) == (before["version"], staff["li"].agent_id)


def test_a_colleagues_ticket_is_handed_on_by_a_supervisor_only(visit, staff, number):
    take(visit("li"), number)
    to = {"agent_id": staff["wang"].agent_id}
    assert refused(hand_on(visit("wang"), number, **to)) == (403, "not_yours")
    assert shown(hand_on(visit("zhao"), number, **to))["assignee"] == "王磊"


def test_a_supervisor_gives_many_at_once_each_by_itself(visit, staff, number):
    zhao = visit("zhao")
    zhao.patch(f"/api/agents/{staff['wang'].agent_id}", json={"ticket_capacity": 2})
    numbers = [number, *(people.ticket(people.customer(f"b{n}")) for n in range(3))]
    move(numbers[1], "resolved")
    seen = [{"number": one, "version": version(one)} for one in numbers] + [{"number": "GD404", "version": 1}]
    asked = {"tickets": seen, "agent_id": staff["wang"].agent_id, "reason": "小李请假"}
    answer = zhao.post("/api/tickets/hand-on", json=asked).json()
    assert answer["moved"] == [numbers[0], numbers[2]]
    assert [(one["number"], one["code"]) for one in answer["refused"]] == [
        (numbers[1], "wrong_state"),
        (numbers[3], "tickets_full"),
        ("GD404", "not_found"),
    ]


def test_a_supervisor_takes_back_at_once_what_was_not_begun(visit, staff, number):
    li, zhao = visit("li"), visit("zhao")
    begun = people.ticket(people.customer("b"))
    for one in (number, begun):
        take(li, one)
    move(begun, "in_progress")
    assert zhao.post(f"/api/agents/{staff['li'].agent_id}/take-back").json() == {"numbers": [number]}
    assert li.get(f"/api/tickets/{number}").json()["ticket"]["waits"]
    assert audited()[-1] == "tickets.taken_back"
    assert zhao.post("/api/agents/99/take-back").status_code == 404


def test_who_begins_with_a_ticket_that_nobody_has_has_it(visit, staff, number):
    li = visit("li")
    li.post(f"/api/tickets/{number}/progress", json={"status": "in_progress", "version": version(number)})
    assert li.get(f"/api/tickets/{number}").json()["ticket"]["assignee"] == "李晓雨"


def listed(browser, **query):
    return [ticket["number"] for ticket in browser.get("/api/tickets", params=query).json()["tickets"]]


def test_the_list_is_narrowed_to_ones_own_and_to_those_that_nobody_has(visit, staff, number):
    li, other = visit("li"), people.ticket(people.customer("b"))
    take(li, number)
    assert (listed(li, assignee="mine"), listed(li, assignee="none")) == ([number], [other])
    assert listed(visit("wang"), assignee="mine") == []
    assert listed(visit("zhao"), assignee=staff["li"].agent_id) == [number]
    assert listed(li, due=["late", "soon"]) == listed(li, escalated=True) == []
    for bad in ({"assignee": "me"}, {"due": "x"}):
        answer = li.get("/api/tickets", params=bad)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, *bad)
    kept = {"assignee": "mine", "due": ["late"], "escalated": True}
    view = li.post("/api/ticket-views", json={"name": "急", "filters": kept}).json()["view"]
    assert kept.items() <= view["filters"].items()


def test_the_ticket_says_why_it_is_where_it_is(visit, staff, number):
    dispatch.assign()
    ticket = visit("li").get(f"/api/tickets/{number}").json()["ticket"]
    assert ["queue", "repairs", "故障"] in ticket["reasons"]
    assert ticket["timeline"][-1]["why"] == "queue"  # nobody here has the skill


def test_an_answer_in_the_talk_stops_the_first_clock_of_ones_own_ticket(visit, staff, number):
    li = visit("li")
    take(li, number)
    handoff = people.waits(people.customer("a"))
    li.post(f"/api/handoffs/{handoff}/accept")
    li.post(f"/api/handoffs/{handoff}/messages", json={"id": "0" * 36, "text": "您好"})
    ticket = li.get(f"/api/tickets/{number}").json()["ticket"]
    assert ticket["responded_at"] and ticket["status"] == "assigned"


class Page:
    """An open page: the events of the kinds asked for, in order."""

    def __init__(self, socket):
        self._socket, self._events = socket, []

    def next(self, kind):
        while True:
            for event in self._events:
                if event["type"] == kind:
                    self._events.remove(event)
                    return event
            self._events += json.loads(self._socket.receive_text())


@pytest.fixture
def running(visit):
    """A browser at a server whose feeds run."""
    with visit() as browser:

        def log_in(login):
            browser.cookies.clear()
            answer = browser.post("/api/login", json={"login": login, "password": people.PASSWORD})
            browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
            return browser

        yield log_in


def test_changes_of_tickets_are_pushed_to_whoever_works_on_them(staff, running):
    li = running("li")
    with li.websocket_connect("/api/live") as socket:
        page = Page(socket)
        page.next("hello")
        number = people.ticket(people.customer("a"))
        opened = page.next("ticket")
        assert (opened["number"], opened["what"], opened["assignee_id"]) == (number, "opened", None)
        take(li, number)
        taken = page.next("ticket")
        mine = staff["li"]
        assert (taken["what"], taken["assignee_id"], taken["by"]) == (
            "assigned", mine.agent_id, f"account:{mine.id}",
        )  # fmt: skip


def test_a_supervisor_is_pushed_how_many_tickets_there_are_for_whom(staff, running):
    number = people.ticket(people.customer("a"))
    zhao = running("zhao")
    with zhao.websocket_connect("/api/live") as socket:
        page = Page(socket)
        first = page.next("workload")
        assert first["queues"]["repairs"] == {"new": 1, "late": 0, "escalated": 0}
        hand_on(zhao, number, agent_id=staff["wang"].agent_id)
        after = page.next("workload")
        wang = next(agent for agent in after["agents"] if agent["name"] == "王磊")
        assert (wang["open"], wang["begun"], after["queues"]) == (1, 0, {})
        with session_scope() as session:
            ticket = progress.get(session, number)
            ticket.respond_by = ticket.sla_at = ticket.opened_at
        sla.watch()
        assert page.next("workload")["queues"]["repairs"] == {"new": 0, "late": 1, "escalated": 1}
        with session_scope() as session:
            agents.change(session, staff["wang"].agent_id, active=False)
        gone = page.next("workload")
        assert all(agent["name"] != "王磊" for agent in gone["agents"])


def test_whoever_left_is_shown_as_long_as_they_have_tickets(staff, running, number):
    with session_scope() as session:
        dispatch.give(session, progress.get(session, number), staff["wang"].agent_id, LI)
    move(number, "in_progress")
    with session_scope() as session:
        agents.change(session, staff["wang"].agent_id, active=False)
    with running("zhao").websocket_connect("/api/live") as socket:
        wang = next(one for one in Page(socket).next("workload")["agents"] if one["name"] == "王磊")
        assert (wang["active"], wang["open"], wang["begun"]) == (False, 1, 1)
