"""Webhooks: who is told what, in which order, how often it is tried, and where nothing is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.events import Event, record, record_once
from kefu.webhooks import addresses, deliveries, service, signing
from kefu.webhooks.deliveries import DELAYS, Outcome
from kefu.webhooks.models import Delivery, Subscription
from tests import console as people
from tests.receiver import is_genuine

URL = "https://crm.example/kefu"


@pytest.fixture
def session(installation):
    with session_scope() as session:
        yield session


def subscribe(session, *kinds, url=URL):
    return service.subscribe(session, url, kinds or ("ticket.*",))


def due(session, subscription, owner="me"):
    """The kinds that would be sent now, one after another, all arriving."""
    sent = []
    while (delivery := deliveries.take(session, subscription.id, owner)) is not None:
        sent.append(delivery.kind)
        deliveries.settle(session, delivery.id, Outcome(204))
    return sent


def fails(session, subscription, outcome=None):
    """One vain try of what is next."""
    delivery = deliveries.take(session, subscription.id, "me")
    deliveries.settle(session, delivery.id, outcome or Outcome(500))
    return delivery


def pass_by(session, time):
    """Lets time pass for everything that waits."""
    for table, columns in ((Delivery, ("next_at", "created_at")), (Subscription, ("next_at", "lease_until"))):
        for row in session.scalars(select(table).execution_options(populate_existing=True)):
            for name in columns:
                if (at := getattr(row, name)) is not None:
                    setattr(row, name, at - time)
    session.flush()


def test_a_subscription_is_told_of_the_kinds_it_asked_for_and_of_nothing_before_it(session):
    record(session, "ticket.opened", "web-1", ticket="GD1")
    session.flush()
    session.execute(update(Event).values(at=utcnow() - timedelta(seconds=1)))
    some = subscribe(session, "ticket.opened", "handoff.*")
    record(session, "ticket.opened", "web-1", ticket="GD2")
    record(session, "ticket.urged", "web-1", ticket="GD2")
    record(session, "handoff.requested", "web-1", handoff=1)
    record(session, "turn.answered", "web-1")
    assert deliveries.follow(session) == 4
    assert due(session, some) == ["ticket.opened", "handoff.requested"]
    assert deliveries.follow(session) == 0


def test_a_fact_recorded_for_one_message_is_told_once(session):
    some = subscribe(session, "handoff.said")
    for _ in range(2):
        record_once(session, "handoff.said", "key", "web-1", handoff=1)
    deliveries.follow(session)
    assert due(session, some) == ["handoff.said"]


def test_only_what_others_may_be_told_of_is_marked(session):
    record(session, "turn.answered", "web-1")
    record_once(session, "turn.classified", "key", "web-1")
    session.flush()
    assert session.scalars(select(Event.pending)).all() == [None, None]


def test_what_is_sent_names_the_fact_without_words_or_numbers_of_customers(session, monkeypatch):
    some = subscribe(session)
    session.commit()
    number = people.ticket(people.customer("a"), "门锁打不开", phone="13800138000")
    deliveries.follow(session)
    delivery = deliveries.take(session, some.id, "me")
    assert number in delivery.body and people.customer("a").id in delivery.body
    assert "门锁" not in delivery.body and "13800138000" not in delivery.body


def test_a_short_failure_keeps_the_order(session):
    some = subscribe(session)
    for kind in ("ticket.opened", "ticket.urged"):
        record(session, kind, "web-1")
    deliveries.follow(session)
    for delay in DELAYS[:2]:
        assert fails(session, some).kind == "ticket.opened"
        assert deliveries.take(session, some.id, "me") is None
        pass_by(session, delay * 1.2)
    assert due(session, some) == ["ticket.opened", "ticket.urged"]


def test_what_is_refused_for_long_does_not_hold_up_the_others(session):
    some = subscribe(session)
    for kind in ("ticket.opened", "ticket.urged"):
        record(session, kind, "web-1")
    deliveries.follow(session)
    for delay in DELAYS[:3]:
        fails(session, some)
        pass_by(session, min(delay * 1.2, deliveries.LONGEST_REST))
    assert due(session, some) == ["ticket.urged"]


def test_a_delivery_is_given_up_after_about_a_day(session):
    some = subscribe(session)
    record(session, "ticket.opened", "web-1")
    deliveries.follow(session)
    assert timedelta(hours=20) < sum(DELAYS, timedelta()) < timedelta(hours=26)
    for delay in (*DELAYS, timedelta()):
        delivery = fails(session, some)
        wait = delivery.next_at - utcnow()
        assert delay * 0.79 < wait < delay * 1.21 or delivery.state == "failed"
        assert delivery.state == ("failed" if delivery.tries > len(DELAYS) else "due")
        pass_by(session, max(delay * 1.21, deliveries.LONGEST_REST))
    assert due(session, some) == []


def test_a_failing_subscription_is_marked_and_hurries_when_its_receiver_is_back(session):
    some = subscribe(session)
    for kind in ("ticket.opened", "ticket.urged"):
        record(session, kind, "web-1")
    deliveries.follow(session)
    while some.failures < deliveries.MARKED_AFTER:
        fails(session, some)
        pass_by(session, DELAYS[min(some.failures, 5)])
    from kefu.console import views

    assert views.webhook(some)["state"] == "failing" and some.failing_since
    now, later = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    now.next_at, later.next_at, some.next_at = utcnow(), utcnow() + timedelta(hours=5), None
    session.flush()
    assert sorted(due(session, some)) == ["ticket.opened", "ticket.urged"]
    assert views.webhook(some)["state"] == "ok" and some.failing_since is None


def test_gone_switches_off_and_switching_on_sends_what_waited(session):
    some = subscribe(session)
    for kind in ("ticket.opened", "ticket.urged"):
        record(session, kind, "web-1")
    deliveries.follow(session)
    fails(session, some, Outcome(410))
    assert (some.active, some.ended) == (False, "gone")
    assert deliveries.ready(session) == [] and deliveries.take(session, some.id, "me") is None
    record(session, "ticket.rated", "web-1")
    deliveries.follow(session)
    service.change(session, some.id, active=True)
    assert due(session, some) == ["ticket.urged"] and some.ended is None


def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(session):
    some = subscribe(session)
    record(session, "ticket.opened", "web-1")
    deliveries.follow(session)
    fails(session, some, Outcome(429, wait=timedelta(minutes=30)))
    pass_by(session, timedelta(minutes=29))
    assert deliveries.ready(session) == []
    pass_by(session, timedelta(minutes=2))
    assert deliveries.ready(session) == [some.id]


def test_one_process_sends_to_a_subscription_until_it_gives_it_back_or_dies(session):
    some = subscribe(session)
    record(session, "ticket.opened", "web-1")
    deliveries.follow(session)
    assert deliveries.take(session, some.id, "me") is not None
    assert deliveries.take(session, some.id, "you") is None and deliveries.ready(session) == []
    deliveries.release(session, some.id, "you")
    assert deliveries.take(session, some.id, "you") is None
    pass_by(session, deliveries.LEASE * 2)
    assert deliveries.ready(session) == [some.id]
    assert deliveries.take(session, some.id, "you") is not None


def test_a_delivery_is_sent_again_under_its_own_id(session):
    some = subscribe(session)
    sent = service.test(session, some.id)
    assert due(session, some) == ["webhook.tested"]
    service.again(session, some.id, sent.id)
    again = deliveries.take(session, some.id, "me")
    assert (again.id, again.message_id, again.tries) == (sent.id, sent.message_id, 0)


def test_the_log_shows_the_last_hundred_and_old_ones_are_forgotten(session):
    some = subscribe(session)
    made = [service.test(session, some.id) for _ in range(service.LOG + 1)]
    shown = service.log(session, some.id)
    assert [one.id for one in shown] == [one.id for one in made[:0:-1]]
    made[0].created_at -= deliveries.KEPT * 2
    session.flush()
    deliveries.prune(session)
    session.expire_all()
    assert session.query(Delivery).count() == service.LOG


def test_what_is_signed_is_checked_by_the_specification_alone():
    secret, body = signing.new_secret(), b'{"kind":"ticket.opened"}'
    headers = signing.headers(secret, "msg_1", utcnow(), body)
    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body + b" ")
    assert not is_genuine(signing.new_secret(), headers, body)
    assert not is_genuine(secret, {**headers, "webhook-id": "msg_2"}, body)
    old = signing.headers(secret, "msg_1", utcnow() - timedelta(minutes=6), body)
    assert not is_genuine(secret, old, body)


def test_the_signature_is_that_of_the_specifications_example():
    from datetime import datetime, timezone

    at = datetime.fromtimestamp(1614265330, timezone.utc).replace(tzinfo=None)
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = signing.headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


PUBLIC = ["https://crm.example/kefu", "http://93.184.216.34:8080/x?y=1", "https://[2606:4700::1111]/"]
PRIVATE = [
    "http://127.0.0.1/", "http://10.0.0.8/", "http://192.168.1.1/", "http://172.16.0.1/", "http://[::1]/",
    "http://[::ffff:10.0.0.1]/", "http://localhost:80/", "http://[fd00::1]/", "http://100.64.0.1/",
]  # fmt: skip
NEVER = [
    "http://169.254.169.254/latest", "http://[fe80::1]/", "http://0.0.0.0/", "http://224.0.0.1/",
    "http://127.0.0.01/", "ftp://crm.example/", "file:///etc/passwd", "https://u:p@crm.example/",
    "https://crm.example/#x", "https:///x", "https://crm.example/a b", "https://crm.example:99999/",
    "http://[::ffff:169.254.169.254]/", "https://crm.example/长", "crm.example",
]  # fmt: skip


@pytest.mark.parametrize("url, outside, inside", [
    *((url, True, True) for url in PUBLIC),
    *((url, False, True) for url in PRIVATE),
    *((url, False, False) for url in NEVER),
])  # fmt: skip
def test_an_address_is_allowed_or_not(url, outside, inside):
    for private, allowed in ((False, outside), (True, inside)):
        try:
            addresses.check(url, private)
            assert allowed
        except addresses.Forbidden:
            assert not allowed


async def test_a_name_that_leads_inside_is_not_followed():
    for private in (False, True):
        resolver = addresses.Guarded(private)
        try:
            found = await resolver.resolve("localhost", 80, 0)
            assert private and {one["host"] for one in found} <= {"127.0.0.1", "::1"}
        except addresses.Forbidden:
            assert not private
        await resolver.close()


@pytest.mark.parametrize(
    "url, kinds, field",
    [("http://127.0.0.1/", ["ticket.*"], "url"), (URL, ["turn.*"], "kinds"), (URL, [], "kinds"),
     (URL, ["ticket.* "], "kinds")],
)  # fmt: skip
def test_a_subscription_that_cannot_be_is_refused_with_the_field_named(session, url, kinds, field):
    with pytest.raises(service.WebhookError) as error:
        service.subscribe(session, url, kinds)
    assert error.value.field == field


def test_a_setting_allows_private_addresses(installation, monkeypatch):
    monkeypatch.setenv("KEFU_WEBHOOK_PRIVATE", "1")
    settings.cache_clear()
    with session_scope() as session:
        assert service.subscribe(session, "http://10.0.0.8/kefu", ["ticket.*"]).id


def test_there_are_no_more_subscriptions_than_can_be_served(session):
    for _ in range(service.MAX_SUBSCRIPTIONS):
        subscribe(session)
    with pytest.raises(service.WebhookError):
        subscribe(session)


def test_an_ended_subscription_takes_its_deliveries_along(session):
    some = subscribe(session)
    service.test(session, some.id)
    service.remove(session, some.id)
    session.flush()
    assert session.query(Delivery).count() == 0
    with pytest.raises(service.NoSuchWebhook):
        service.get(session, some.id)
