"""What the platform lets us send, and deliveries that go out once."""

from datetime import timedelta

import pytest
from sqlalchemy import exists

from kefu.channels.wechat import quota
from kefu.channels.wechat.models import WechatGrant, WechatHold
from kefu.conversations import deliveries
from kefu.conversations.deliveries import put_back, settle, take
from kefu.conversations.models import Message
from kefu.customers.service import Sender
from kefu.db import utcnow
from tests.web_server import ledger_on

ME = Sender("wechat-a", "wechat", "oA")


@pytest.fixture
def ledger(tmp_path):
    made = ledger_on(tmp_path / "kefu.db")
    made.pushed.add("wechat")
    return made


@pytest.fixture
def session(ledger):
    with ledger.scope() as session:
        yield session


def test_five_messages_may_follow_one_of_the_customer(session):
    assert not quota.spend(session, "a")
    quota.grant(session, "a", "message")
    assert [quota.spend(session, "a") for _ in range(6)] == [True] * 5 + [False]
    quota.grant(session, "a", "message")
    assert quota.left(session, "a") == 5 and quota.left(session, "b") == 0


def test_grants_do_not_add_up(session):
    quota.grant(session, "a", "message")
    quota.grant(session, "a", "event")
    assert quota.left(session, "a") == 5
    for _ in range(4):
        quota.spend(session, "a")
    assert quota.left(session, "a") == 1
    quota.grant(session, "a", "event")
    assert quota.left(session, "a") == 3


def test_a_grant_ends_with_its_time(session):
    quota.grant(session, "a", "event")
    session.get(WechatGrant, ("a", "event")).until = utcnow() - timedelta(seconds=1)
    session.flush()
    assert quota.left(session, "a") == 0 and not quota.spend(session, "a")


def test_what_the_platform_denies_is_gone(session):
    quota.grant(session, "a", "message")
    quota.void(session, "a")
    assert quota.left(session, "a") == 0


@pytest.fixture
def answered(ledger):
    """A message with two bubbles, its answer complete."""
    ledger.accept(ME, "1", {"text": "hi"})
    ledger.claim(ME.id, "p", 10)
    ledger.finish(ME.id, 1, [{"text": "one"}, {"text": "two"}])
    return ledger


TAKE = deliveries.taking()


def taken(ledger, by, how=TAKE):
    with ledger.scope() as session:
        return [entry.body["text"] for entry in take(session, how, ME.id, "wechat", by)]


def test_only_one_takes_what_is_due(answered):
    assert taken(answered, "first") == ["one", "two"]
    assert taken(answered, "second") == []


def test_nothing_overtakes_what_is_being_sent(answered):
    taken(answered, "first")
    answered.record(ME.id, {"text": "push"})
    assert taken(answered, "second") == []
    with answered.scope() as session:
        settle(session, deliveries.taken_by(session, ME.id, "first"), "sent")
    assert taken(answered, "third") == ["push"]


def test_what_is_put_back_waits_unless_hurried(answered):
    with answered.scope() as session:
        put_back(
            session, take(session, TAKE, ME.id, "wechat", "first"), utcnow() + timedelta(hours=1), tried=True
        )
    assert taken(answered, "second") == []
    with answered.scope() as session:
        assert deliveries.due_to(session, "wechat") == []
        deliveries.hurry(session, ME.id, "wechat")
        assert deliveries.due_to(session, "wechat") == [ME.id]
    assert taken(answered, "third") == ["one", "two"]


def test_a_further_condition_holds_in_the_same_statement(answered):
    held = exists().where(WechatHold.identity == ME.id, WechatHold.until > utcnow())
    with answered.scope() as session:
        session.add(WechatHold(id="h", identity=ME.id, client_id="1", until=utcnow() + timedelta(seconds=5)))
    assert taken(answered, "push", deliveries.taking(~held)) == []
    assert taken(answered, "reply") == ["one", "two"]


def died(ledger):
    """What the process that died had in its hands was taken long ago."""
    with ledger.scope() as session:
        assert deliveries.give_up_on_the_dead(session, "wechat") == []
        for row in session.query(Message).filter(Message.delivery.in_(("taken", "sending"))):
            row.delivery_at = utcnow() - deliveries.LONGEST_SENDING - timedelta(seconds=1)
    with ledger.scope() as session:
        return [entry.body["text"] for entry in deliveries.give_up_on_the_dead(session, "wechat")]


def test_what_a_dead_process_was_sending_is_not_sent_again_but_what_it_had_not_begun_is(answered):
    with answered.scope() as session:
        first, _ = take(session, TAKE, ME.id, "wechat", "dead")
        assert deliveries.begin(session, [first], "dead")
    assert taken(answered, "meanwhile") == []
    assert died(answered) == ["one"]
    assert taken(answered, "next") == ["two"]


def test_who_held_a_bubble_for_too_long_no_longer_sends_it(answered):
    with answered.scope() as session:
        slow = take(session, TAKE, ME.id, "wechat", "slow")
    assert died(answered) == []
    assert taken(answered, "next") == ["one", "two"]
    with answered.scope() as session:
        assert not deliveries.begin(session, slow, "slow")
        assert deliveries.begin(session, slow, "next")
