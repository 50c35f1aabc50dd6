"""Tickets find their person, and go back when that person is gone; by any sequence of events."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, update

from kefu import db
from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.events import Event
from kefu.handoff import agents, dispatch, service
from kefu.handoff.dispatch import NotGiven
from kefu.handoff.models import Agent
from kefu.tickets import assignment, progress
from kefu.tickets import service as rating
from kefu.tickets.assignment import HELD
from kefu.tickets.lifecycle import NotAllowed, WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.steps import Actor
from tests import console as people

HALF_AN_HOUR = timedelta(minutes=30)
#: Colleagues, as the service knows them.
LI, BOSS = Actor("agent", "account:1", "李晓雨"), Actor("supervisor", "account:2", "赵主管")


def move(number, step):
    with session_scope() as session:
        progress.move(session, number, step, LI, text="请补充一下" if step == "waiting" else "")


def hire(name, queues=("repairs",), skills=("devices",), capacity=2, status="online"):
    with session_scope() as session:
        agent = agents.hire(session, name, queues, skills)
        agent.ticket_capacity = capacity
        agents.set_status(session, agent.id, status)
        return agent.id


def ticket(customer="a", **values):
    """A camera's fault: queue repairs, skill devices."""
    return people.ticket(people.customer(customer), **{"line": "智能摄像头", **values})


def now(number):
    with session_scope() as session:
        return progress.get(session, number)


def holder(number):
    found = now(number)
    return None if found.status == "new" else found.assignee_id


def why(number):
    return next(note.data["why"] for note in reversed(now(number).notes) if note.kind == "assigned")


def be(agent_id, status, since=timedelta()):
    with session_scope() as session:
        agents.set_status(session, agent_id, status).status_at = utcnow() - since


def hand_to(number, queue, text="不是我们组的"):
    with session_scope() as session:
        assignment.hand_to_queue(session, progress.get(session, number), queue, LI, text)


@pytest.fixture
def desk(installation):
    return None


def test_who_has_the_skill_gets_it_and_it_says_why(desk):
    hire("zhang", skills=())
    able = hire("li")
    number = ticket()
    assert dispatch.assign() == 1
    assert (holder(number), now(number).status, why(number)) == (able, "assigned", "skill")
    with session_scope() as session:
        event = session.scalar(select(Event).filter_by(kind="ticket.assigned"))
        assert (event.data["ticket"], event.data["to"]) == (number, f"agent:{able}")


def test_without_anyone_skilled_the_queue_is_enough_and_another_team_is_not(desk):
    hire("wang", queues=("orders",))
    number = ticket()
    assert dispatch.assign() == 0 and now(number).status == "new"
    there = hire("zhang", skills=())
    dispatch.assign()
    assert (holder(number), why(number)) == (there, "queue")


def test_while_those_with_the_skill_are_full_it_waits_for_them(desk):
    able = hire("li", capacity=1)
    hire("zhang", skills=())
    first, second = ticket(), ticket()
    dispatch.assign()
    assert (holder(first), holder(second)) == (able, None)


@pytest.mark.parametrize("status", ["away", "offline"])
def test_nobody_who_is_not_there_is_given_anything(desk, status):
    hire("li", status=status)
    number = ticket()
    assert dispatch.assign() == 0 and now(number).status == "new"


def test_the_most_urgent_come_first_and_no_one_gets_more_than_they_bear(desk):
    hire("li", capacity=1)
    later, first = ticket(), ticket(urgency="high")
    dispatch.assign()
    assert (now(first).status, now(later).status) == ("assigned", "new")


def test_who_is_freest_by_their_capacity_gets_it(desk):
    small, large = hire("li", capacity=2), hire("wang", capacity=10)
    numbers = [ticket(str(n)) for n in range(6)]
    dispatch.assign()
    assert [holder(n) for n in numbers].count(small) == 1
    assert [holder(n) for n in numbers].count(large) == 5


