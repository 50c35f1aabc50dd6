"""What customers do with what is known of them, and how they wish to be answered, in a conversation."""

import pytest

from actions.consulting import ActionAnswer
from actions.general import ActionSetLanguage, ActionSetStyle
from actions.privacy import ActionBeginForget, ActionForget, ActionTellKnown
from kefu.customers import service
from kefu.customers.answers import style_in
from kefu.db import session_scope
from kefu.privacy import erasing
from kefu.privacy.models import Erasure
from tests import console
from tests.customer import Customer


@pytest.fixture
def customer(demo):
    return Customer("web-1")


def wishes():
    with session_scope() as session:
        return [(wish.identity, wish.asked_by) for wish in session.query(Erasure)]


def test_a_customer_is_told_what_is_known(customer):
    console.ticket(service.Sender("web-1", "web"))
    customer.says("你们知道我什么", "ask_my_data").gets(ActionTellKnown())
    assert customer.responses == ["utter_known", "utter_known_how"]
    assert (customer.told("channels"), customer.told("tickets")) == ("网页", 1)


def test_open_tickets_are_named_before_a_customer_is_forgotten(customer):
    number = console.ticket(service.Sender("web-1", "web"))
    customer.says("删掉我的信息", "forget_me").gets(ActionBeginForget())
    assert customer.responses == ["utter_forget_closes_tickets", "utter_forget_confirm"]
    assert customer.told("numbers") == number
    assert customer.slots["awaiting"] == "forget" and wishes() == []


def test_beside_a_form_nobody_is_asked_whether_to_be_forgotten(customer):
    customer.loop = {"name": "ticket_form"}
    customer.says("注销", "forget_me").gets(ActionBeginForget())
    assert customer.responses == ["utter_forget_after_ticket"] and not customer.slots.get("awaiting")


@pytest.mark.parametrize(("said", "intent"), [("确定", "affirm"), ("对，注销", "forget_me")])
def test_the_wish_is_kept_once_it_is_said_again(customer, said, intent):
    customer.says("注销", "forget_me").gets(ActionBeginForget())
    for _ in range(2):  # the same message, handled again
        customer.says(said, intent).gets(ActionForget())
    assert customer.responses == ["utter_forgetting"] and customer.slots["awaiting"] is None
    assert wishes() == [("web-1", "customer")]
    assert erasing.carry_out(1).identities == ("web-1",)


def test_a_no_that_sounds_like_a_wish_keeps_everything(customer):
    customer.says("注销", "forget_me").gets(ActionBeginForget())
    customer.says("算了，不注销了", "forget_me").gets(ActionForget())
    assert customer.responses == ["utter_ok"] and wishes() == []


def test_what_was_chosen_is_kept_for_all_channels_and_goes_along_when_they_are_linked(customer):
    customer.says("用繁體中文", "set_language", language=("繁體中文", "zh")).gets(ActionSetLanguage())
    customer.says("说短一点", "set_style").gets(ActionSetStyle())
    assert (customer.slots["language"], customer.slots["style"]) == ("zh-Hant", "short")
    with session_scope() as session:
        service.arrive(session, service.Sender("wechat-1", "wechat"))
        owner = session.get(service.Identity, "wechat-1").customer_id
        service.link(session, "web-1", owner, "code")
        assert service.choices_of(session, "wechat-1") == ("zh-Hant", "short")
        service.unlink(session, "web-1")
        assert service.choices_of(session, "web-1") == ("zh-Hant", "short")


def test_the_last_answer_is_said_again_as_it_is_wished(customer):
    customer.says("V5回不了充电座", "report_fault", product="V5").gets(ActionAnswer())
    customer.says("说短点", "set_style").gets(ActionSetStyle())
    assert customer.responses == ["utter_style_set_short", "utter_diagnosis"]
    assert [message["chosen"] for message in customer.said] == [{"style": "short"}] * 2


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("说短一点", "short"), ("别啰嗦，说短一点", "short"),
        ("别这么短", "detailed"), ("不用那么详细", "short"), ("一句话说完", "short"),
        ("太详细了", "short"), ("keep it short", "short"), ("less detail please", "short"),
        ("详细点", "detailed"), ("多说几句", "detailed"), ("講得詳細一點", "detailed"),
        ("太简略了，展开讲讲", "detailed"),
        ("go into more detail", "detailed"), ("回答太短了", "detailed"),
    ],
)  # fmt: skip
def test_words_tell_how_long_answers_shall_be(text, style):
    assert style_in(text) == style
