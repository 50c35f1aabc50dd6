"""People who come: asked for, or because the assistant can't help, the customer is upset, or matters most."""

import pytest
from sqlalchemy import event, select

from actions.consulting import ActionAnswer, ActionNextStep
from actions.general import ActionFallback, ActionSmallTalk
from actions.handoff import ActionLeaveQueue, ActionRequestHuman, ActionTellAgreed
from actions.ticket_offer import ActionDeclineOffer, ActionOfferTicket
from actions.tickets import ActionCheckTicket
from kefu import db
from kefu.customers import service as customers
from kefu.customers.service import Sender
from kefu.db import session_scope
from kefu.handoff import service
from kefu.handoff.models import Agent, Handoff
from kefu.tickets.routing import rules
from tests.customer import Customer


@pytest.fixture
def customer(demo):
    with session_scope() as session:
        customers.arrive(session, Sender("web-me", "web"))
    return Customer()


@pytest.fixture
def staffed(demo):
    with session_scope() as session:
        session.add(Agent(name="小李", queues=list(rules().queues), status="online"))


@pytest.fixture
def vip(customer):
    with session_scope() as session:
        customer_id = customers.identities(session, "web-me")[0].customer_id
        customers.set_level(session, customer_id, "vip")
    return customer


def miss(customer):
    return customer.says("北京到上海的高铁票", "nlu_fallback").gets(ActionFallback()).responses


def takeovers():
    with session_scope() as session:
        return session.scalars(select(Handoff)).all()


def test_after_two_misses_in_a_row_a_person_is_offered_and_called_with_a_yes(customer, staffed):
    assert miss(customer) == ["utter_not_understood"]
    assert miss(customer) == ["utter_offer_person"]
    assert (customer.slots["awaiting"], customer.slots["ticket_offer"]) == ("person_offer", None)
    assert takeovers() == []
    assert customer.says("好", "affirm").gets(ActionRequestHuman()).responses == ["utter_handoff_requested"]
    assert [handoff.reason for handoff in takeovers()] == ["misses"]


@pytest.mark.parametrize(
    ("text", "intent", "action"),
    [("不用", "deny", ActionDeclineOffer), ("不转了", "leave_queue", ActionLeaveQueue)],
)
def test_who_declines_a_person_is_not_asked_again(customer, staffed, text, intent, action):
    miss(customer), miss(customer)
    assert customer.says(text, intent).gets(action()).responses == ["utter_ok"]
    assert customer.slots["awaiting"] is None
    for _ in range(3):
        assert "utter_offer_person" not in miss(customer)
    assert customer.says("转人工", "request_human").gets(ActionRequestHuman()).responses == [
        "utter_handoff_requested"
    ]


def test_after_the_pause_a_person_is_offered_again(customer, staffed):
    miss(customer), miss(customer)
    customer.says("不用", "deny").gets(ActionDeclineOffer())
    customer.slots["person"]["at"] -= 31 * 60
    miss(customer)
    assert miss(customer) == ["utter_offer_person"]


def test_remedies_that_do_not_help_leave_the_next_one_to_be_tried(customer, staffed):
    customer.says("L3指纹识别失败", "report_fault", product="L3", function="指纹", symptom="识别失败")
    customer.gets(ActionAnswer())
    assert customer.slots["awaiting"] == "solved"
    said = []
    for _ in range(2):
        said += customer.says("没用", "answer_unhelpful").gets(ActionNextStep()).responses
    assert said[-1] in ("utter_person_at_hand", "utter_offer_person")
    assert (said[-1] == "utter_person_at_hand") == (customer.slots["awaiting"] == "solved")


def test_where_nobody_is_there_a_ticket_is_offered_after_misses(customer):
    miss(customer)
    assert miss(customer) == ["utter_not_understood_again"]
    assert customer.slots["awaiting"] == "ticket_offer"


