"""Takeovers while several people act at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from kefu import db
from kefu.config import settings
from kefu.events import Event
from kefu.handoff import service
from kefu.handoff.models import OPEN, Agent, Handoff, WrongStep
from kefu.handoff.service import NotAvailable
from kefu.tickets.routing import Route
from tests import postgres

LATER = datetime(2027, 1, 1)
ROUTE = Route("repairs", "locks", 3, LATER, LATER, ())
ROUNDS = 15
#: What whoever comes second is told (kefu.console.refusals); nothing else may come of it.
REFUSED = (WrongStep, NotAvailable, StaleDataError, IntegrityError)


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """Where each kind of database is."""
    folder = tmp_path_factory.mktemp("databases")
    found = {"sqlite": f"sqlite:///{folder / 'kefu.db'}"}
    programs = postgres.find()
    if not programs:
        yield found
        return
    with postgres.server(programs) as url:
        yield {**found, "postgresql": url}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, urls, monkeypatch, tmp_path):
    if request.param not in urls:
        pytest.skip(postgres.MISSING)
    monkeypatch.setenv("KEFU_DATABASE_URL", urls[request.param])
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    forget()
    db.migrate()
    with db.session_scope() as session:
        for table in (Handoff, Agent, Event):
            session.query(table).delete()
    yield
    db.engine().dispose()
    monkeypatch.undo()
    forget()


def forget():
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture
def agents(database):
    with db.session_scope() as session:
        made = [
            Agent(name=name, queues=["repairs"], skills=["locks"], capacity=2, status="online")
            for name in ("li", "zhang", "wang")
        ]
        session.add_all(made)
        session.flush()
        return [agent.id for agent in made]


def wait(conversation):
    with db.session_scope() as session:
        return service.request(session, conversation, "asked", ROUTE)[0].id


def at_once(*commands):
    """Runs commands at the same moment, each with a connection of its own; gives what came of each."""
    start = Barrier(len(commands))

    def run(command):
        do, *arguments = command
        start.wait()
        for _ in range(3):
            try:
                with db.session_scope() as session:
                    do(session, *arguments)
                return "done"
            except OperationalError:  # the database gave one up for the other, which is tried again
                continue
            except REFUSED as refusal:
                return type(refusal).__name__
        return "given up"

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, commands))


def everything_is_in_order(agents):
    """No illegal state, nobody with too many customers, and an event for each step that was taken."""
    with db.session_scope() as session:
        handoffs = session.scalars(select(Handoff)).all()
        kinds = Counter(
            (event.kind, event.data["handoff"])
            for event in session.scalars(select(Event).where(Event.kind.like("handoff.%")))
        )
    for handoff in handoffs:
        assert handoff.state in (*OPEN, "closed")
        assert (handoff.open_conversation is not None) == (handoff.state in OPEN)
        assert (handoff.agent_id is None) == (handoff.state == "queued") or handoff.state == "closed"
        steps = sum(count for (_, which), count in kinds.items() if which == handoff.id)
        assert steps == handoff.version, "an event for each change"
        assert kinds["handoff.requested", handoff.id] == 1
        assert kinds["handoff.closed", handoff.id] == (handoff.state == "closed")
    loads = Counter(handoff.agent_id for handoff in handoffs if handoff.state == "human")
    assert all(loads[agent] <= 2 for agent in agents)
    return handoffs


def leave(session, conversation):
    if not service.leave(session, conversation):
        raise WrongStep(0, "human", "leave")


def test_two_agents_who_accept_one_customer_get_them_once(agents):
    for n in range(ROUNDS):
        handoff = wait(f"c{n}")
        outcomes = at_once(*((service.accept, handoff, agent) for agent in agents[:2]))
        assert outcomes.count("done") == 1, outcomes
        with db.session_scope() as session:
            service.end(session, handoff, "agent")
    everything_is_in_order(agents)


def test_a_customer_who_leaves_while_an_agent_accepts_does_one_of_the_two(agents):
    for n in range(ROUNDS):
        handoff = wait(f"c{n}")
        outcomes = at_once((service.accept, handoff, agents[0]), (leave, f"c{n}"))
        assert outcomes.count("done") == 1, outcomes
        with db.session_scope() as session:
            if session.get(Handoff, handoff).state == "human":
                service.end(session, handoff, "agent")
    everything_is_in_order(agents)


def test_an_agent_who_goes_while_they_hand_a_customer_on_leaves_them_waiting(agents):
    for n in range(ROUNDS):
        handoff = wait(f"c{n}")
        with db.session_scope() as session:
            session.get(Agent, agents[0]).status = "online"
            service.accept(session, handoff, agents[0])
        outcomes = at_once(
            (service.release, agents[0]), (service.transfer, handoff, "repairs", "locks", agents[1])
        )
        assert "done" in outcomes, outcomes
        with db.session_scope() as session:
            assert session.get(Handoff, handoff).state == "queued"
            service.leave(session, f"c{n}")
    everything_is_in_order(agents)


def test_nobody_gets_more_customers_than_they_can_bear_however_many_give_them(agents):
    waiting = [wait(f"c{n}") for n in range(10)]
    chosen = [(service.accept, handoff, agents[0]) for handoff in waiting[:3]]
    outcomes = at_once(*[(service.assign,)] * 3, *chosen)
    assert set(outcomes) <= {"done", *(refusal.__name__ for refusal in REFUSED)}, outcomes
    everything_is_in_order(agents)
    with db.session_scope() as session:
        service.assign(session)
    assert Counter(handoff.state for handoff in everything_is_in_order(agents)) == {"human": 6, "queued": 4}


def test_a_customer_who_asks_on_two_channels_at_once_waits_once(agents):
    for n in range(ROUNDS):
        outcomes = at_once(*[(service.request, f"c{n}", "asked", ROUTE)] * 2)
        assert "done" in outcomes, outcomes
    assert len(everything_is_in_order(agents)) == ROUNDS


def test_two_supervisors_who_step_in_at_once_do_not_both_talk(agents):
    for n in range(ROUNDS):
        outcomes = at_once(*((service.step_in, f"c{n}", agent, ROUTE) for agent in agents[:2]))
        assert outcomes.count("done") == 1, outcomes
