"""Several console processes give tickets, take them back and watch the clocks at once, on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from kefu import db
from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.events import Event
from kefu.handoff import agents, dispatch
from kefu.handoff.dispatch import NotGiven
from kefu.handoff.models import Agent
from kefu.tickets import assignment, progress, sla
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.steps import Actor
from tests import console as people
from tests import postgres

#: A colleague, as the service knows them.
LI = Actor("agent", "account:1", "李晓雨")


def forget():
    if db.engine.cache_info().currsize:
        db.engine().dispose()
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEFU_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        if request.param == "sqlite":
            forget()
            db.migrate()
            yield
        else:
            programs = postgres.find()
            if not programs:
                pytest.skip(postgres.MISSING)
            with postgres.server(programs) as url:
                patch.setenv("KEFU_DATABASE_URL", url)
                forget()
                db.migrate()
                yield
                db.engine().dispose()
    forget()


@pytest.fixture(autouse=True)
def empty(database):
    with session_scope() as session:
        for table in (TicketNote, Ticket, Event, Agent):
            session.query(table).delete()


def at_once(*tasks):
    """Runs tasks at the same moment; gives what each returned, or the refusal it raised."""
    start = Barrier(len(tasks))

    def run(task):
        start.wait()
        try:
            return task()
        except (StaleDataError, WrongState, NotGiven, DBAPIError) as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def hire(name, capacity):
    with session_scope() as session:
        agent = agents.hire(session, name, ("repairs",), ("devices",))
        agent.ticket_capacity = capacity
        agents.set_status(session, agent.id, "online")
        return agent.id


def tickets(count):
    return [people.ticket(people.customer(str(n)), line="智能摄像头") for n in range(count)]


def state():
    with session_scope() as session:
        found = session.scalars(select(Ticket).order_by(Ticket.id)).all()
        events = session.scalars(select(Event).order_by(Event.id)).all()
    return found, Counter(event.kind for event in events)


@pytest.mark.parametrize("round", range(3))
def test_several_who_assign_at_once_give_each_ticket_once_and_overload_nobody(round):
    hired = {hire(name, 3) for name in ("li", "wang")}
    tickets(10)
    at_once(*[dispatch.assign] * 4)
    dispatch.assign()  # what one gave up for another
    found, events = state()
    loads = Counter(ticket.assignee_id for ticket in found if ticket.status == "assigned")
    assert loads == dict.fromkeys(hired, 3)
    assert events["ticket.assigned"] == sum(note.kind == "assigned" for t in found for note in t.notes) == 6


@pytest.mark.parametrize("round", range(3))
def test_of_two_who_take_one_ticket_one_has_it_and_the_other_is_refused(round):
    li, wang = hire("li", 5), hire("wang", 5)
    (number,) = tickets(1)

    def take(agent_id):
        def task():
            with session_scope() as session:
                dispatch.give(session, progress.get(session, number), agent_id, LI, "taken")
            return agent_id

        return task

    results = at_once(take(li), take(wang))
    winners = [one for one in results if one in (li, wang)]
    found, events = state()
    assert winners == [found[0].assignee_id] and events["ticket.assigned"] == 1


@pytest.mark.parametrize("round", range(3))
def test_who_is_given_more_at_once_than_they_bear_gets_no_more(round):
    li = hire("li", 2)
    numbers = tickets(6)

    def give(number):
        def task():
            with session_scope() as session:
                dispatch.give(session, progress.get(session, number), li, LI, text="x")

        return task

    at_once(*[give(number) for number in numbers])
    with session_scope() as session:
        assert 1 <= assignment.load(session, li) <= 2


@pytest.mark.parametrize("round", range(3))
def test_whose_account_is_closed_while_tickets_are_given_keeps_none(round):
    li = hire("li", 20)
    tickets(4)

    def close():
        with session_scope() as session:
            agents.change(session, li, active=False)

    first, closed = at_once(dispatch.assign, close)
    if closed is not None:
        close()
    dispatch.take_back(timedelta())
    found, _ = state()
    assert {ticket.status for ticket in found} == {"new"}


@pytest.mark.parametrize("round", range(3))
def test_what_was_not_begun_is_taken_back_once_by_several(round):
    li = hire("li", 20)
    tickets(5)
    dispatch.assign()
    with session_scope() as session:
        agents.set_status(session, li, "offline").status_at = utcnow() - timedelta(hours=1)
        session.execute(update(Ticket).values(assigned_at=utcnow() - timedelta(hours=1)))
    at_once(*[lambda: dispatch.take_back(timedelta(minutes=30))] * 3)
    dispatch.take_back(timedelta(minutes=30))
    found, events = state()
    assert {ticket.status for ticket in found} == {"new"} and events["ticket.given_back"] == 5


@pytest.mark.parametrize("round", range(3))
def test_a_broken_promise_is_escalated_once_by_several(round):
    tickets(6)
    with session_scope() as session:
        session.execute(update(Ticket).values(respond_by=Ticket.opened_at, sla_at=Ticket.opened_at))
    at_once(*[sla.watch] * 4)
    sla.watch()
    found, events = state()
    assert events["ticket.sla_breached"] == events["ticket.escalated"] == 6
    assert {ticket.priority for ticket in found} == {2}
