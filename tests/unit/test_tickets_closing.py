"""What comes of a resolved ticket: the customer's word, their points, or their silence."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.tickets import closing, progress, service
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.service import TicketRequest
from kefu.tickets.steps import Actor

ME, LI = "web-me", Actor("agent", "account:1", "李晓雨")


@pytest.fixture
def ticket(installation):
    """A ticket that a colleague has resolved; the customer has been asked."""
    opened = service.open_ticket(TicketRequest("m1", ME, "web", "repair", "normal", "指纹识别不了"))
    for step in ("in_progress", "resolved"):
        does(opened, step)
    asked(opened)
    return opened


def does(ticket, step, actor=LI):
    with session_scope() as session:
        return progress.move(session, ticket.number, step, actor)


def asked(ticket, ago=timedelta()):
    with session_scope() as session:
        assert progress.tell(session, progress.get(session, ticket.number))
        session.flush()
        progress.get(session, ticket.number).asked_at = utcnow() - ago


def silent_for(ticket, **time):
    with session_scope() as session:
        session.get(Ticket, ticket.id).asked_at = utcnow() - timedelta(**time)


def now(ticket):
    with session_scope() as session:
        return session.get(Ticket, ticket.id)


def history(ticket):
    return [(note.kind, note.data.get("by")) for note in now(ticket).notes]


def test_a_yes_closes_it_and_a_second_one_changes_nothing(ticket):
    assert service.confirm("yes", ME).status == "closed"
    assert service.confirm("yes", ME).status == service.confirm("yes again", ME).status == "closed"
    assert [kind for kind, _ in history(ticket)].count("closed") == 1
    assert now(ticket).told == "closed", "who says so need not be told"


def test_a_yes_to_what_is_still_being_worked_on_closes_nothing(ticket):
    service.reopen_ticket("no", ME, "还是识别不了")
    with pytest.raises(WrongState):
        service.confirm("yes", ME)


def test_a_no_gives_it_back_to_the_colleague_who_had_it_with_the_reason_and_a_new_clock(ticket):
    with session_scope() as session:
        session.get(Ticket, ticket.id).respond_by = utcnow() - timedelta(days=1)
    reopened = service.reopen_ticket("no", ME, "还是识别不了", ticket.number)
    assert (reopened.status, reopened.told) == ("assigned", "assigned")
    assert reopened.holder.data == {"by": LI.id, "name": LI.name}
    assert history(ticket)[-2:] == [("reopened", None), ("assigned", LI.id)]
    assert reopened.notes[-2].text == "还是识别不了"
    assert reopened.respond_by > utcnow() and reopened.asked_at is None


def test_what_nobody_had_is_new_again(installation):
    service.open_ticket(TicketRequest("m1", ME, "web", "repair", "normal", "坏了"))
    service.cancel_ticket("m2", ME)
    assert service.reopen_ticket("m3", ME, "又坏了").status == "new"


@pytest.mark.parametrize("rating", [1, 2])
@pytest.mark.parametrize("closed", [False, True])
def test_a_low_rating_takes_it_up_again_at_the_supervisors(ticket, rating, closed):
    if closed:
        service.confirm("yes", ME)
    priority = now(ticket).priority
    with session_scope() as session:
        session.get(Ticket, ticket.id).assignee_id = 7
    rated = service.rate("points", ME, rating, ticket.number)
    assert (rated.status, rated.rating, rated.told, rated.holder) == ("new", rating, "new", None)
    assert (rated.assignee_id, rated.left_by) == (None, 7), "who did the work does not get it again"
    assert rated.reserved, "a supervisor calls, as promised"
    assert rated.escalated_at is not None and rated.priority == priority - 1
    assert history(ticket)[-2:] == [("reopened", "rating"), ("escalated", "rating")]
    assert service.rate("points", ME, rating, ticket.number).notes[-1].kind == "escalated", "handled once"


@pytest.mark.parametrize("rating", [3, 5])
def test_good_points_say_that_it_is_solved(ticket, rating):
    assert service.rate("points", ME, rating).status == "closed"


def test_a_low_rating_of_what_was_over_long_ago_or_withdrawn_opens_nothing(ticket):
    service.confirm("yes", ME)
    with session_scope() as session:
        session.get(Ticket, ticket.id).changed_at = utcnow() - service.STILL_FRESH
    assert service.rate("points", ME, 1).status == "closed"
    other = service.open_ticket(TicketRequest("m2", ME, "web", "repair", "normal", "别的"))
    service.cancel_ticket("off", ME, other.number)
    rated = service.rate("more points", ME, 1, other.number)
    assert (rated.status, rated.escalated_at) == ("cancelled", None)


def test_silence_closes_after_the_set_time_and_not_before(ticket, monkeypatch):
    silent_for(ticket, days=2, hours=23)
    closing.close_silent()
    assert now(ticket).status == "resolved"
    silent_for(ticket, days=3)
    closing.close_silent()
    assert (now(ticket).status, now(ticket).told) == ("closed", "resolved"), (
        "the customer is still to be told"
    )
    assert history(ticket)[-1] == ("closed", "clock")


def test_the_time_is_a_setting(ticket, monkeypatch):
    monkeypatch.setenv("KEFU_CLOSE_AFTER_DAYS", "10")
    settings.cache_clear()
    silent_for(ticket, days=9)
    closing.close_silent()
    assert now(ticket).status == "resolved"


def test_nobody_is_closed_who_was_not_asked(ticket):
    service.reopen_ticket("no", ME, "没好")
    does(ticket, "resolved")
    with session_scope() as session:
        session.get(Ticket, ticket.id).asked_at = utcnow() - timedelta(days=9)
    closing.close_silent()
    assert now(ticket).status == "resolved"


def test_processes_that_close_at_once_close_it_once(ticket):
    silent_for(ticket, days=4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: closing.close_silent(), range(4)))
    assert [kind for kind, _ in history(ticket)].count("closed") == 1


def test_half_the_time_brings_one_reminder(ticket):
    def reminded():
        with session_scope() as session:
            return [closing.remind(session, one) for one in closing.unreminded(session)]

    assert reminded() == []
    silent_for(ticket, days=1, hours=13)
    with session_scope() as session:
        seen_by_another = closing.unreminded(session)
    assert (reminded(), reminded()) == ([True], [])
    with session_scope() as session:
        assert [closing.remind(session, one) for one in seen_by_another] == [False]


def test_who_has_answered_is_not_reminded(ticket):
    silent_for(ticket, days=2)
    with session_scope() as session:
        seen = closing.unreminded(session)
    service.confirm("yes", ME)
    with session_scope() as session:
        assert [closing.remind(session, one) for one in seen] == [False]
