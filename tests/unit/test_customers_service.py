"""Linking the identities of a customer, and undoing it: who speaks where, whose tickets and phone it is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kefu.customers import service
from kefu.customers.models import Customer, Identity, Link
from kefu.customers.service import SESSION, Sender
from kefu.db import session_scope, utcnow
from kefu.tickets import service as tickets
from tests.customer import recorded

WEB, APP, WECHAT = Sender("web-1", "web"), Sender("app-1", "app"), Sender("wechat-1", "wechat", "openid")


@pytest.fixture(autouse=True)
def everyone(installation):
    with session_scope() as session:
        for sender in (WEB, APP, WECHAT):
            service.arrive(session, sender)


def link(sender, to, proof="code", **how):
    with session_scope() as session:
        return service.link(session, sender.id, session.get(Identity, to.id).customer_id, proof, **how)


def unlink(sender):
    with session_scope() as session:
        return service.unlink(session, sender.id)


def spoke(sender, ago=timedelta(0), form=None):
    with session_scope() as session:
        service.end_turn(session, sender.id, sender.id, utcnow(), form)
        session.get(Identity, sender.id).last_message_at = utcnow() - ago


def speaks_in(sender):
    with session_scope() as session:
        return service.conversation_of(session, sender.id)


def circle(sender):
    with session_scope() as session:
        return service.circle(session, sender.id)


def phones(**given):
    """Gives identities phones they proved; the last one is the customer's."""
    with session_scope() as session:
        for name, phone in given.items():
            identity = session.get(Identity, f"{name}-1")
            identity.phone = session.get(Customer, identity.customer_id).phone = phone


def phone_of(sender):
    with session_scope() as session:
        own = session.get(Identity, sender.id)
        return session.get(Customer, own.customer_id).phone


def opened_by(sender):
    request = tickets.TicketRequest(sender.id, sender.id, sender.channel, "repair", "normal", "坏了")
    return tickets.open_ticket(request).number


class TestTheConversationThatGoesOn:
    def test_is_the_customers_when_they_have_just_spoken(self):
        spoke(WEB)
        spoke(WECHAT)
        assert link(WECHAT, WEB) == WEB.id
        assert speaks_in(WECHAT) == speaks_in(WEB) == WEB.id

    def test_is_the_new_one_when_the_customer_has_not_spoken_for_long(self):
        spoke(WEB, timedelta(hours=2))
        spoke(WECHAT)
        assert link(WECHAT, WEB) == WECHAT.id

    def test_is_the_customers_when_nothing_but_the_linking_was_talked_about(self):
        spoke(WEB, timedelta(hours=2))
        spoke(WECHAT)
        assert link(WECHAT, WEB, idle=True) == WEB.id

    def test_is_the_one_with_an_open_form(self):
        spoke(WEB)
        spoke(WECHAT, form="ticket_form")
        assert link(WECHAT, WEB, idle=True) == WECHAT.id

    def test_is_not_the_one_whose_form_was_left_days_ago(self):
        spoke(WEB)
        spoke(WECHAT, SESSION, form="ticket_form")
        assert link(WECHAT, WEB) == WEB.id

    def test_is_the_customers_when_both_have_a_form(self):
        spoke(WEB, form="ticket_form")
        spoke(WECHAT, form="ticket_form")
        assert link(WECHAT, WEB) == WEB.id


class TestThree:
    @pytest.fixture(autouse=True)
    def linked(self):
        spoke(WEB)
        link(APP, WEB)
        link(WECHAT, APP)

    def test_are_one_circle(self):
        assert circle(APP) == [APP.id, WEB.id, WECHAT.id]
        assert {speaks_in(one) for one in (WEB, APP, WECHAT)} == {WEB.id}

    @pytest.mark.parametrize("leaving", [APP, WECHAT])
    def test_one_who_came_later_leaves_alone(self, leaving):
        assert unlink(leaving) == WEB.id
        assert speaks_in(leaving) == leaving.id and circle(leaving) == [leaving.id]
        staying = {WEB.id, APP.id, WECHAT.id} - {leaving.id}
        assert set(circle(WEB)) == staying and speaks_in(WEB) == WEB.id

    def test_when_the_owner_of_the_conversation_leaves_the_others_go_on_where_they_spoke_last(self):
        spoke(APP, timedelta(hours=3))
        spoke(WECHAT, timedelta(hours=1))
        assert unlink(WEB) == WEB.id
        assert speaks_in(WEB) == WEB.id and circle(WEB) == [WEB.id]
        assert speaks_in(APP) == speaks_in(WECHAT) == WECHAT.id

    def test_when_all_have_left_everyone_is_as_before(self):
        for one in (APP, WEB):
            unlink(one)
        assert unlink(WECHAT) is None
        assert all(speaks_in(one) == one.id for one in (WEB, APP, WECHAT))

    def test_each_link_is_logged_and_marked_when_it_is_undone(self):
        unlink(APP)
        with session_scope() as session:
            rows = session.scalars(select(Link).order_by(Link.id)).all()
            assert [(row.identity_id, row.undone_at is not None) for row in rows] == [
                (APP.id, True), (WECHAT.id, False),
            ]  # fmt: skip
        assert [fact["proof"] for fact in recorded("customer.linked")] == ["code", "code"]
        assert recorded("customer.unlinked") == [{"conversation": WEB.id}]

    def test_who_left_may_come_back(self):
        unlink(APP)
        link(APP, WECHAT)
        assert len(circle(APP)) == 3

    def test_a_ticket_is_found_by_all_and_stays_with_who_opened_it(self):
        number = opened_by(APP)
        assert all(tickets.find_ticket(one.id).number == number for one in (WEB, APP, WECHAT))
        assert [ticket.number for ticket in tickets.list_tickets(WECHAT.id)] == [number]
        unlink(APP)
        assert tickets.find_ticket(APP.id, number[-4:]).number == number
        for other in (WEB, WECHAT):
            with pytest.raises(tickets.NoSuchTicket):
                tickets.find_ticket(other.id, number)


