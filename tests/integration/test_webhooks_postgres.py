"""What PostgreSQL does differently: rows of the event log appear out of order, and processes race."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu import db
from kefu.config import settings
from kefu.console.open import once, tokens
from kefu.console.refusals import Refusal
from kefu.db import session_scope
from kefu.events import record
from kefu.webhooks import deliveries, service
from kefu.webhooks.models import Delivery
from tests import postgres


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    programs = postgres.find()
    if not programs:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEFU_DATABASE_URL", url)
        patch.setenv("KEFU_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        forget()
        db.migrate()
        yield db.engine()
        patch.undo()
        forget()


def forget():
    settings.cache_clear()
    if db.engine.cache_info().currsize:
        db.engine().dispose()
    db.engine.cache_clear()


def follow(_=None) -> int:
    with session_scope() as session:
        return deliveries.follow(session)


def told(subscription) -> list[str]:
    query = select(Delivery.kind).where(Delivery.subscription_id == subscription.id).order_by(Delivery.id)
    with session_scope() as session:
        return session.scalars(query).all()


@pytest.fixture
def subscription(database):
    with session_scope() as session:
        return service.subscribe(session, "https://crm.example/", ["ticket.*"])


def test_an_event_that_appears_after_a_later_one_is_not_lost(database, subscription):
    with Session(database, future=True) as slow:
        first = record(slow, "ticket.opened", "web-1")
        slow.flush()
        with session_scope() as quick:
            second = record(quick, "ticket.urged", "web-2")
            quick.flush()
            assert second.id > first.id
        follow()
        assert told(subscription) == ["ticket.urged"]
        slow.commit()
    follow()
    assert told(subscription) == ["ticket.urged", "ticket.opened"]


def test_processes_that_follow_at_the_same_moment_tell_everything_once(database, subscription):
    with session_scope() as session:
        for i in range(300):
            record(session, "ticket.opened", f"web-{i}")
    with ThreadPoolExecutor(4) as pool:
        while any(pool.map(follow, range(4))):
            pass
    assert len(told(subscription)) == 300


def test_of_processes_that_would_send_at_the_same_moment_one_does(database, subscription):
    with session_scope() as session:
        service.test(session, subscription.id)

    def take(owner: int):
        with session_scope() as session:
            return deliveries.take(session, subscription.id, str(owner))

    with ThreadPoolExecutor(6) as pool:
        assert len([one for one in pool.map(take, range(6)) if one is not None]) == 1


def test_of_the_same_calls_at_the_same_moment_one_begins(database):
    with session_scope() as session:
        token_id = tokens.create(session, "crm", ["webhooks"])[0].id

    def begin(_):
        try:
            return once.begin(token_id, "key", "POST", "/x", b"{}")
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(6) as pool:
        begun = list(pool.map(begin, range(6)))
    assert begun.count("in_progress") == 5
