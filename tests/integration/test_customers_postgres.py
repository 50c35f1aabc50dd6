"""Linking on PostgreSQL, where several transactions really run at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from kefu import db
from kefu.config import settings
from kefu.conversations.ledger import Ledger
from kefu.customers import learning, profile, proofs, service
from kefu.customers.models import Customer, Identity, PhoneCode, ProfileCursor
from kefu.customers.service import Sender
from kefu.events import Event
from kefu.recommendations import feedback
from tests import postgres


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    programs = postgres.find()
    if not programs:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEFU_DATABASE_URL", url)
        patch.setenv("KEFU_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        _forget()
        db.migrate()
        yield db.engine()
        db.engine().dispose()
    _forget()


def _forget():
    settings.cache_clear()
    db.engine.cache_clear()


def people(*names):
    with db.session_scope() as session:
        for name in names:
            service.arrive(session, Sender(name, name.partition("-")[0]))
    return names


def at_once(*tasks):
    """Runs tasks at the same moment, each as a turn does: again if the database gave one up for another."""
    start = Barrier(len(tasks))

    def run(task):
        start.wait()
        for _ in range(3):
            try:
                return task()
            except DBAPIError:
                continue
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def link(identity, to):
    with db.session_scope() as session:
        service.link(session, identity, session.get(Identity, to).customer_id, "code")


def unlink(identity):
    with db.session_scope() as session:
        return service.unlink(session, identity)


def circle(identity):
    with db.session_scope() as session:
        return set(service.circle(session, identity))


def no_customer_speaks_in_anothers_conversation():
    with db.session_scope() as session:
        for customer in session.scalars(select(Customer)):
            homes = set(session.scalars(select(Identity.id).where(Identity.customer_id == customer.id)))
            if homes and customer.conversation not in homes:
                return False
    return True


@pytest.mark.parametrize("round", range(8))
def test_two_who_link_with_each_other_at_once_are_one(database, round):
    one, other = people(f"web-{round}", f"app-{round}")
    at_once(lambda: link(one, other), lambda: link(other, one))
    assert circle(one) == {one, other}
    assert no_customer_speaks_in_anothers_conversation()


@pytest.mark.parametrize("round", range(8))
def test_links_in_a_ring_lose_nobody(database, round):
    a, b, c = people(f"web-r{round}", f"app-r{round}", f"wechat-r{round}")
    at_once(lambda: link(a, b), lambda: link(b, c), lambda: link(c, a))
    assert circle(a) == {a, b, c}
    assert no_customer_speaks_in_anothers_conversation()


@pytest.mark.parametrize("round", range(5))
def test_a_link_and_an_undoing_at_once_end_as_if_one_after_the_other(database, round):
    a, b, c = people(f"web-u{round}", f"app-u{round}", f"wechat-u{round}")
    link(a, b)
    at_once(lambda: unlink(b), lambda: link(c, a))
    assert circle(b) in ({b}, {b, c}) and circle(a) in ({a}, {a, c})
    assert no_customer_speaks_in_anothers_conversation()


@pytest.mark.parametrize("round", range(5))
def test_two_who_prove_one_phone_at_once_are_one(database, round):
    one, other = people(f"web-p{round}", f"app-p{round}")
    codes = {}
    with db.session_scope() as session:
        for identity in (one, other):
            codes[identity] = proofs.start_phone_proof(session, identity, f"1380013800{round}")[1]
    at_once(lambda: proofs.confirm_phone(one, codes[one]), lambda: proofs.confirm_phone(other, codes[other]))
    assert circle(one) == {one, other}


def test_wrong_codes_given_at_once_are_all_counted(database):
    (one,) = people("web-w")
    with db.session_scope() as session:
        code = proofs.start_phone_proof(session, one, "13900139000")[1]

    def guess():
        try:
            proofs.confirm_phone(one, f"{(int(code) + 1) % 10**6:06d}")
        except proofs.CodeRefused as refused:
            return type(refused)

    refused = at_once(*[guess] * 8)
    assert refused.count(proofs.WrongCode) == 4 and refused.count(proofs.TooManyTries) == 4
    with db.session_scope() as session:
        assert session.scalars(select(PhoneCode.attempts).where(PhoneCode.identity_id == one)).one() == 8


def test_one_code_redeemed_by_two_at_once_is_good_for_one(database):
    issuer, one, other = people("web-i", "app-i", "wechat-i")
    with db.session_scope() as session:
        code = proofs.issue_link_code(session, issuer)

    def redeem(identity):
        with db.session_scope() as session:
            return proofs.redeem_link_code(session, identity, code)

    assert at_once(lambda: redeem(one), lambda: redeem(other)).count(None) == 1
    assert len(circle(issuer)) == 2


@pytest.mark.parametrize("round", range(5))
def test_messages_that_come_in_during_a_link_are_kept_and_wait_for_an_answer(database, round):
    one, other = people(f"web-m{round}", f"app-m{round}")
    ledger = Ledger()

    def says(number):
        return ledger.accept(Sender(one, "web"), f"id-{number}", {"text": str(number)})[0]

    at_once(lambda: link(one, other), *[lambda n=n: says(n) for n in range(4)])
    told = [entry for place in (one, other) for entry in ledger.after(place, 0, 99)]
    assert sorted(entry.body["text"] for entry in told) == ["0", "1", "2", "3"]
    assert {entry.conversation for entry in told} <= set(ledger.waiting())


def test_what_is_told_at_once_is_all_counted_and_each_event_read_once(database):
    (me,) = people("web-told")
    with db.session_scope() as session:
        before = session.scalar(select(func.max(Event.id))) or 0
        session.execute(update(ProfileCursor).values(event_id=before))
        for _ in range(30):
            at = db.utcnow() - timedelta(days=1)
            session.add(Event(kind="turn.categorised", customer=me, data={"channel": "web"}, at=at))

    def tell():
        with db.session_scope() as session:
            profile.tell(session, me, "device", "L3", 1.0, "event:1")

    at_once(*[tell] * 6, learning.learn, learning.learn)
    with db.session_scope() as session:
        known = profile.profile_of(session, me)
    assert known.known("device", "L3").weight == pytest.approx(6, rel=0.01)
    assert known.known("channel", "web").weight == pytest.approx(30, rel=0.02)


def test_outcomes_at_once_are_all_counted(database):
    def show(number):
        with db.session_scope() as session:
            feedback.note(session, f"message {number}", "web-shown", "shown", "one", "-", True)

    at_once(*[partial(show, number) for number in range(8)])
    with db.session_scope() as session:
        assert feedback.counts_of(session, ["one"], "-")["one"].shown == 8
