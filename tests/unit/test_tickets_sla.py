"""Promises by the clock: working time, standing still while the customer answers, warnings, escalation."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, insert, select, text

from kefu import db
from kefu.db import session_scope
from kefu.events import Event
from kefu.tickets import clocks, progress, service, sla, steps, worklist
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.steps import Actor
from kefu.tickets.worklist import Filters
from tests import console as people

#: A Friday at 10 in Shanghai; a camera's fault is to be begun within 4 hours and done within 2 working days.
FRIDAY = datetime(2026, 11, 20, 2, 0)
HOUR = timedelta(hours=1)
#: A colleague, as the service knows them.
LI = Actor("agent", "account:1", "李晓雨")


def move(number, step):
    with session_scope() as session:
        progress.move(session, number, step, LI, text="请补充一下" if step == "waiting" else "")


@pytest.fixture
def clock(installation, monkeypatch):
    """Sets what time it is."""

    def set_to(moment):
        for module in (clocks, service, sla, steps, worklist):
            if hasattr(module, "utcnow"):
                monkeypatch.setattr(module, "utcnow", lambda: moment)
        return moment

    set_to(FRIDAY)
    return set_to


def ticket(**values):
    return people.ticket(people.customer("a"), "摄像头黑屏", **{"line": "智能摄像头", **values})


def now(number):
    with session_scope() as session:
        return progress.get(session, number)


def events(number, *kinds):
    with session_scope() as session:
        found = session.scalars(select(Event).where(Event.kind.in_(kinds)).order_by(Event.id))
        return [(one.kind, one.data.get("clock")) for one in found if one.data["ticket"] == number]


def test_it_is_warned_of_when_three_quarters_of_the_working_time_are_gone_and_escalated_when_all_is(clock):
    number = ticket()
    begun = now(number)
    assert begun.respond_by - FRIDAY == 4 * HOUR
    clock(FRIDAY + 2.9 * HOUR)
    assert sla.watch() == 0
    clock(FRIDAY + 3 * HOUR)
    assert sla.watch() == 1
    assert events(number, "ticket.sla_warned", "ticket.sla_breached") == [("ticket.sla_warned", "respond")]
    assert (now(number).priority, now(number).escalated_at) == (begun.priority, None)
    clock(begun.respond_by)
    sla.watch()
    late = now(number)
    assert (late.priority, late.notes[-1].data["why"]) == (begun.priority - 1, "respond_late")
    assert [note.kind for note in late.notes] == ["opened", "sla_warned", "sla_breached", "escalated"]
    assert sla.watch() == 0


def test_the_night_and_the_weekend_do_not_count(clock):
    clock(FRIDAY + 7 * HOUR)  # at five in the afternoon: one hour today, three on Saturday from ten on
    number = ticket()
    assert now(number).respond_by == datetime(2026, 11, 21, 5, 0)
    clock(datetime(2026, 11, 21, 2, 0))
    assert sla.watch() == 0


def test_for_danger_the_clock_never_stops(clock):
    clock(datetime(2026, 11, 20, 16, 0))  # midnight
    number = ticket(urgency="critical")
    clock(datetime(2026, 11, 20, 16, 8))
    assert sla.watch() == 1
    assert events(number, "ticket.sla_warned") == [("ticket.sla_warned", "respond")]


def test_each_clock_tells_each_thing_once_however_often_and_late_it_is_looked_at(clock):
    number = ticket()
    clock(FRIDAY + timedelta(days=30))
    for _ in range(3):
        sla.watch()
    told = events(number, "ticket.sla_warned", "ticket.sla_breached", "ticket.escalated")
    assert sorted(told, key=str) == sorted(
        [
            ("ticket.sla_breached", "respond"),
            ("ticket.sla_breached", "resolve"),
            ("ticket.escalated", None),
        ],
        key=str,
    )


def test_who_begins_in_time_stops_the_first_clock_and_who_solves_it_the_second(clock):
    number = ticket()
    clock(FRIDAY + HOUR)
    move(number, "assigned")
    assert now(number).responded_at is None
    move(number, "in_progress")
    assert (now(number).responded_at, now(number).sla_at) == (FRIDAY + HOUR, now(number).resolve_warn_at)
    move(number, "resolved")
    assert now(number).sla_at is None
    clock(FRIDAY + timedelta(days=30))
    assert sla.watch() == 0


def test_while_the_customer_has_to_answer_the_second_clock_stands_still(clock):
    number = ticket()
    move(number, "in_progress")
    by, warn_at = now(number).resolve_by, now(number).resolve_warn_at
    clock(FRIDAY + 6 * HOUR)  # at four
    move(number, "waiting")
    assert now(number).sla_at is None
    clock(FRIDAY + timedelta(days=30))
    assert sla.watch() == 0
    clock(FRIDAY + timedelta(days=1, hours=1))  # Saturday at eleven: two hours of Friday, one of Saturday
    move(number, "in_progress")
    hours = sla.clocks.rules().working_time()
    assert now(number).resolve_by == hours.after(by, 3 * HOUR)
    assert now(number).resolve_warn_at == hours.after(warn_at, 3 * HOUR) == now(number).sla_at


def test_an_urged_ticket_keeps_the_time_that_it_stood_still_and_its_place_when_escalated(clock):
    number = ticket()
    move(number, "in_progress")
    move(number, "waiting")
    clock(FRIDAY + 2 * HOUR)
    move(number, "in_progress")
    with session_scope() as session:
        progress.escalate(session, number, LI, "客户是老人")
    before = now(number)
    service.urge_ticket("u1", before.customer, number)
    after = now(number)
    assert (after.resolve_by, after.priority) == (before.resolve_by, before.priority)


def test_a_reopened_ticket_gets_new_promises_from_then_on(clock):
    number = ticket()
    clock(FRIDAY + timedelta(days=30))
    sla.watch()
    move(number, "resolved")
    monday = clock(datetime(2026, 11, 23, 2, 0))
    service.reopen_ticket("r1", now(number).customer, "又坏了", number)
    again = now(number)
    assert (again.respond_by - monday, again.responded_at) == (4 * HOUR, None)
    clock(monday + 5 * HOUR)
    sla.watch()
    assert events(number, "ticket.sla_breached")[-1] == ("ticket.sla_breached", "respond")
    assert len(events(number, "ticket.sla_breached")) == 3


def test_a_finished_ticket_is_not_escalated(clock):
    number = ticket()
    move(number, "resolved")
    with session_scope() as session, pytest.raises(WrongState):
        progress.escalate(session, number, LI, "x")


def test_the_clock_does_not_make_a_ticket_the_one_touched_last(clock):
    number = ticket()
    changed = now(number).changed_at
    clock(FRIDAY + 3 * HOUR)
    sla.watch()
    assert now(number).changed_at == changed


def listed(**filters):
    with session_scope() as session:
        return [one.number for one in worklist.find(session, Filters(**filters))[0]]


def test_tickets_are_found_by_how_they_stand_with_their_promises(clock):
    late, soon, fine = ticket(urgency="critical"), ticket(), ticket(kind="suggestion")
    clock(FRIDAY + 3.5 * HOUR)
    sla.watch()
    assert listed(due=("late",)) == listed(escalated=True) == [late]
    assert listed(due=("soon",)) == [soon]
    assert listed(due=("late", "soon"), order="due") == [late, soon]
    assert listed(order="due") == [late, soon, fine]
    move(late, "in_progress")
    assert listed(due=("late",)) == []  # begun; it is to be done by two
    move(late, "resolved")
    assert listed(escalated=True) == []


def test_looking_for_what_is_due_reads_only_that_however_much_is_open(clock):
    ticket()
    with session_scope() as session:
        template = dict(session.execute(select(Ticket.__table__)).mappings().one())
        rows = [
            {**template, "id": n, "number": f"GD{n}", "request_key": str(n), "sla_at": FRIDAY + 99 * HOUR}
            for n in range(1000, 21_000)
        ]
        session.execute(insert(Ticket.__table__), rows)
    with session_scope() as session:
        query = sla.due_now(FRIDAY + 5 * HOUR, 200).compile(
            dialect=db.engine().dialect, compile_kwargs={"literal_binds": True}
        )
        plan = " ".join(row[-1] for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert "USING COVERING INDEX ix_tickets_sla_at (sla_at<?)" in plan and "SCAN" not in plan, plan
    loaded = []
    count = lambda target, context: loaded.append(target.id)  # noqa: E731
    event.listen(Ticket, "load", count)
    clock(FRIDAY + 5 * HOUR)
    try:
        assert sla.watch() == 1
    finally:
        event.remove(Ticket, "load", count)
    assert len(loaded) == 1


def test_two_who_look_at_once_tell_it_once(clock, monkeypatch):
    number = ticket()
    clock(FRIDAY + 5 * HOUR)
    look_at, depth = sla._look_at, []

    def interrupted(session, found, moment):
        if not depth:
            depth.append(1)
            sla.watch()  # another process, between this one's reading and writing
        look_at(session, found, moment)

    monkeypatch.setattr(sla, "_look_at", interrupted)
    sla.watch()
    assert events(number, "ticket.sla_breached") == [("ticket.sla_breached", "respond")]
    assert len([note for note in now(number).notes if note.kind == "escalated"]) == 1