def test_a_customer_gets_whom_they_had_before_by_ticket_or_by_talk(desk):
    known = hire("li", capacity=9)
    first = ticket("a")
    dispatch.assign()
    move(first, "resolved")
    hire("zhang", capacity=99)
    second = ticket("a")
    dispatch.assign()
    assert (holder(second), why(second)) == (known, "knows")
    talked = people.waits(people.customer("b"))
    with session_scope() as session:
        service.accept(session, talked, known)
    third = ticket("b")
    dispatch.assign()
    assert holder(third) == known


def test_a_reopened_ticket_goes_to_who_had_it(desk):
    from kefu.tickets.service import reopen_ticket

    had_it = hire("li", capacity=9)
    number = ticket()
    dispatch.assign()
    move(number, "resolved")
    hire("zhang", capacity=99)
    reopen_ticket("r", now(number).customer, "又坏了", number)
    dispatch.assign()
    assert (holder(number), why(number)) == (had_it, "had_it")


def test_new_tickets_wait_a_little_for_somebody_to_take_them(desk):
    hire("li")
    number = ticket()
    assert dispatch.assign(timedelta(seconds=20)) == 0
    with session_scope() as session:
        session.execute(update(Ticket).values(opened_at=utcnow() - timedelta(seconds=21)))
    assert dispatch.assign(timedelta(seconds=20)) == 1
    assert now(number).status == "assigned"


def test_a_pause_takes_nothing_away_and_a_long_absence_only_what_was_not_begun(desk):
    li = hire("li")
    begun, waits = ticket(), ticket()
    dispatch.assign()
    move(begun, "in_progress")
    with session_scope() as session:
        session.execute(update(Ticket).values(assigned_at=utcnow() - timedelta(hours=2)))
    be(li, "offline", timedelta(minutes=29))
    dispatch.take_back(HALF_AN_HOUR)
    assert holder(waits) == li
    be(li, "offline")
    with session_scope() as session:
        session.get(Agent, li).status_at = utcnow() - timedelta(minutes=31)
    dispatch.take_back(HALF_AN_HOUR)
    assert (now(waits).status, now(waits).assignee_id, holder(begun)) == ("new", None, li)
    assert [(n.kind, n.data.get("why")) for n in now(waits).notes][-1] == ("given_back", "offline")
    other = hire("wang")
    dispatch.assign()
    assert holder(waits) == other


def test_whose_account_is_closed_loses_at_once_what_they_have_not_begun(desk):
    li = hire("li")
    begun, waits = ticket(), ticket()
    dispatch.assign()
    move(begun, "in_progress")
    with session_scope() as session:
        agents.change(session, li, active=False)
    assert (now(waits).status, holder(begun)) == ("new", li)


def test_who_hands_a_ticket_to_the_queue_does_not_get_it_again(desk):
    li = hire("li")
    number = ticket()
    dispatch.assign()
    hand_to(number, "repairs")
    assert dispatch.assign() == 0
    other = hire("wang")
    dispatch.assign()
    assert holder(number) == other != li


def test_what_nobody_there_may_have_again_holds_up_nothing_behind_it(desk):
    li = hire("li", capacity=1)
    urgent, other = ticket(urgency="high"), ticket("b")
    dispatch.assign()
    hand_to(urgent, "repairs")
    assert dispatch.assign() == 1
    assert (holder(urgent), holder(other)) == (None, li)


def test_who_lacks_the_skill_gets_what_the_only_one_with_it_has_left(desk):
    hire("li")
    number = ticket()
    dispatch.assign()
    hand_to(number, "repairs")
    other = hire("zhang", skills=())
    dispatch.assign()
    assert (holder(number), why(number)) == (other, "queue")


def test_a_ticket_handed_to_another_queue_stays_there_when_it_is_urged(desk):
    from kefu.tickets.service import urge_ticket

    number = ticket()
    hand_to(number, "orders")
    urge_ticket("u", now(number).customer, number)
    assert (now(number).queue, now(number).urged) == ("orders", 1)
    there = hire("wang", queues=("orders",), skills=())
    dispatch.assign()
    assert holder(number) == there


