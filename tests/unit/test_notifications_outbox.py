"""The outbox: once to each customer, when they may be told, by a channel that reaches them."""

from datetime import timedelta

import pytest

from kefu.conversations.ledger import Ledger
from kefu.conversations.models import Message
from kefu.db import session_scope, utcnow
from kefu.events import record
from kefu.notifications import outbox, service, subscriptions
from kefu.notifications.models import Notification
from kefu.notifications.sender import Conversation, NotSent, Unsure
from tests.notices import ALWAYS, heard, later, link, news, post, rows, says, subscriber, tell


class Platform(Conversation):
    """A platform that does as it is told, and keeps what it takes once for each key."""

    def __init__(self, *failures, reached=True):
        self.failures, self.reached, self.taken, self.asked = list(failures), reached, [], 0

    def reaches(self, session, address, row):
        return self.reached

    async def push(self, parcel, body):
        self.asked += 1
        failure = self.failures.pop(0) if self.failures else None
        if not isinstance(failure, NotSent) or failure.unsure:
            self.taken += [] if parcel.key in self.taken else [parcel.key]
        if failure:
            raise failure


async def test_news_reach_a_customer_once_for_each_key(installation):
    li = subscriber("li", "policies")
    assert tell(li, news("a"), news("a"), news("b")) == [True, False, True]
    sender = post()
    assert await sender.once() == 2
    assert await sender.once() == 0
    assert [row.state for row in rows(li)] == ["sent", "sent"]
    assert len(heard(li)) == 2
    assert rows(li)[0].seq and rows(li)[0].conversation == li.id


async def test_who_has_not_subscribed_is_not_told_unless_it_is_their_own_affair(installation):
    li = subscriber("li")
    tell(li, news("a"), news("b", "orders"))
    await post().once()
    assert [(row.state, row.reason) for row in rows(li)] == [("suppressed", "unsubscribed"), ("sent", None)]


async def test_quiet_hours_are_kept_in_the_customers_zone_and_critical_news_pass(installation):
    now = utcnow()
    begin, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 1))
    night = {"quiet_from": begin, "quiet_until": end}
    li = subscriber("li", "policies", zone="UTC", **night)
    wang = subscriber("wang", "policies", zone="Asia/Shanghai", **night)  # it is not that time there
    tell(li, news("a"), news("b", critical=True))
    tell(wang, news("a"))
    await post().once()
    held, critical = rows(li)
    assert (held.state, held.reason, critical.state) == ("queued", "quiet_hours", "sent")
    assert timedelta(minutes=58) < held.next_at - now < timedelta(minutes=61)
    assert len(heard(wang)) == 1


async def test_no_more_come_than_the_caps_allow(installation):
    li = subscriber("li", "policies", "offers")
    tell(li, news("a"), news("b"), news("c"), news("d", "offers"), news("e", "offers"), news("f", "orders"))
    await post().once()
    sent = sorted(row.topic for row in rows(li) if row.state == "sent")
    assert sent == ["offers", "orders", "policies", "policies"]
    held = [row for row in rows(li) if row.state == "queued"]
    assert {row.reason for row in held} == {"capped"}
    assert all(row.next_at > utcnow() + timedelta(hours=23) for row in held)


async def test_who_talks_with_a_colleague_is_not_interrupted(installation):
    li = subscriber("li", "policies")
    tell(li, news("a"), news("b", critical=True))
    await post(is_busy=lambda session, customer: customer == li.id).once()
    assert [(row.state, row.reason) for row in rows(li)] == [("queued", "busy"), ("sent", None)]
    later()
    await post().once()
    assert rows(li)[0].state == "sent"


async def test_a_failing_platform_is_tried_again_and_nothing_comes_twice(installation):
    li = subscriber("li", "policies", channel="app")
    tell(li, news("a"))
    platform = Platform(NotSent("status_500"), Unsure("TimeoutError"))
    sender = post({"app": platform})
    for state in ("failed", "failed", "sent"):
        await sender.once()
        assert rows(li)[0].state == state
        later()
    assert (len(platform.taken), platform.asked, len(heard(li))) == (1, 3, 1)


async def test_what_one_channel_refuses_for_good_goes_by_the_next(installation):
    li = subscriber("li", "policies", channel="app")
    web = subscriber("li-at-home", channel="web")
    link(web, li)
    says(li, "在吗")
    tell(li, news("a"))
    sender = post({"app": Platform(*[NotSent("status_410")] * 10)})
    for _ in range(8):
        await sender.once()
        later()
    (row,) = rows(li)
    assert (row.state, row.channel, row.avoid) == ("sent", "web", [li.id])


