"""What customers choose moves entries a little."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from kefu.db import session_scope, utcnow
from kefu.events import Event, record
from kefu.knowledge import clicks
from kefu.knowledge.clicks import MOST, Signs


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """No transaction is open from before."""
    monkeypatch.setattr(clicks, "_SETTLED", timedelta(0))


def happens(kind, times, **data):
    with session_scope() as session:
        for _ in range(times):
            record(session, kind, "web-1", **data)


def read_on(signs):
    with session_scope() as session:
        return signs.follow(session)


def test_many_choices_move_an_entry_and_few_do_not(installation):
    happens("option.chosen", 40, ref="faq:b", over=["faq:a"])
    happens("answer.helped", 3, ref="faq:c")
    signs = Signs()
    assert read_on(signs)
    bonuses = signs.bonuses()
    assert set(bonuses) == {"faq:a", "faq:b"}
    assert -MOST < bonuses["faq:a"] < 0 < bonuses["faq:b"] < MOST


def test_each_sign_counts_once_however_often_the_log_is_read(installation):
    signs = Signs()
    happens("answer.helped", 10, ref="faq:a")
    assert read_on(signs) and not read_on(signs)
    happens("answer.helped", 10, ref="faq:a")
    assert read_on(signs)
    anew = Signs()
    read_on(anew)
    assert signs.bonuses() == anew.bonuses() == {"faq:a": pytest.approx(MOST * 20 / 40)}


def test_what_may_not_be_written_yet_is_left_for_the_next_time(installation, monkeypatch):
    monkeypatch.setattr(clicks, "_SETTLED", timedelta(hours=1))
    signs = Signs()
    happens("answer.helped", 10, ref="faq:a")
    assert not read_on(signs)
    monkeypatch.setattr(clicks, "_SETTLED", timedelta(0))
    assert read_on(signs) and signs.bonuses()


def test_signs_of_long_ago_are_let_go(installation, monkeypatch):
    signs = Signs()
    happens("answer.helped", 10, ref="faq:a")
    with session_scope() as session:
        session.execute(update(Event).values(at=utcnow() - timedelta(days=80)))
    assert read_on(signs) and signs.bonuses()
    later = utcnow() + timedelta(days=20)
    monkeypatch.setattr(clicks, "utcnow", lambda: later)
    assert read_on(signs) and not signs.bonuses()
