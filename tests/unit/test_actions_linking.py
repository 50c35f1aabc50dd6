"""Linking accounts in a conversation: what is done at once, what is asked, what fails."""

import pytest

from actions.consulting import ActionAnswer
from actions.link_checks import ActionAskLinkCode, ActionAskLinkPhone, ValidateLinkForm
from actions.linking import ActionBeginLink, ActionBeginUnlink, ActionEndLink, ActionUnlink
from kefu.customers import senders, service
from kefu.customers.proofs import PAUSE
from kefu.customers.senders import NotSent
from kefu.db import session_scope
from tests.customer import Customer, recorded
from tests.unit.test_customers_proofs import later

PHONE = "13800138000"


class FakeSender:
    """Keeps the code instead of sending it, or fails."""

    def __init__(self):
        self.code, self.fails = "", False

    def send(self, phone, code, minutes, language):
        if self.fails:
            raise NotSent("ReadTimeout")
        self.code = code


@pytest.fixture
def phone(monkeypatch):
    sender = FakeSender()
    monkeypatch.setattr(senders, "code_sender", lambda: sender)
    return sender


@pytest.fixture
def page(demo, phone):
    return Customer("web-1")


@pytest.fixture
def wechat(demo, phone):
    return Customer("wechat-1", channel="wechat")


def begins(customer, text, **entities):
    """Asks for linking; where the form goes on, it asks for what is missing."""
    customer.says(text, "link_account", **entities).gets(ActionBeginLink())
    if customer.slots["link_with"]:
        customer.loop = {"name": "link_form"}
        customer.slots["requested_slot"] = "link_code" if customer.slots.get("link_phone") else "link_phone"
    return customer


def answers(customer, text, intent="inform"):
    """Answers the form; when all is told, or given up, it ends."""
    customer.says(text, intent).gets(ValidateLinkForm())
    said = customer.responses
    told = customer.slots.get
    if told("requested_slot") and told("link_phone") and told("link_code"):
        customer.slots["requested_slot"] = None
    elif told("requested_slot"):
        customer.slots["requested_slot"] = "link_code" if told("link_phone") else "link_phone"
    if not customer.slots["requested_slot"]:
        customer.gets(ActionEndLink())
        customer.loop = {}
    return [*said, *(customer.responses if not customer.loop else [])]


def linked(page, wechat):
    page.says("给我绑定码", "link_account").gets(ActionBeginLink())
    wechat.says(f"绑定码 {page.told('code')}", "link_account").gets(ActionBeginLink())


def test_a_phone_told_at_once_gets_its_code_at_once(page, phone):
    begins(page, f"绑定{PHONE}")
    assert page.responses == ["utter_link_code_sent"] and len(phone.code) == 6
    assert answers(page, phone.code) == ["utter_phone_kept"]
    assert page.told("tail") == "8000" and page.slots["link_phone"] is None


def test_who_proves_the_same_phone_elsewhere_is_told_what_goes_on(page, wechat, phone):
    page.slots["product"] = "L3"
    begins(page, f"绑定{PHONE}")
    answers(page, phone.code)
    begins(wechat, "绑定手机号")
    assert answers(wechat, PHONE) == ["utter_link_code_sent"]
    assert answers(wechat, phone.code) == ["utter_linked_there"]
    assert "L3" == page.slots["product"] and wechat.told("channel") == "网页"


def test_a_code_that_could_not_be_sent_is_told_and_may_be_asked_for_at_once(page, phone):
    phone.fails = True
    begins(page, f"绑定{PHONE}")
    assert page.responses == ["utter_link_not_sent"] and page.slots["link_with"] is None
    assert recorded("phone_code.not_sent") == [{"reason": "ReadTimeout"}]
    phone.fails = False
    begins(page, f"绑定{PHONE}")
    assert page.responses == ["utter_link_code_sent"]


def test_the_same_message_handled_again_does_not_send_a_second_code(page, phone):
    begins(page, f"绑定{PHONE}")
    first = phone.code
    begins(page, f"绑定{PHONE}")
    assert page.responses == ["utter_link_code_sent"] and phone.code == first


def test_a_code_is_sent_again_only_after_a_while(page, phone):
    begins(page, f"绑定{PHONE}")
    assert answers(page, "没收到") == ["utter_link_wait"] and page.told("seconds") <= 60
    later(PAUSE)
    assert answers(page, "再发一次", "repeat_answer") == ["utter_link_code_sent_again"]
    assert answers(page, phone.code) == ["utter_phone_kept"]