def test_an_angry_customer_is_apologised_to_and_waits_at_once(customer, staffed):
    customer.says("什么破锁，第三次了！", "complain").feels("angry").gets(ActionOfferTicket())
    assert customer.responses == ["utter_sorry", "utter_handoff_called"]
    assert customer.slots["awaiting"] is None
    (handoff,) = takeovers()
    assert (handoff.reason, handoff.mood, handoff.level, handoff.state) == (
        "mood",
        "angry",
        "normal",
        "queued",
    )
    assert any(rule == "客户很生气" for _, _, rule in handoff.reasons)


def test_who_is_angry_still_gets_the_answer_and_is_not_called_twice(customer, staffed):
    customer.says("七天无理由退货到底能不能退！！", "ask_policy").feels("angry").gets(ActionAnswer())
    assert customer.responses[0] == "utter_sorry" and customer.responses[-1] == "utter_handoff_called"
    assert len(customer.responses) == 3
    customer.says("你们真行啊！", "chitchat").feels("angry").gets(ActionSmallTalk())
    assert customer.responses == ["utter_chitchat"]
    assert len(takeovers()) == 1


def test_small_talk_gives_way_to_a_person_for_the_angry(customer, staffed):
    customer.says("你就是个人工智障！", "chitchat").feels("angry").gets(ActionSmallTalk())
    assert customer.responses == ["utter_sorry", "utter_handoff_called"]


def test_an_angry_customer_is_called_back_where_nobody_is_there(customer):
    customer.says("什么破锁，第三次了！", "complain").feels("angry").gets(ActionOfferTicket())
    assert customer.responses == ["utter_sorry", "utter_offer_consultation"]
    assert customer.told("when") > ""
    assert customer.slots["awaiting"] == "ticket_offer"
    assert customer.slots["ticket_offer"]["intent"] == "complain"


def test_an_angry_customer_who_was_helped_is_not_offered_a_ticket_besides(customer):
    customer.says("七天无理由退货到底能不能退！！", "ask_policy").feels("angry").gets(ActionAnswer())
    assert customer.responses[0] == "utter_sorry" and "utter_offer_consultation" not in customer.responses


def test_a_rule_that_was_told_does_not_replace_the_ticket_for_the_angry(customer):
    customer.says("退款怎么还没到账！你们是骗子吗！", "check_refund").feels("angry").gets(ActionOfferTicket())
    assert customer.responses[-1] == "utter_offer_consultation"
    assert customer.slots["ticket_offer"]["intent"] == "check_refund"


def test_what_is_taken_for_none_of_our_business_counts_as_missed(customer, staffed):
    for said in ("utter_out_of_scope", "utter_offer_person"):
        assert customer.says("嘎嘎", "out_of_scope").gets(ActionSmallTalk()).responses == [said]


def test_unhappiness_that_lasts_calls_a_person(customer, staffed):
    for _ in range(2):
        customer.says("唉，又是这样", "chitchat").feels("unhappy").gets(ActionSmallTalk())
        assert customer.responses == ["utter_chitchat"]
    customer.says("真让人失望", "chitchat").feels("unhappy").gets(ActionSmallTalk())
    assert customer.responses == ["utter_sorry", "utter_handoff_called"]


def test_danger_comes_before_anger(customer, staffed):
    customer.says("充电座冒烟了你们到底管不管！", "report_fault").feels("angry").gets(ActionAnswer())
    assert customer.responses == ["utter_safety_smoke", "utter_offer_critical"]
    assert takeovers() == []


def test_a_vip_customer_is_called_a_person_at_the_first_miss_and_comes_first(vip, staffed):
    assert miss(vip) == ["utter_handoff_called"]
    (handoff,) = takeovers()
    assert (handoff.reason, handoff.level) == ("level", "vip")
    assert any(rule == "VIP 客户" for _, _, rule in handoff.reasons)