def test_who_takes_a_ticket_has_to_be_there_with_room_and_come_first(desk):
    gone, full, first = hire("a", status="offline"), hire("b", capacity=1), hire("c")
    number, other = ticket(), ticket()

    def take(agent_id, number=number):
        with session_scope() as session:
            dispatch.give(session, progress.get(session, number), agent_id, LI, "taken")

    with pytest.raises(NotGiven, match="agent_offline"):
        take(gone)
    take(full, other)
    with pytest.raises(NotGiven, match="tickets_full"):
        take(full)
    take(first)
    with pytest.raises(WrongState):
        take(hire("d"))
    assert (holder(number), why(number)) == (first, "taken")


def test_what_was_rated_badly_waits_for_a_supervisor_and_for_nobody_else_of_the_queue(desk):
    agent, number = hire("li"), ticket()
    move(number, "resolved")
    rating.rate("points", now(number).customer, 1, number)
    dispatch.assign()
    assert holder(number) is None and not assignment.may_work(now(number), "agent", agent)
    with pytest.raises(NotAllowed), session_scope() as session:
        dispatch.give(session, progress.get(session, number), agent, LI, "taken")
    with session_scope() as session:
        dispatch.give(session, progress.get(session, number), agent, BOSS, "handed_on", "请你来")
    assert holder(number) == agent and assignment.may_work(now(number), "agent", agent)


def test_a_ticket_that_waits_for_its_customer_goes_on_waiting_with_another_colleague(desk):
    hire("li")
    number = ticket()
    dispatch.assign()
    move(number, "in_progress")
    move(number, "waiting")
    other = hire("wang")
    with session_scope() as session:
        dispatch.give(session, progress.get(session, number), other, LI, text="我明天休息")
    assert (holder(number), now(number).status, now(number).notes[-1].text) == (
        other,
        "waiting",
        "我明天休息",
    )


def test_an_answer_in_a_talk_is_a_response(desk):
    li = hire("li")
    number = ticket()
    dispatch.assign()
    with session_scope() as session:
        assignment.answered(session, [now(number).customer], li + 1)
        assignment.answered(session, [now(number).customer], li)
    assert now(number).responded_at is not None
    with session_scope() as session:
        assert len(session.scalars(select(Event).filter_by(kind="ticket.responded")).all()) == 1


STATUSES = st.sampled_from(agents.STATUSES)
AGENTS, TICKETS = st.integers(1, 4), st.integers(0, 11)