def test_a_void_and_an_expired_code_are_told(page, phone):
    begins(page, f"绑定{PHONE}")
    wrong = f"{(int(phone.code) + 1) % 10**6:06d}"
    assert [answers(page, wrong)[0] for _ in range(5)] == ["utter_link_code_wrong"] * 4 + [
        "utter_link_code_void"
    ]
    later()
    assert answers(page, "再发一次") == ["utter_link_code_sent_again"]
    later(PAUSE * 6)
    assert answers(page, phone.code) == ["utter_link_code_expired"]


def test_too_many_codes_end_the_linking(page, phone):
    begins(page, f"绑定{PHONE}")
    for _ in range(4):
        later()
        answers(page, "再发一次")
    later()
    assert answers(page, "再发一次") == ["utter_link_too_many_codes"]
    assert page.loop == {}


def test_another_number_told_instead_of_the_code_gets_one(page, phone):
    begins(page, f"绑定{PHONE}")
    assert answers(page, "换个号码") == ["utter_ask_link_phone"]
    later()
    assert answers(page, "用13900139000吧") == ["utter_link_code_sent"]
    assert page.slots["link_phone"] == "+8613900139000"


def test_where_no_message_can_be_sent_the_other_way_is_told(demo, monkeypatch):
    monkeypatch.setattr(senders, "code_sender", lambda: None)
    for text in ("绑定手机号", f"绑定{PHONE}"):
        page = begins(Customer("web-1"), text)
        assert page.responses == ["utter_link_no_phones"] and page.slots["link_with"] is None


def test_questions_are_not_asked_twice(page):
    begins(page, "绑定手机号").gets(ActionAskLinkPhone())
    assert page.responses == []
    page.says("在吗", "greet").gets(ActionAskLinkPhone())
    assert page.responses == ["utter_ask_link_phone"]
    page.gets(ActionAskLinkCode())
    assert page.responses == []


def test_another_matter_ends_the_linking_as_if_it_had_not_been(page):
    begins(page, "绑定手机号")
    page.says("R1路由器老是掉线", "report_fault", product="R1", symptom="掉线").gets(ValidateLinkForm())
    assert page.responses == []
    page.gets(ActionAnswer())
    assert page.slots["awaiting"] == "solved" and page.slots["requested_slot"] is None
    assert {"event": "active_loop", "name": None, "timestamp": None} in page.events


def test_another_matter_in_the_middle_of_a_ticket_goes_back_to_the_ticket(page):
    page.loop = {"name": "ticket_form"}
    begins(page, "绑定手机号")
    assert page.slots["suspended_form"] == "ticket_form"
    page.says("保修多久", "ask_policy").gets(ActionAnswer())
    assert page.responses[-1] == "utter_back_to_form" and page.slots.get("awaiting") is None
    assert any(event["event"] == "followup" and event["name"] == "ticket_form" for event in page.events)


def test_a_code_that_is_not_good_is_told(page, wechat):
    wechat.says("ABCD2345", "link_account").gets(ActionBeginLink())
    assert wechat.responses == ["utter_link_code_bad"]
    page.says("给我绑定码", "link_account").gets(ActionBeginLink())
    wechat.says(page.told("code").lower(), "link_account").gets(ActionBeginLink())
    assert wechat.responses == ["utter_linked_there"]


def test_undoing_is_asked_first_and_done_once(page, wechat):
    page.says("解绑", "unlink_account").gets(ActionBeginUnlink())
    assert page.responses == ["utter_not_linked"]
    linked(page, wechat)
    wechat.says("解绑", "unlink_account").gets(ActionBeginUnlink())
    assert wechat.responses == ["utter_unlink_confirm"] and wechat.slots["awaiting"] == "unlink"
    wechat.says("先不解绑", "unlink_account").gets(ActionUnlink())
    assert wechat.responses == ["utter_ok"] and recorded("customer.unlinked") == []
    wechat.says("确定", "affirm").gets(ActionUnlink())
    assert wechat.responses == ["utter_unlinked"]
    with session_scope() as session:
        assert service.circle(session, "wechat-1") == ["wechat-1"]