def test_a_group_moves_as_a_whole():
    link(APP, WEB)
    link(WEB, WECHAT)
    assert circle(APP) == [APP.id, WEB.id, WECHAT.id]


def test_a_customer_who_went_elsewhere_meanwhile_is_followed():
    with session_scope() as session:
        gone = session.get(Identity, WEB.id).customer_id
    link(WEB, APP)
    with session_scope() as session:
        service.link(session, WECHAT.id, gone, "code")
    assert len(circle(WECHAT)) == 3


def test_a_ticket_of_somebody_else_is_not_found_before_linking():
    number = opened_by(WEB)
    with pytest.raises(tickets.NoSuchTicket):
        tickets.find_ticket(WECHAT.id, number)
    link(WECHAT, WEB)
    assert tickets.urge_ticket("key", WECHAT.id)[0].number == number


class TestAPhone:
    def test_goes_along_when_its_identity_joins(self):
        phones(wechat="+8613800138000")
        link(WECHAT, WEB)
        assert phone_of(WEB) == "+8613800138000"

    def test_goes_back_with_who_proved_it(self):
        phones(wechat="+8613800138000")
        link(WECHAT, WEB)
        unlink(WECHAT)
        assert (phone_of(WECHAT), phone_of(WEB)) == ("+8613800138000", None)

    def test_leaves_with_who_proved_it_even_if_the_others_came_later(self):
        phones(web="+8613800138000")
        link(WECHAT, WEB)
        unlink(WEB)
        assert (phone_of(WEB), phone_of(WECHAT)) == ("+8613800138000", None)

    def test_stays_with_the_others_if_one_of_them_proved_it_too(self):
        phones(web="+8613800138000")
        link(WECHAT, WEB)
        with session_scope() as session:
            session.get(Identity, WECHAT.id).phone = "+8613800138000"
        unlink(WECHAT)
        assert (phone_of(WECHAT), phone_of(WEB)) == (None, "+8613800138000")

    def test_of_each_is_there_again_when_two_with_phones_part(self):
        phones(web="+8613800138000", wechat="+8613900139000")
        link(WECHAT, WEB)
        assert phone_of(WECHAT) == "+8613800138000"
        unlink(WEB)
        assert (phone_of(WEB), phone_of(WECHAT)) == ("+8613800138000", "+8613900139000")


class TestTheLevel:
    @pytest.fixture
    def vip(self):
        return self.give(APP, "vip")

    def give(self, sender, level):
        with session_scope() as session:
            return service.set_level(session, session.get(Identity, sender.id).customer_id, level)

    def levels(self):
        with session_scope() as session:
            return [service.level_of(session, sender.id) for sender in (WEB, APP)]

    def test_is_the_higher_one_once_two_are_linked(self, vip):
        link(WEB, APP)
        assert self.levels() == ["vip", "vip"]

    def test_is_ones_own_again_when_the_link_is_undone(self, vip):
        link(APP, WEB)
        unlink(APP)
        assert self.levels() == ["normal", "vip"]
        link(APP, WEB)
        unlink(WEB)
        assert self.levels() == ["normal", "vip"]

    def test_that_was_given_to_both_stays_with_both(self):
        link(WEB, APP)
        assert self.give(WEB, "vip") == "normal"
        unlink(WEB)
        assert self.levels() == ["vip", "vip"]
        assert recorded("customer.level") == [{"level": "vip"}]

    def test_of_a_customer_who_was_linked_meanwhile_is_given_to_who_they_are_now(self):
        with session_scope() as session:
            before = session.get(Identity, WEB.id).customer_id
        link(WEB, APP)
        with session_scope() as session:
            service.set_level(session, before, "vip")
        assert self.levels() == ["vip", "vip"]

    def test_must_be_a_known_one_of_a_known_customer(self):
        with pytest.raises(ValueError, match="^level: "):
            self.give(WEB, "gold")
        with pytest.raises(service.NoSuchCustomer), session_scope() as session:
            service.set_level(session, "nobody", "vip")

    def test_of_somebody_unknown_is_normal(self):
        with session_scope() as session:
            assert service.level_of(session, "web-nobody") == "normal"
