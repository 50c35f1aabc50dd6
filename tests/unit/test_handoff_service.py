"""Takeovers: queue, agents, ends; and that no sequence of commands leads to an illegal state."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from kefu.db import Base
from kefu.events import Event
from kefu.handoff import agents, service
from kefu.handoff.models import OPEN, TRANSITIONS, Agent, Handoff, WrongStep
from kefu.handoff.service import NotAvailable
from kefu.tickets.routing import Route

LATER = datetime(2027, 1, 1)


def route(queue="repairs", skill="locks", priority=3):
    return Route(queue, skill, priority, LATER, LATER, ())


def memory():
    engine = create_engine("sqlite://", future=True, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    return Session(engine, future=True, expire_on_commit=False)


@pytest.fixture
def session():
    with memory() as session:
        yield session


@pytest.fixture
def agent(session):
    def add(name="li", **values):
        values = {"queues": ["repairs"], "skills": ["locks"], "capacity": 1, "status": "online", **values}
        agent = Agent(name=name, **values)
        session.add(agent)
        session.flush()
        return agent

    return add


def wait(session, *conversations, **values):
    return [service.request(session, c, "asked", route(**values))[0] for c in conversations]


def test_who_asks_twice_waits_once(session):
    first, new = service.request(session, "a", "asked", route())
    again, new_again = service.request(session, "a", "misses", route())
    assert (new, new_again, again) == (True, False, first)


def test_the_most_urgent_comes_first_then_who_waited_longest(session, agent):
    wait(session, "a", "b")
    wait(session, "c", priority=1)
    agent(capacity=2)
    assert [handoff.conversation for handoff in service.assign(session)] == ["c", "a"]
    assert service.current(session, "b").state == "queued"


def test_who_has_the_skill_is_asked_before_who_only_belongs_to_the_team(session, agent):
    agent("zhang", skills=[])
    able = agent("li")
    wait(session, "a")
    assert service.assign(session)[0].agent_id == able.id


def test_without_anyone_skilled_the_team_helps_and_other_teams_do_not(session, agent):
    wait(session, "a")
    agent("wang", queues=["orders"])
    assert service.assign(session) == []
    there = agent("zhang", skills=[])
    assert service.assign(session)[0].agent_id == there.id


def test_a_customer_gets_the_agent_they_know_if_that_one_is_free(session, agent):
    first, second = agent("li", capacity=2), agent("zhang", capacity=2)
    wait(session, "a")
    service.assign(session)
    service.end(session, service.current(session, "a").id, "agent")
    wait(session, "b")
    service.assign(session)  # so that the first has more to do than the second
    wait(session, "a")
    assert service.assign(session)[0].agent_id == first.id
    service.end(session, service.current(session, "a").id, "agent")
    service.release(session, first.id)
    wait(session, "a")
    assert {handoff.agent_id for handoff in service.assign(session)} == {second.id}


def test_who_is_away_offline_or_full_gets_nobody(session, agent):
    wait(session, "a", "b")
    for status in ("away", "offline"):
        agent(status=status)
    assert service.assign(session) == []
    full = agent()
    assert len(service.assign(session)) == 1
    with pytest.raises(NotAvailable):
        service.accept(session, service.current(session, "b").id, full.id)


def test_the_place_in_the_queue_moves_up_and_tells_minutes(session, agent):
    agent(capacity=1)
    first, second, third = wait(session, "a", "b", "c")
    service.assign(session)
    assert [service.place(session, h).position for h in (second, third)] == [1, 2]
    assert service.place(session, third).minutes > service.place(session, second).minutes >= 1
    service.leave(session, "b")
    assert service.place(session, third).position == 1


def test_the_time_told_follows_how_long_talks_last(session, agent):
    agent(capacity=1)
    (talk,) = wait(session, "a")
    service.assign(session)
    service.end(session, talk.id, "agent")
    talk.accepted_at = talk.closed_at - timedelta(minutes=30)
    one, two = wait(session, "b", "c")
    service.assign(session)
    assert service.place(session, two).minutes == 30


def test_when_an_agent_goes_their_customers_wait_ahead_of_the_others(session, agent):
    gone = agent(capacity=1)
    wait(session, "a")
    service.assign(session)
    wait(session, "b")
    service.release(session, gone.id)
    back = agent("zhang")
    assert [handoff.conversation for handoff in service.assign(session)] == ["a"]
    assert service.current(session, "a").agent_id == back.id


def test_a_transfer_goes_to_the_agent_named(session, agent):
    one, other = agent("li"), agent("zhang", queues=["orders"], skills=["orders"])
    agent("wang", queues=["orders"], skills=["orders"])
    (talk,) = wait(session, "a")
    service.assign(session)
    service.transfer(session, talk.id, "orders", "orders", other.id)
    assert service.assign(session)[0].agent_id == other.id
    assert one.id != other.id


def test_an_agent_may_step_in_but_not_into_a_colleagues_talk(session, agent):
    one, other = agent("li"), agent("zhang")
    assert service.step_in(session, "a", one.id, route()).state == "human"
    with pytest.raises(WrongStep):
        service.step_in(session, "a", other.id, route())


def test_who_steps_in_while_offline_is_there_for_that_customer_alone_and_leaves_them_when_silent(
    session, agent
):
    zhao = agent("zhao", status="offline")
    talk = service.step_in(session, "a", zhao.id, route())
    wait(session, "b")
    assert (zhao.status, service.assign(session)) == ("away", [])
    assert agents.dismiss_silent(session) == []
    zhao.seen_at -= timedelta(minutes=1)
    session.flush()
    assert agents.dismiss_silent(session) == [zhao.id]
    assert talk.state == "queued"


def test_only_who_waits_can_leave(session, agent):
    agent()
    wait(session, "a")
    service.assign(session)
    assert not service.leave(session, "a") and not service.leave(session, "nobody")
    assert service.current(session, "a").state == "human"


class Takeovers(RuleBasedStateMachine):
    """Customers, agents and a supervisor do anything in any order."""

    conversations = st.sampled_from(["a", "b", "c", "d"])
    agents = st.integers(1, 3)

    @initialize()
    def begin(self):
        self.session = memory()
        for name in ("li", "zhang", "wang"):
            self.session.add(Agent(name=name, queues=["repairs", "orders"], skills=["locks"], capacity=2))
        self.session.commit()
        self.open: dict[str, str] = {}

    def teardown(self):
        if hasattr(self, "session"):
            self.session.close()

    def attempt(self, command, *arguments):
        try:
            result = command(self.session, *arguments)
            self.session.commit()
            return result
        except (WrongStep, NotAvailable, service.NoSuchHandoff):
            self.session.rollback()
            return None

    def handoff(self, conversation):
        found = service.current(self.session, conversation)
        return found.id if found else 0

    @rule(conversation=conversations, priority=st.integers(1, 5))
    def asks(self, conversation, priority):
        self.attempt(service.request, conversation, "asked", route(priority=priority))

    @rule(conversation=conversations)
    def leaves(self, conversation):
        self.attempt(service.leave, conversation)

    @rule()
    def is_assigned(self):
        self.attempt(service.assign)

    @rule(conversation=conversations, agent=agents)
    def is_accepted(self, conversation, agent):
        self.attempt(service.accept, self.handoff(conversation), agent)

    @rule(conversation=conversations, agent=agents)
    def is_stepped_into(self, conversation, agent):
        self.attempt(service.step_in, conversation, agent, route())

    @rule(conversation=conversations, agent=st.none() | agents)
    def is_transferred(self, conversation, agent):
        self.attempt(service.transfer, self.handoff(conversation), "orders", "orders", agent)

    @rule(conversation=conversations)
    def ends(self, conversation):
        self.attempt(service.end, self.handoff(conversation), "agent", "done")

    @rule(agent=agents)
    def comes(self, agent):
        self.session.get(Agent, agent).status = "online"
        self.session.commit()

    @rule(agent=agents, status=st.sampled_from(["offline", "away"]))
    def goes(self, agent, status):
        self.attempt(service.release, agent, status)

    @invariant()
    def everything_is_in_order(self):
        handoffs = self.session.scalars(select(Handoff)).all()
        states = {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values())
        for handoff in handoffs:
            assert handoff.state in states
            assert (handoff.open_conversation is not None) == (handoff.state in OPEN)
            assert (handoff.agent_id is not None) or handoff.state != "human"
            assert handoff.state != "queued" or handoff.agent_id is None
            assert (handoff.closed_at is not None) == (handoff.state == "closed")
        opened = Counter(h.conversation for h in handoffs if h.state in OPEN)
        assert all(count == 1 for count in opened.values())
        talks = Counter(h.agent_id for h in handoffs if h.state == "human" and h.reason != "stepped_in")
        assert all(count <= 2 for count in talks.values())
        kinds = Counter(event.kind for event in self.session.scalars(select(Event)))
        assert kinds["handoff.closed"] == sum(h.state == "closed" for h in handoffs)


TestTakeovers = Takeovers.TestCase
TestTakeovers.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_where_the_team_is_not_there_whoever_is_gets_the_customer_and_the_reason_says_so(session, agent):
    wanted = route()
    assert service.reachable(session, "web-a", wanted) is None
    agent("li", queues=["orders"])
    found = service.reachable(session, "web-a", wanted)
    assert (found.queue, found.reasons[-1]) == ("orders", ("queue", "orders", "nobody_online"))
    agent("wang", queues=["repairs"])
    assert service.reachable(session, "web-a", wanted) is wanted
