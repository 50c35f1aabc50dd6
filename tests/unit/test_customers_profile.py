"""What is known of customers: learned from what they say and do, merged, corrected, fading."""

from datetime import timedelta

import pytest

from kefu.customers import learning, profile, service
from kefu.customers.learning import learn
from kefu.customers.models import CustomerFact
from kefu.customers.service import Sender
from kefu.customers.speech import speech
from kefu.db import session_scope, utcnow
from kefu.events import Event
from kefu.rulebook import RuleError

LIN, PHONE = "web-lin", "app-lin"


@pytest.fixture
def people(installation):
    with session_scope() as session:
        for identity in (LIN, PHONE):
            service.arrive(session, Sender(identity, identity.partition("-")[0]))


def tell(identity, name, value, weight=1.0):
    with session_scope() as session:
        profile.tell(session, identity, name, value, weight, "event:1")


def known(identity):
    with session_scope() as session:
        return profile.profile_of(session, identity)


def happened(count=1, *, mood="neutral", days_ago=1.0, path="智能门锁/指纹开锁/识别失败", channel="web"):
    with session_scope() as session:
        for _ in range(count):
            data = {"mood": mood, "path": path, "channel": channel, "language": "zh"}
            at = utcnow() - timedelta(days=days_ago)
            session.add(Event(kind="turn.categorised", customer=LIN, data=data, at=at))


@pytest.mark.parametrize(
    ("text", "named", "theirs"),
    [
        ("我的L3打不开了", "L3", True),
        ("我家用的 R1 老掉线", "R1", True),
        ("家里的L3密码怎么改", "L3", True),
        ("我有一台V5，想配个音箱", "V5", True),
        ("刚买了L3", "L3", True),
        ("L3是我上个月买的", "L3", True),
        ("my L3 does not open", "L3", True),
        ("I have an R1 at home", "R1", True),
        ("我想买L3", "L3", False),
        ("我家想装个L3", "L3", False),
        ("L3多少钱", "L3", False),
        ("L3和L1哪个好", "L3", False),
        ("我没有L3", "L3", False),
        ("我朋友家的L3好用吗", "L3", False),
        ("我家R1想换成L3", "L3", False),
        ("I want to buy an L3", "L3", False),
    ],
)
def test_what_is_owned_is_told_from_what_is_only_asked_about(text, named, theirs):
    start = text.index(named)
    assert speech().owned(text, start, start + len(named)) is theirs


def test_a_mistake_in_the_rules_is_named_with_its_line(tmp_path):
    faulty = tmp_path / "profile.yml"
    faulty.write_text('profile:\n  owns_before: ["("]\n', encoding="utf-8")
    with pytest.raises(RuleError, match="profile.yml, line 2: profile > owns_before"):
        speech(faulty)


def test_what_was_told_is_known_at_once_with_source_and_date(people):
    tell(LIN, "device", "L3")
    fact = known(LIN).known("device", "L3")
    assert known(LIN).devices == ("L3",)
    assert (fact.source, fact.weight) == ("event:1", pytest.approx(1, abs=0.01))
    assert utcnow() - fact.at < timedelta(minutes=1)


def test_a_profile_follows_linking_and_unlinking(people):
    tell(LIN, "device", "L3")
    tell(PHONE, "device", "R1")
    with session_scope() as session:
        target = service.identities(session, LIN)[0].customer_id
        service.link(session, PHONE, target, "code")
    assert set(known(LIN).devices) == set(known(PHONE).devices) == {"L3", "R1"}
    with session_scope() as session:
        service.unlink(session, PHONE)
    assert (known(LIN).devices, known(PHONE).devices) == (("L3",), ("R1",))


def test_the_event_log_is_read_once(people):
    happened(3)
    assert learn() == 3
    assert learn() == 0
    fact = known(LIN).known("topic", "智能门锁/指纹开锁/识别失败")
    assert fact.weight == pytest.approx(3, rel=0.05)
    happened()
    assert learn() == 1
    assert known(LIN).known("topic", fact.value).weight == pytest.approx(4, rel=0.05)
    assert (known(LIN).channel, known(LIN).language, len(known(LIN).hours)) == ("web", "zh", 1)


def test_events_that_others_may_still_be_writing_before_are_left_for_the_next_time(people):
    happened(days_ago=0)
    assert learn() == 0


def test_many_events_are_read_in_parts(people, monkeypatch):
    monkeypatch.setattr(learning, "_BATCH", 4)
    happened(10)
    assert learn() == 10


def test_what_is_old_counts_less(people):
    happened(4, channel="app", days_ago=360)
    happened(2, channel="web")
    learn()
    assert known(LIN).channel == "web"


@pytest.mark.parametrize(
    ("before", "lately", "trend"),
    [("happy", "angry", "worse"), ("angry", "happy", "better"), ("neutral", "neutral", "steady")],
)
def test_the_mood_has_a_trend(people, before, lately, trend):
    happened(5, mood=before, days_ago=90)
    happened(3, mood=lately)
    learn()
    assert known(LIN).trend == trend


def test_who_never_spoke_has_an_empty_profile(people):
    empty = known("web-nobody")
    assert (empty.devices, empty.mood, empty.trend, empty.level, empty.facts) == (
        (),
        None,
        "steady",
        "normal",
        (),
    )


def test_what_was_denied_stays_denied_until_it_is_told_again(people):
    tell(LIN, "device", "L3")
    with session_scope() as session:
        profile.correct(session, LIN, "device", "L3", right=False, by="customer")
        old = learning.Evidence(LIN, "device", "L3", utcnow() - timedelta(days=1), 1.0, "event:0")
        learning.note(session, [old])
    assert known(LIN).devices == ()
    tell(LIN, "device", "L3")
    assert known(LIN).devices == ("L3",)


def test_a_denial_holds_for_every_linked_identity(people):
    tell(PHONE, "device", "L3")
    with session_scope() as session:
        service.link(session, PHONE, service.identities(session, LIN)[0].customer_id, "code")
        profile.correct(session, LIN, "device", "L3", right=False, by="account:7")
        profile.correct(session, LIN, "device", "L1", right=True, by="account:7")
    assert known(PHONE).devices == ("L1",)
    assert known(LIN).known("device", "L1").corrected_by == "account:7"


def test_an_unknown_kind_of_fact_is_refused(people):
    with session_scope() as session, pytest.raises(ValueError, match="'shoe' is not one of device, city"):
        profile.correct(session, LIN, "shoe", "44", right=True, by="customer")


def test_facts_are_kept_once_per_identity(people):
    tell(LIN, "device", "L3")
    tell(LIN, "device", "L3")
    with session_scope() as session:
        assert session.query(CustomerFact).count() == 1