def test_a_vip_customers_wish_is_for_a_person_and_after_leaving_the_queue_for_a_ticket(vip, staffed):
    wish = ("我要退货", "request_return")
    assert vip.says(*wish).gets(ActionOfferTicket()).responses == ["utter_handoff_called"]
    assert vip.says("不等了", "leave_queue").gets(ActionLeaveQueue()).responses == ["utter_handoff_left"]
    assert vip.says(*wish).gets(ActionOfferTicket()).responses == ["utter_offer_return"]


def test_a_vip_customers_wish_becomes_a_ticket_where_nobody_is_there(vip):
    assert vip.says("我要退货", "request_return").gets(ActionOfferTicket()).responses == [
        "utter_offer_return"
    ]


def test_who_waits_on_another_channel_is_not_queued_twice(customer, staffed):
    customer.says("转人工", "request_human").gets(ActionRequestHuman())
    customer.slots["person"] = None  # a dialogue that began afresh
    miss(customer)
    assert miss(customer) == ["utter_not_understood_again"]
    assert len(takeovers()) == 1


def test_a_turn_that_is_answered_asks_nothing_about_people(customer, staffed):
    statements = []
    listener = ("before_cursor_execute", lambda *args: statements.append(args[2]))
    event.listen(db.engine(), *listener)
    try:
        customer.says("七天无理由退货", "ask_policy").gets(ActionAnswer())
    finally:
        event.remove(db.engine(), *listener)
    assert customer.responses[0].startswith("utter_answer") and statements
    assert not [sql for sql in statements if "handoffs" in sql or "customers" in sql or "agents" in sql]


@pytest.mark.parametrize(
    ("said", "action"),
    [("还要等多久", ActionCheckTicket), ("how long do I have to wait", ActionLeaveQueue)],
)
def test_who_asks_how_long_they_wait_is_told_and_stays_in_the_queue(customer, staffed, said, action):
    customer.says("转人工", "request_human").gets(ActionRequestHuman())
    assert customer.says(said, "check_ticket").gets(action()).responses == ["utter_handoff_waiting"]
    assert takeovers()[0].state == "queued"


def test_who_no_longer_wants_to_wait_leaves_the_queue_however_long_they_waited(customer, staffed):
    customer.says("转人工", "request_human").gets(ActionRequestHuman())
    customer.says("等了多久了都没人，不排了", "leave_queue").gets(ActionLeaveQueue())
    assert customer.responses == ["utter_handoff_left"]


def test_what_was_agreed_is_told_again_to_who_asks_for_it(customer, staffed):
    customer.says("转人工", "request_human").gets(ActionRequestHuman())
    with session_scope() as session:
        (handoff,) = service.assign(session)
        service.end(session, handoff.id, "agent:1", "明天上午电话联系")
    customer.says("刚才说什么时候联系我", "check_agreed").gets(ActionTellAgreed())
    assert (customer.responses, customer.told("note")) == (["utter_agreed"], "明天上午电话联系")
    assert customer.says("工单进度", "check_ticket").gets(ActionCheckTicket()).responses == ["utter_agreed"]
    assert Customer("web-other").says("刚才怎么说的", "check_agreed").gets(ActionTellAgreed()).responses == [
        "utter_nothing_agreed"
    ]


def test_the_product_named_beside_the_wish_for_a_person_chooses_the_queue(customer, staffed):
    customer.says("门锁坏了，帮我转人工", "request_human", product_line=("门锁", "智能门锁"))
    customer.gets(ActionRequestHuman())
    with session_scope() as session:
        handoff = session.scalar(select(Handoff))
        assert (handoff.queue, handoff.skill) == ("repairs", "locks")


def test_who_asks_for_a_person_gets_whoever_is_there_of_another_team(customer):
    with session_scope() as session:
        session.add(Agent(name="小陈", queues=["complaints"], status="online"))
    assert customer.says("转人工", "request_human").gets(ActionRequestHuman()).responses == [
        "utter_handoff_requested"
    ]
    (handoff,) = takeovers()
    assert handoff.queue == "complaints" and handoff.reasons[-1][2] == "nobody_online"
