"""Talks in which somebody has fallen silent."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from kefu.db import Base, session_scope, utcnow
from kefu.handoff import agents, idle, service
from kefu.handoff.models import Agent
from kefu.tickets.routing import Route

LATER = utcnow() + timedelta(days=1)


@pytest.fixture
def session():
    engine = create_engine("sqlite://", future=True, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine, future=True, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def agent(session):
    def hire(name="li", status="online"):
        hired = agents.hire(session, name, ["repairs"], capacity=1)
        return agents.set_status(session, hired.id, status)

    return hire


@pytest.fixture
def talk(session, agent):
    """A talk of li in which each spoke so many minutes ago."""

    def begin(customer, by_agent, step=0):
        route = Route("repairs", "locks", 3, LATER, LATER, ())
        handoff, _ = service.request(session, "web-a", "asked", route)
        service.accept(session, handoff.id, agent().id)
        handoff.customer_at = utcnow() - timedelta(minutes=customer)
        handoff.agent_at = utcnow() - timedelta(minutes=by_agent)
        handoff.idle_step = step
        session.flush()
        return handoff

    return begin


def test_a_silent_customer_is_asked_once_and_then_the_talk_ends(session, talk):
    handoff = talk(customer=20, by_agent=6)
    assert idle.silent_customers(session) == [handoff]
    assert (idle.ask(session, handoff), idle.ask(session, handoff)) == (True, False)
    session.refresh(handoff)
    assert (idle.silent_customers(session), idle.close_silent(session)) == ([], [])
    handoff.agent_at = utcnow() - timedelta(minutes=11)
    session.flush()
    assert idle.close_silent(session) == [handoff]
    assert (handoff.state, handoff.closed_by) == ("closed", "idle")


def test_who_was_never_asked_is_not_cut_off(session, talk):
    talk(customer=90, by_agent=60)
    assert idle.close_silent(session) == []


def test_both_may_speak_at_the_same_moment(installation):
    route = Route("repairs", "locks", 3, LATER, LATER, ())
    with session_scope() as session:
        service.request(session, "web-a", "asked", route)
    with session_scope() as one:
        held = service.current(one, "web-a")
        with session_scope() as other:
            service.spoke(other, service.current(other, "web-a"), "customer")
        service.spoke(one, held, "agent")
    with session_scope() as session:
        both = service.current(session, "web-a")
        assert both.agent_at is not None and both.customer_at <= both.agent_at


@pytest.mark.parametrize("who", ["customer", "agent"])
def test_whoever_speaks_begins_the_wait_anew(session, talk, who):
    handoff = talk(customer=20, by_agent=11, step=1)
    service.spoke(session, handoff, who)
    session.flush()
    assert idle.close_silent(session) == idle.silent_customers(session) == []


def test_whoever_waits_for_the_first_words_of_an_agent_is_not_taken_for_silent(session, talk):
    handoff = talk(customer=20, by_agent=30)
    handoff.agent_at = None
    session.flush()
    assert (idle.silent_customers(session), idle.neglected(session)) == ([], [handoff])


def test_a_customer_without_an_answer_is_apologised_to_once_however_often_they_ask(session, talk):
    handoff = talk(customer=4, by_agent=30)
    assert idle.neglected(session) == [handoff]
    assert (idle.apologise(session, handoff), idle.apologise(session, handoff)) == (True, False)
    service.spoke(session, handoff, "customer")
    assert idle.neglected(session) == [] and handoff.customer_at < utcnow() - timedelta(minutes=3)
    service.spoke(session, handoff, "agent")
    service.spoke(session, handoff, "customer")
    assert handoff.idle_step == 0


@pytest.mark.parametrize("queue", ["repairs", "orders"])
def test_a_customer_without_an_answer_waits_for_whoever_is_there_and_the_silent_agent_rests(
    session, talk, agent, queue
):
    handoff = talk(customer=7, by_agent=30)
    silent = session.get(Agent, handoff.agent_id)
    agent("wang").queues = [queue]
    assert idle.reclaim(session) == [handoff]
    assert (handoff.state, handoff.agent_id, handoff.priority, handoff.queue) == ("queued", None, 2, queue)
    assert silent.status == "away" and [one.agent_id for one in service.assign(session)] != [silent.id]


@pytest.mark.parametrize("status", ["away", "offline"])
def test_without_a_colleague_the_talk_ends_as_unanswered(session, talk, agent, status):
    handoff = talk(customer=7, by_agent=30)
    agent("wang", status)
    assert idle.reclaim(session) == [handoff]
    assert (handoff.state, handoff.closed_by) == ("closed", "unanswered")


def test_who_is_answered_or_waits_shortly_stays(session, talk, agent):
    handoff = talk(customer=5, by_agent=30)
    agent("wang")
    assert idle.reclaim(session) == []
    handoff.customer_at, handoff.agent_at = utcnow() - timedelta(minutes=9), utcnow() - timedelta(minutes=8)
    session.flush()
    assert idle.reclaim(session) == []
