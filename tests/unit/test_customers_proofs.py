"""Proofs: codes to a phone, codes for another device, logins; each good once, for a while, for one."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kefu.customers import proofs, service
from kefu.customers.models import Identity, LinkCode, PhoneCode
from kefu.customers.phones import InvalidPhone, parse_phone, phone_in
from kefu.customers.service import Sender
from kefu.db import session_scope, utcnow
from kefu.events import Event

WEB, APP, WECHAT = "web-1", "app-1", "wechat-1"
PHONE, OTHER = "+8613800138000", "+8613900139000"


@pytest.fixture(autouse=True)
def everyone(installation):
    with session_scope() as session:
        for identity in (WEB, APP, WECHAT):
            service.arrive(session, Sender(identity, identity.partition("-")[0]))


def start(identity, phone=PHONE):
    with session_scope() as session:
        return proofs.start_phone_proof(session, identity, phone)[1]


def prove(identity, phone=PHONE):
    later()
    return proofs.confirm_phone(identity, start(identity, phone))


def later(time=timedelta(minutes=2)):
    """Lets time pass for every code sent."""
    with session_scope() as session:
        for row in session.scalars(select(PhoneCode)):
            row.sent_at, row.expires_at = row.sent_at - time, row.expires_at - time


def circle(identity):
    with session_scope() as session:
        return set(service.circle(session, identity))


def phone_of(identity):
    with session_scope() as session:
        return proofs.phone_of(session, identity)


def unlink(identity):
    with session_scope() as session:
        service.unlink(session, identity)


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


class TestTheCodeSentToAPhone:
    def test_proves_it_and_it_is_kept(self):
        proved = proofs.confirm_phone(WEB, start(WEB))
        assert (proved.phone, proved.linked, phone_of(WEB)) == (PHONE, False, PHONE)

    def test_links_with_who_proved_the_same_phone_before(self):
        prove(WEB)
        assert prove(WECHAT).linked and circle(WEB) == {WEB, WECHAT}

    def test_given_again_because_the_answer_was_lost_leads_to_the_same(self):
        code = start(WEB)
        assert proofs.confirm_phone(WEB, code) == proofs.confirm_phone(WEB, code)

    def test_is_worth_nothing_to_another_identity(self):
        code = start(WEB)
        with pytest.raises(proofs.CodeExpired):
            proofs.confirm_phone(APP, code)

    def test_wrong_is_counted_until_it_is_void(self):
        code = start(WEB)
        for left in (4, 3, 2, 1):
            with pytest.raises(proofs.WrongCode) as refused:
                proofs.confirm_phone(WEB, wrong(code))
            assert refused.value.left == left
        for given in (wrong(code), code):
            with pytest.raises(proofs.TooManyTries):
                proofs.confirm_phone(WEB, given)

    def test_expires(self):
        code = start(WEB)
        later(timedelta(minutes=5, seconds=1))
        with pytest.raises(proofs.CodeExpired):
            proofs.confirm_phone(WEB, code)

    def test_is_void_once_a_newer_one_was_sent(self):
        first = start(WEB)
        later()
        second = start(WEB)
        if first != second:
            with pytest.raises(proofs.WrongCode):
                proofs.confirm_phone(WEB, first)
        assert proofs.confirm_phone(WEB, second).phone == PHONE

    def test_is_not_sent_again_to_the_same_customer_within_a_minute(self):
        start(WEB)
        for phone, pending in ((PHONE, True), (OTHER, False)):
            with pytest.raises(proofs.TooSoon) as refused:
                start(WEB, phone)
            assert 0 < refused.value.seconds <= 60 and refused.value.pending is pending
        assert start(APP, PHONE)

    def test_that_could_not_be_sent_counts_for_nothing(self):
        start(WEB)
        with session_scope() as session:
            proofs.withdraw_phone_proof(session, WEB, PHONE, "Timeout")
        assert start(WEB)

    def test_is_sent_five_times_an_hour_to_one_phone(self):
        for number in range(5):
            start((WEB, APP, WECHAT)[number % 3])
            later()
        with pytest.raises(proofs.TooManyCodes):
            start(WEB)
        later(timedelta(hours=1))
        assert start(WEB)

    def test_is_sent_ten_times_a_day_to_one_phone(self):
        for number in range(10):
            start((WEB, APP, WECHAT)[number % 3])
            later(timedelta(minutes=20))
        with pytest.raises(proofs.TooManyCodes):
            start(WEB)
        later(timedelta(hours=21))
        assert start(WEB)

    def test_is_sent_ten_times_a_day_for_one_identity(self):
        for number in range(10):
            start(WEB, f"+861380013800{number}")
            later()
        with pytest.raises(proofs.TooManyCodes):
            start(WEB, OTHER)
        later(timedelta(days=1))
        assert start(WEB, OTHER)

    def test_leaves_neither_code_nor_phone_in_the_log_nor_the_code_in_its_table(self):
        code = start(WEB)
        with pytest.raises(proofs.WrongCode):
            proofs.confirm_phone(WEB, wrong(code))
        proofs.confirm_phone(WEB, code)
        with session_scope() as session:
            log = str([(event.kind, event.customer, event.data) for event in session.scalars(select(Event))])
            assert "phone_code.sent" in log and "phone_code.refused" in log
            assert code not in log and PHONE[3:] not in log
            assert code not in session.scalars(select(PhoneCode.code_hash)).one()


class TestThePhoneOfACustomer:
    def test_can_be_changed_for_another(self):
        prove(WEB)
        prove(WEB, OTHER)
        assert phone_of(WEB) == OTHER
        assert not prove(APP).linked  # the old number is free

    def test_that_somebody_else_has_brings_them_together_and_is_the_number_of_both(self):
        prove(WEB)
        prove(WECHAT, OTHER)
        assert prove(WECHAT).linked and phone_of(WEB) == PHONE

    def test_proved_by_one_of_them_finds_them_even_if_another_number_came_later(self):
        prove(WEB)
        with session_scope() as session:
            service.link(session, APP, session.get(Identity, WEB).customer_id, "code")
        prove(APP, OTHER)
        assert prove(WECHAT).linked and circle(WECHAT) == {WEB, APP, WECHAT}

    def test_does_not_bring_back_by_itself_who_left(self):
        prove(WEB)
        prove(WECHAT)
        unlink(WEB)
        assert (phone_of(WEB), phone_of(WECHAT)) == (None, PHONE)
        assert prove(WEB).linked  # but by a new proof


class TestTheCodeForAnotherDevice:
    def issue(self, identity=WEB):
        with session_scope() as session:
            return proofs.issue_link_code(session, identity)

    def redeem(self, code, identity=WECHAT):
        with session_scope() as session:
            return proofs.redeem_link_code(session, identity, code)

    def test_links_once(self):
        code = self.issue()
        assert self.redeem(code.lower()) == WEB and circle(WEB) == {WEB, WECHAT}
        assert self.redeem(code, APP) is None

    def test_given_again_because_the_answer_was_lost_leads_to_the_same(self):
        code = self.issue()
        assert self.redeem(code) == self.redeem(code) == WEB

    def test_is_refused_when_it_is_unknown_late_or_replaced(self):
        old, code = self.issue(), self.issue()
        with session_scope() as session:
            session.execute(update(LinkCode).values(expires_at=utcnow() - timedelta(seconds=1)))
        assert (self.redeem("AAAA2222"), self.redeem(code), self.redeem(old)) == (None, None, None)
        assert circle(WEB) == {WEB}

    def test_proves_nothing_where_it_was_shown_and_stays_good(self):
        code = self.issue()
        assert self.redeem(code, WEB) is None
        assert self.redeem(code) == WEB

    def test_is_easily_read_and_kept_only_as_a_hash(self):
        code = self.issue()
        assert len(code) == 8 and not set(code) & set("IO01") and not code.isalpha() and not code.isdigit()
        with session_scope() as session:
            assert code not in session.scalars(select(LinkCode.code_hash)).one()


class TestALogin:
    def login(self, identity, **told):
        with session_scope() as session:
            return proofs.link_account(session, identity, **told)

    def test_with_one_unionid_brings_two_together_whoever_comes_first(self):
        self.login(APP, unionid="u")
        self.login(WECHAT, unionid="u")
        assert circle(APP) == {APP, WECHAT}
        self.login(WEB, unionid="other")
        assert circle(WEB) == {WEB}

    def test_with_a_verified_phone_links_with_who_proved_it_in_a_chat(self):
        prove(WEB)
        self.login(APP, phone_verified="138 0013 8000")
        assert circle(APP) == {WEB, APP}

    def test_never_links_again_what_the_customer_took_apart(self):
        prove(WEB)
        for _ in range(2):
            self.login(APP, phone_verified=PHONE, unionid="u")
            self.login(WECHAT, unionid="u")
            if APP in circle(WEB):
                assert circle(APP) == {WEB, APP, WECHAT}
                unlink(APP)
        assert circle(APP) == {APP} and circle(WEB) == {WEB, WECHAT}

    def test_does_not_take_a_phone_from_who_left_with_it(self):
        prove(WEB)
        with session_scope() as session:
            service.link(session, WECHAT, session.get(Identity, WEB).customer_id, "code")
        unlink(WEB)
        self.login(APP, phone_verified=PHONE)
        assert circle(APP) == {APP} and phone_of(WEB) == PHONE

    def test_with_what_is_no_phone_is_refused_by_name(self):
        with pytest.raises(InvalidPhone, match="^phone: "):
            self.login(APP, phone_verified="12")


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000", "138 0013 8000", "+86 138-0013-8000", "008613800138000", "１３８００１３８０００",
        "一三八零零一三八零零零",
    ],
)  # fmt: skip
def test_a_number_is_known_however_it_is_typed(typed):
    assert parse_phone(typed) == phone_in(f"我的是{typed}，谢谢") == PHONE


@pytest.mark.parametrize(
    "typed", ["", "12345", "1380013800", "010-62345678", "400-800-1234", "没有", "12012345678"]
)
def test_what_gets_no_text_messages_is_refused(typed):
    assert phone_in(typed) is None
    with pytest.raises(InvalidPhone):
        parse_phone(typed)


def test_numbers_of_other_countries_are_taken_with_their_code():
    assert parse_phone("+852 9123 4567") == phone_in("0085291234567") == "+85291234567"