class Assignment(RuleBasedStateMachine):
    """Agents come and go, tickets are opened, given, begun, handed on and finished in any order."""

    @initialize(capacities=st.lists(st.integers(1, 3), min_size=4, max_size=4))
    def start(self, capacities):
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(Assignment.empty, self.folder / "kefu.db")
        Assignment.patch.setenv("KEFU_VAR_DIR", str(self.folder))
        forget()
        self.numbers = []
        for n, capacity in enumerate(capacities):
            skills = ("devices",) if n % 2 else ("devices", "network")
            hire(str(n), ("repairs", "orders")[: 1 + n // 2], skills, capacity, "offline")

    def teardown(self):
        if hasattr(self, "folder"):
            db.engine().dispose()
            shutil.rmtree(self.folder)

    def tried(self, what):
        try:
            with session_scope() as session:
                what(session)
        except (WrongState, NotGiven):
            pass

    @precondition(lambda self: len(self.numbers) < 12)
    @rule(who=st.sampled_from("abc"), line=st.sampled_from(["智能摄像头", "路由器"]))
    def opens(self, who, line):
        self.numbers.append(ticket(who, line=line))

    @rule(agent=AGENTS, status=STATUSES)
    def comes_or_goes(self, agent, status):
        be(agent, status, timedelta(hours=1))

    @rule()
    def assign(self):
        with session_scope() as session:
            new = session.scalars(select(Ticket).where(Ticket.status == "new")).all()
            wanted = self.who_knows(session, new[0]) if len(new) == 1 else None
        dispatch.assign()
        with session_scope() as session:
            for one in new:
                one = session.get(Ticket, one.id)
                if one.status != "assigned":
                    continue
                agent = session.get(Agent, one.assignee_id)
                assert agent.status == "online" and one.queue in agent.queues
                assert wanted in (None, agent.id)

    @staticmethod
    def who_knows(session, new):
        """Whom the only new ticket must go to, if its customer's last agent is able and free."""
        last = session.get(Agent, dispatch._last_agent(session, new) or 0)
        able = last and last.status == "online" and new.queue in last.queues and new.skill in last.skills
        free = able and assignment.load(session, last.id) < last.ticket_capacity
        return last.id if free and new.left_by != last.id else None

    @rule(number=TICKETS, agent=AGENTS)
    def take(self, number, agent):
        if number < len(self.numbers):
            self.tried(lambda s: dispatch.give(s, progress.get(s, self.numbers[number]), agent, LI, "taken"))

    @rule(number=TICKETS, agent=AGENTS)
    def hand_on(self, number, agent):
        if number < len(self.numbers):
            self.tried(lambda s: dispatch.give(s, progress.get(s, self.numbers[number]), agent, LI, text="x"))

    @rule(number=TICKETS, queue=st.sampled_from(["repairs", "orders"]))
    def hand_to_queue(self, number, queue):
        if number < len(self.numbers):
            self.tried(
                lambda s: assignment.hand_to_queue(s, progress.get(s, self.numbers[number]), queue, LI, "x")
            )

    @rule(number=TICKETS, status=st.sampled_from(["in_progress", "waiting", "resolved"]))
    def move(self, number, status):
        if number < len(self.numbers) and holder(self.numbers[number]):
            try:
                move(self.numbers[number], status)
            except WrongState:
                pass

    @rule()
    def long_gone(self):
        with session_scope() as session:
            session.execute(update(Ticket).values(assigned_at=utcnow() - timedelta(hours=2)))
        dispatch.take_back(timedelta(minutes=30))
        with session_scope() as session:
            gone = select(Agent.id).where(Agent.status == "offline")
            kept = select(Ticket).where(Ticket.status == "assigned", Ticket.assignee_id.in_(gone))
            assert session.scalars(kept).all() == []

    @invariant()
    def nobody_has_more_than_they_bear_and_no_ticket_is_lost(self):
        if not hasattr(self, "numbers"):
            return
        with session_scope() as session:
            tickets = session.scalars(select(Ticket)).all()
            assert {one.number for one in tickets} == set(self.numbers)
            for agent in session.scalars(select(Agent)):
                assert assignment.load(session, agent.id) <= agent.ticket_capacity
            for one in tickets:
                assert (one.assignee_id is not None) or one.status not in HELD, (one.number, one.status)
                assert one.assignee_id is None or one.status != "new"
            given = [note for one in tickets for note in one.notes if note.kind == "assigned"]
            events = session.scalars(select(Event).filter_by(kind="ticket.assigned")).all()
            assert len(given) == len(events)


def forget():
    if db.engine.cache_info().currsize:
        db.engine().dispose()
    settings.cache_clear()
    db.engine.cache_clear()


def test_no_sequence_of_events_overloads_anybody_or_loses_a_ticket(empty_database):
    from hypothesis.stateful import run_state_machine_as_test

    with pytest.MonkeyPatch.context() as patch:
        Assignment.empty, Assignment.patch = empty_database, patch
        try:
            run_state_machine_as_test(
                Assignment,
                settings=hypothesis_settings(
                    max_examples=15, stateful_step_count=20, deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
        finally:
            patch.undo()
            forget()