async def test_what_may_have_arrived_goes_nowhere_else_and_a_person_decides(installation):
    li = subscriber("li", "policies", channel="app")
    tell(li, news("a"))
    sender = post({"app": Platform(*[Unsure("TimeoutError")] * 6)})
    for _ in range(8):
        await sender.once()
        later()
    (row,) = rows(li)
    assert (row.state, row.reason, heard(li)) == ("dead", "TimeoutError", [])
    with session_scope() as session:
        assert service.again(session, [row.id]) == 1
    await sender.once()
    assert rows(li)[0].state == "sent"
    with session_scope() as session, pytest.raises(service.NotDead):
        service.again(session, [row.id])


async def test_without_quota_news_wait_and_expire(installation):
    li = subscriber("li", "policies", channel="wechat")
    tell(li, news("a"))
    platform = Platform(reached=False)
    await post({"wechat": platform}).once()
    assert (rows(li)[0].state, rows(li)[0].reason) == ("queued", "no_quota")
    later(next_at=utcnow(), expires_at=utcnow() - timedelta(seconds=1))
    await post({"wechat": platform}).once()
    assert (rows(li)[0].state, rows(li)[0].reason) == ("suppressed", "expired")


async def test_what_a_dead_sender_had_in_hand_is_taken_over_and_said_once(installation):
    li = subscriber("li", "policies")
    tell(li, news("a"))
    one, no = rows(li)[0].id, lambda *_: False
    with session_scope() as session:
        parcel = outbox.take(session, one, "dead", lambda *_: True, no)
    with session_scope() as session:
        assert outbox.take(session, one, "other", lambda *_: True, no) is None
    later(lease_until=utcnow() - timedelta(seconds=1))
    await post().once()
    # It was not dead after all, only slow.
    assert Ledger().push(li.id, {"text": "x"}, lambda session: outbox.mark_sent(session, parcel.id)) is None
    assert len(heard(li)) == 1


async def test_the_preferred_channel_comes_before_the_last_used(installation):
    li = subscriber("li", "policies", channel="app")
    web = subscriber("li-at-home", channel="web")
    link(web, li)
    says(li, "在吗")
    tell(li, news("a"))
    await post().once()
    with session_scope() as session:
        subscriptions.set_manner(session, li.id, channel="web", **ALWAYS)
    tell(li, news("b"))
    await post().once()
    assert [row.channel for row in rows(li)] == ["app", "web"]


async def test_two_identities_of_one_customer_are_told_once(installation):
    li = subscriber("li", "policies", channel="app")
    web = subscriber("li-at-home", "policies", channel="web")
    tell(li, news("a"))
    tell(web, news("a"))
    link(web, li)
    await post().once()
    states = [rows(one)[0].state for one in (li, web)]
    assert sorted(states) == ["sent", "suppressed"]


def test_events_become_notifications_once(installation):
    li = subscriber("li")
    with session_scope() as session:
        record(session, "order.shipped", li.id, number="JD10001")
        record(session, "order.looked_at", li.id)
    for made in (1, 0):
        with session_scope() as session:
            assert service.follow(session, utcnow()) == made
    (row,) = rows(li)
    assert (row.topic, row.response) == ("orders", "utter_push_order_shipped")
    assert row.facts["zh"] == {"number": "JD10001"}


def test_a_changed_policy_is_told_to_its_subscribers_once_with_what_it_applies_to(demo):
    li, wang = subscriber("li", "policies"), subscriber("wang", "offers")
    summary = {"zh": "整机保修延长到 4 年。", "en": "The warranty is now 4 years."}
    for told in (1, 0):
        with session_scope() as session:
            assert service.policy_changed(session, "智能门锁保修", summary) == told
    (row,) = rows(li)
    assert row.about["lines"] == ["智能门锁"] and row.facts["en"]["name"] == "Smart lock warranty"
    assert rows(wang) == []


async def test_what_the_platform_refused_is_dead_and_seen(installation):
    li = subscriber("li", "policies")
    tell(li, news("a"))
    await post().once()
    with session_scope() as session:
        session.query(Message).filter_by(direction="out").update({"delivery": "failed"})
    with session_scope() as session:
        service.track(session)
        assert [row.reason for row in service.look(session, ["dead"])] == ["not_delivered"]
        assert session.query(Notification).count() == 1
