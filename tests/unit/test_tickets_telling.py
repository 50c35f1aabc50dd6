"""What a customer hears of a ticket: who has it, what comes next, by when."""

from datetime import datetime, timedelta

import pytest

from kefu.db import session_scope, utcnow
from kefu.tickets import progress, service, telling
from kefu.tickets.models import Ticket
from kefu.tickets.service import TicketRequest
from kefu.tickets.steps import Actor

#: Sunday 22 November 2026, noon in Shanghai.
NOON = datetime(2026, 11, 22, 4)


@pytest.mark.parametrize(
    ("ahead", "zh", "en"),
    [
        ({"hours": 6}, "今天18点前", "by 18:00 today"),
        ({"hours": 6, "minutes": 20}, "今天18:20前", "by 18:20 today"),
        ({"hours": 22}, "明天上午", "tomorrow morning"),
        ({"hours": 27}, "明天下午", "tomorrow afternoon"),
        ({"days": 1, "hours": 8}, "明天晚上", "tomorrow evening"),
        ({"days": 4, "hours": 3}, "周四下午", "on Thursday afternoon"),
        ({"days": 6}, "周六下午", "on Saturday afternoon"),
        ({"days": 7}, "11月29日前", "by 2026-11-29"),
    ],
)
def test_a_time_is_said_as_a_person_says_it(ahead, zh, en):
    moment = NOON + timedelta(**ahead)
    assert (telling.when(moment, "zh", NOON), telling.when(moment, "en", NOON)) == (zh, en)


def test_the_next_day_begins_at_the_companys_midnight():
    late = datetime(2026, 11, 22, 15, 30)  # half past eleven at night in Shanghai
    assert telling.when(late + timedelta(hours=10), "zh", late) == "明天上午"


def ticket(status="new", **ahead):
    times = {name: NOON + timedelta(hours=hours) for name, hours in ahead.items()}
    return Ticket(number="GD1", status=status, **times)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("new", "同事会在今天14点前联系您"), ("assigned", "负责的同事会在今天14点前联系您"),
        ("in_progress", "同事正在处理，会在今天18点前给您结果"),
    ],
)  # fmt: skip
def test_what_is_ours_to_do_is_said_with_its_time(status, said):
    assert telling.next_step(ticket(status, respond_by=2, resolve_by=6), "zh", NOON) == said


@pytest.mark.parametrize("status", ["waiting", "resolved", "closed", "cancelled"])
def test_what_is_the_customers_to_do_has_no_time(status):
    said = telling.next_step(ticket(status, respond_by=2, resolve_by=6), "zh", NOON)
    assert "14点" not in said and "18点" not in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_time_that_has_passed_is_never_promised_and_the_apology_is_true(language):
    late = ticket(respond_by=-1)
    apology = telling.rules().labels.late["new"].get(language)
    assert telling.next_step(late, language, NOON) == telling.rules().labels.next_steps["new"].get(language)
    late.escalated_at = NOON
    assert telling.next_step(late, language, NOON) == apology


def test_who_asks_for_what_is_late_has_it_passed_on_once(installation):
    opened = service.open_ticket(TicketRequest("m1", "web-me", "web", "repair", "normal", "坏了"))
    assert service.look_at("web-me").escalated_at is None
    with session_scope() as session:
        session.get(Ticket, opened.id).respond_by = utcnow() - timedelta(minutes=1)
    first = service.look_at("web-me")
    assert first.escalated_at is not None and first.notes[-1].data == {"by": "clock", "why": "late"}
    assert [note.kind for note in service.look_at("web-me").notes] == ["opened", "escalated"]


def test_the_customer_hears_who_has_it(installation):
    opened = service.open_ticket(TicketRequest("m1", "web-me", "web", "repair", "normal", "坏了"))
    assert telling.facts(opened, "zh")["holder"] == "等待分派"
    with session_scope() as session:
        taken = progress.move(session, opened.number, "assigned", Actor("agent", "account:1", "李晓雨"))
    assert telling.facts(taken, "zh")["holder"] == telling.facts(taken, "en")["holder"] == "李晓雨"
