"""The ticket form and what customers do with their tickets, on the demo company's knowledge."""

import asyncio
from datetime import timedelta
from threading import current_thread, main_thread

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.consulting import ActionNextStep, ActionTakeInformation
from actions.ticket_checks import ValidateTicketForm
from actions.ticket_closing import ActionRateService, ActionReopenTicket
from actions.ticket_form import (
    ActionAskTicketConfirmed,
    ActionAskTicketProduct,
    ActionOpenTicket,
    ActionStopTicket,
)
from actions.ticket_offer import ActionDeclineOffer, ActionOfferTicket, ActionStartTicket
from actions.tickets import (
    ActionAddTicketDetail,
    ActionCancelTicket,
    ActionCheckTicket,
    ActionUrgeTicket,
)
from kefu import db
from kefu.tickets import service
from tests.customer import Customer, recorded

FORM = {
    "ticket_problem": "L3 门锁指纹识别不了", "ticket_product": "L3", "ticket_phone": "13800138000",
    "ticket_confirmed": True, "ticket_intent": "report_fault",
}  # fmt: skip
#: The form as domain.yml has it.
DOMAIN = {"forms": {"ticket_form": {"required_slots": [slot for slot in FORM if slot != "ticket_intent"]}}}


@pytest.fixture
def customer(demo):
    return Customer()


@pytest.fixture
def owner(customer):
    """A customer with a ticket."""
    customer.slots.update(FORM)
    return customer.says("可以", "affirm").gets(ActionOpenTicket())


def number_of(customer):
    return service.find_ticket(customer.name).number


@pytest.mark.parametrize(
    ("intent", "response"),
    [
        ("request_return", "utter_offer_return"), ("book_appointment", "utter_offer_appointment"),
        ("check_order", "utter_offer_order"), ("complain", "utter_offer_complaint"),
        ("request_human", "utter_offer_consultation"), ("forget_me", "utter_offer_account"),
    ],
)  # fmt: skip
def test_a_wish_that_needs_people_is_offered_as_its_kind_of_ticket(customer, intent, response):
    customer.says("帮我处理一下", intent, product="").gets(ActionOfferTicket())
    assert customer.responses == [response]
    assert customer.slots["awaiting"] == "ticket_offer"
    assert customer.slots["ticket_offer"]["intent"] == intent


def test_a_yes_to_the_offer_starts_the_form_with_what_was_told(customer):
    customer.says("我要退掉这台R1", "request_return", product="R1").gets(ActionOfferTicket())
    customer.says("好的", "affirm").gets(ActionStartTicket())
    told = {slot: customer.slots[f"ticket_{slot}"] for slot in ("problem", "product", "intent")}
    assert told == {"problem": "我要退掉这台R1", "product": "R1", "intent": "request_return"}
    assert customer.slots["awaiting"] is None and customer.slots["ticket_offer"] is None


def test_a_no_to_the_offer_forgets_it(customer):
    customer.says("我要退掉这台R1", "request_return", product="R1").gets(ActionOfferTicket())
    customer.says("不用了", "deny").gets(ActionDeclineOffer())
    assert customer.responses == ["utter_ok"]
    assert (customer.slots["awaiting"], customer.slots["ticket_offer"]) == (None, None)


def test_what_is_told_after_an_offer_goes_into_the_ticket(customer):
    customer.says("我要退货", "request_return").gets(ActionOfferTicket())
    customer.says("订单号是88812345678901", "inform", order_number="88812345678901")
    assert customer.gets(ActionTakeInformation()).responses == ["utter_offer_noted"]
    customer.says("没拆封", "add_ticket_detail").gets(ActionAddTicketDetail())
    customer.says("没用啊", "answer_unhelpful").gets(ActionNextStep())
    customer.says("不想要了，退了吧", "request_return").gets(ActionOfferTicket())
    customer.says("可以", "affirm").gets(ActionStartTicket())
    assert customer.slots["ticket_problem"] == "我要退货\n订单号是88812345678901\n没拆封\n不想要了，退了吧"
    assert customer.slots["ticket_intent"] == "request_return"


def test_a_phone_number_told_after_the_ticket_is_the_one_to_call(owner):
    owner.says("13900139001", "inform", phone="13900139001").gets(ActionTakeInformation())
    assert (owner.responses, owner.told("phone")) == (["utter_ticket_phone_noted"], "13900139001")
    ticket = service.find_ticket(owner.name)
    assert (ticket.phone, ticket.notes[-1].text) == ("13900139001", "13900139001")


@pytest.mark.parametrize(
    ("said", "intent"),
    [("到哪了", "track_delivery"), ("怎么还没动静", "check_order"), ("投诉处理得怎么样了", "complain")],
)
def test_a_question_about_a_ticket_under_way_opens_no_other(customer, said, intent):
    kind = "complain" if intent == "complain" else "report_fault"
    customer.slots.update(FORM, ticket_intent=kind)
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    assert customer.says(said, intent).gets(ActionOfferTicket()).responses == ["utter_ticket_progress"]


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("投诉！你们的路由器冒烟了，还没人处理", "utter_safety_smoke"),
        ("我要投诉你们，等了多久都没人", "utter_offer_complaint"),
    ],
)
def test_danger_and_a_new_wish_are_no_questions_about_the_ticket_under_way(customer, said, first):
    customer.slots.update(FORM, ticket_intent="complain")
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    assert customer.says(said, "complain").gets(ActionOfferTicket()).responses[0] == first


def test_a_parcel_is_none_of_a_ticket(owner):
    owner.says("我的快递到哪了", "track_delivery").gets(ActionOfferTicket())
    assert owner.responses[-1] == "utter_offer_order"


def test_the_time_said_with_the_offer_holds_once_the_ticket_is_opened(customer, monkeypatch):
    customer.says("转人工", "request_human").gets(ActionOfferTicket())
    promised = customer.told("when")
    customer.says("好的", "affirm").gets(ActionStartTicket())
    customer.slots.update({slot: value for slot, value in FORM.items() if slot != "ticket_intent"})
    later = db.utcnow() + timedelta(minutes=9)
    for module in ("kefu.tickets.service", "actions.relief", "kefu.tickets.telling"):
        monkeypatch.setattr(f"{module}.utcnow", lambda: later)
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    assert promised in customer.told("next")
    ticket = service.find_ticket(customer.name)
    assert later - ticket.opened_at >= timedelta(minutes=9)


def test_a_second_wish_of_the_message_is_offered_once_the_first_is_a_ticket(customer):
    told = "我想退了这个音箱，另外发票也帮我开一下"
    customer.slots.update(FORM, ticket_problem=told, ticket_intent="request_return")
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    assert customer.responses == ["utter_ticket_opened_normal", "utter_offer_also"]
    assert customer.slots["ticket_offer"]["intent"] == "request_invoice"
    customer.slots.update(FORM, ticket_problem=told, ticket_intent="request_invoice")
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    assert "utter_offer_also" not in customer.responses, "both are there"


def test_what_is_wanted_instead_of_the_form_is_offered(customer):
    customer.slots.update(ticket_problem="门锁坏了", ticket_intent="report_fault")
    customer.says("先不报修了，我要投诉你们客服", "cancel_ticket").gets(ActionStopTicket())
    assert customer.responses == ["utter_ticket_form_stopped", "utter_offer_complaint"]
    assert (customer.slots["awaiting"], customer.slots["ticket_offer"]["intent"]) == (
        "ticket_offer",
        "complain",
    )


def test_asking_for_a_ticket_takes_the_problem_only_where_one_was_told(customer):
    customer.says("帮我建个工单", "open_ticket").gets(ActionStartTicket())
    assert customer.slots.get("ticket_problem") is None
    customer.says("L3指纹没反应,给我报修", "open_ticket", product="L3", symptom="指纹没反应").gets(
        ActionStartTicket()
    )
    assert customer.slots["ticket_problem"] == "L3指纹没反应,给我报修"
    assert customer.slots["ticket_product"] == "L3"


def in_form(customer, asked, text, intent="inform", **entities):
    """The latest message of an open form that asks for a slot."""
    customer.loop = {"name": "ticket_form"}
    customer.slots.update(FORM, ticket_confirmed=None, requested_slot=asked)
    return customer.says(text, intent, **entities)


def test_the_product_set_right_at_another_question_is_confirmed(customer):
    in_form(customer, "ticket_phone", "不对，是L3", product="L3")
    assert checked(customer, "ticket_product", "L3") == ("L3", ["utter_product_noted"])


def test_of_two_products_the_ticket_is_about_the_first(customer):
    in_form(customer, "ticket_problem", "C2拍不了，R1也断网", product="C2")
    customer.message["entities"].append({"entity": "product", "value": "R1", "start": 6, "end": 8})
    assert checked(customer, "ticket_product", "R1")[0] == "C2"


def test_what_is_told_beside_a_product_is_kept(customer):
    told = "S1买了三天，音质太差，发票抬头李雷"
    in_form(customer, "ticket_phone", told, product="S1")
    say = CollectingDispatcher()
    found = ValidateTicketForm().validate_ticket_phone(told, say, customer.tracker, {})
    assert found["ticket_problem"].endswith(told)


def test_every_product_is_a_button_of_the_form(customer):
    customer.says("指纹不灵", "report_fault").gets(ActionAskTicketProduct())
    assert set(customer.titles) == {"R1", "R3 Pro", "C2", "L1", "L3", "V5", "S1"}
    assert '/inform{"product": "R3 Pro"}' in customer.payloads
    customer.slots["ticket_problem"] = "門鎖指紋冇反應"
    assert set(customer.gets(ActionAskTicketProduct()).titles) == {"L1", "L3"}, "of the line that is named"


def checked(customer, slot, value):
    say = CollectingDispatcher()
    check = getattr(ValidateTicketForm(), f"validate_{slot}")
    result = check(value, say, customer.tracker, {})
    if asyncio.iscoroutine(result):
        result = asyncio.run(result)
    return result[slot], [message["response"] for message in say.messages]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800138000", "13800138000"), ("138 0013 8000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"), ("(010) 62345678", "01062345678"),
        ("400-800-1234", "4008001234"),
        ("01062345678", "01062345678"), ("打13800138000 2号楼王先生", "13800138000"), ("-", "-"),
    ],
)  # fmt: skip
def test_a_phone_is_taken_however_it_is_typed_or_not_given(customer, typed, number):
    assert checked(customer, "ticket_phone", typed) == (number, [])


@pytest.mark.parametrize("typed", ["12345", "1380013800", "明天吧", "23800138000", "138001380001"])
def test_what_is_no_phone_is_asked_for_again(customer, typed):
    assert checked(customer, "ticket_phone", typed) == (None, ["utter_phone_invalid"])


@pytest.fixture
def at_the_phone(customer):
    """A customer whom the form asks for a phone."""
    customer.slots.update(FORM, ticket_phone=None, ticket_confirmed=None, requested_slot="ticket_phone")
    customer.loop = {"name": "ticket_form"}
    return customer


def test_what_tells_more_instead_of_a_phone_is_added_to_the_problem(at_the_phone):
    at_the_phone.says("用了三天太吵", "inform").gets(ValidateTicketForm(), DOMAIN)
    assert at_the_phone.responses == ["utter_noted"]
    assert at_the_phone.slots["ticket_problem"] == FORM["ticket_problem"] + "\n用了三天太吵"


def test_the_form_is_left_by_words_and_not_by_what_was_understood(at_the_phone):
    at_the_phone.says("师傅弄坏了我的门", "cancel_appointment").gets(ValidateTicketForm(), DOMAIN)
    assert at_the_phone.slots["requested_slot"] == "ticket_phone"
    at_the_phone.says("不弄了", "inform").gets(ValidateTicketForm(), DOMAIN).gets(ActionOpenTicket())
    assert at_the_phone.responses == ["utter_ticket_form_stopped"]
    assert at_the_phone.slots["requested_slot"] is None
    assert service.list_tickets(at_the_phone.name) == []


@pytest.mark.parametrize(
    ("typed", "phone"), [("不留", "-"), ("算了", "-"), ("不是李 是黎", None), ("不是我的，是我妈的", None)]
)
def test_only_a_refusal_is_a_missing_phone(at_the_phone, typed, phone):
    at_the_phone.says(typed, "deny").gets(ValidateTicketForm(), DOMAIN)
    assert at_the_phone.slots["ticket_phone"] == phone


@pytest.mark.parametrize(
    ("typed", "product"),
    [("l3", "L3"), ("门锁", "智能门锁"), ("門鎖", "智能门锁"), ("没有", "-"), ("冰箱", "-")],
)
def test_a_product_is_taken_by_any_name_and_anything_else_as_not_given(customer, typed, product):
    assert checked(customer, "ticket_product", typed) == (product, [])


def test_a_problem_of_one_sign_is_asked_for_again_and_a_long_one_cut(customer):
    assert checked(customer, "ticket_problem", " ? ") == (None, ["utter_problem_too_short"])
    assert checked(customer, "ticket_problem", "坏" * 5000) == ("坏" * 2000, [])


@pytest.mark.parametrize(("value", "taken"), [(True, True), (False, None), ("随便", None)])
def test_only_a_yes_confirms(customer, value, taken):
    assert checked(customer, "ticket_confirmed", value) == (taken, [])


def test_the_summary_shows_everything_that_the_ticket_will_hold(customer):
    customer.slots.update(FORM)
    customer.says("13800138000", "inform").gets(ActionAskTicketConfirmed())
    assert customer.responses == ["utter_ticket_summary"]
    assert customer.told("category") == "智能门锁/指纹开锁/识别失败"
    assert (customer.told("urgency"), customer.told("phone")) == ("普通", "13800138000")


def test_a_bare_no_to_the_summary_asks_what_to_change(customer):
    customer.slots.update(FORM, requested_slot="ticket_confirmed")
    customer.says("不留", "deny").gets(ActionAskTicketConfirmed())
    assert customer.responses == ["utter_ticket_summary"]
    customer.says("不对", "deny").gets(ActionAskTicketConfirmed())
    assert customer.responses == ["utter_what_to_correct"]


def test_a_second_no_to_the_summary_offers_to_submit_or_to_stop(customer):
    customer.slots.update(FORM, requested_slot="ticket_confirmed")
    customer.says("不留", "deny").gets(ActionAskTicketConfirmed())
    assert customer.responses == ["utter_ticket_summary"]
    customer.says("不对", "deny").gets(ActionAskTicketConfirmed())
    customer.says("不是", "deny").gets(ActionAskTicketConfirmed())
    assert customer.responses == ["utter_correct_or_stop"]


@pytest.mark.parametrize(
    ("said", "index", "product"), [("第二个", "2", 1), ("最后一个", "-1", -1), ("第二十个", "20", None)]
)
def test_a_button_of_the_product_question_can_be_named_by_its_place(customer, said, index, product):
    customer.says(said, "choose_option", option_index=(said, index)).gets(ActionAskTicketProduct())
    taken = checked(customer, "ticket_product", said)
    assert taken == (None if product is None else customer.titles[product], [])


def test_the_form_is_checked_in_a_thread_of_its_own(customer, monkeypatch):
    seen = []
    monkeypatch.setattr(
        ValidateTicketForm, "validate_ticket_problem", lambda *_: seen.append(current_thread()) or {}
    )
    customer.slots["ticket_problem"] = "坏了"
    customer.events.append({"event": "slot", "name": "ticket_problem", "value": "坏了"})
    domain = {"forms": {"ticket_form": {"required_slots": ["ticket_problem"]}}}
    asyncio.run(ValidateTicketForm().run(CollectingDispatcher(), customer.tracker, domain))
    assert seen and seen[0] is not main_thread()


def test_the_form_becomes_a_ticket_and_is_forgotten(owner):
    ticket = service.find_ticket(owner.name)
    assert (ticket.kind, ticket.product, ticket.phone) == ("repair", "L3", "13800138000")
    assert ticket.category == "智能门锁 / 指纹开锁 / 识别失败"
    assert owner.responses == ["utter_ticket_opened_normal"]
    assert owner.told("number") == ticket.number == owner.slots["ticket_number"]
    assert all(owner.slots[slot] is None for slot in FORM)


def test_the_same_message_handled_again_opens_no_second_ticket(customer):
    customer.slots.update(FORM)
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    customer.slots.update(FORM)
    customer.gets(ActionOpenTicket())
    assert len(service.list_tickets(customer.name)) == 1


def test_what_was_not_given_stays_empty_and_danger_is_critical(customer):
    customer.slots.update(FORM, ticket_problem="插座冒烟了", ticket_product="-", ticket_phone="-")
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    ticket = service.find_ticket(customer.name)
    assert (ticket.product, ticket.phone, ticket.urgency) == (None, None, "critical")
    assert customer.responses == ["utter_ticket_opened_critical"]


def test_leaving_the_form_keeps_what_was_told(customer):
    customer.slots.update(FORM)
    customer.says("先不登记了", "cancel_ticket").gets(ActionStopTicket())
    assert customer.responses == ["utter_ticket_form_stopped"]
    assert {"event": "active_loop", "timestamp": None, "name": None} in customer.events
    assert customer.slots["ticket_problem"] == FORM["ticket_problem"]
    assert customer.slots["ticket_confirmed"] is None


def test_progress_is_told_in_the_customers_language(owner):
    owner.says("工单到哪了", "check_ticket").gets(ActionCheckTicket())
    assert (owner.told("number"), owner.told("status")) == (number_of(owner), "已受理")
    owner.slots["language"] = "en"
    owner.gets(ActionCheckTicket())
    assert owner.told("status") == "received"


@pytest.mark.parametrize(
    "action",
    [ActionCheckTicket, ActionUrgeTicket, ActionAddTicketDetail, ActionCancelTicket, ActionReopenTicket],
)
def test_nobody_reaches_a_ticket_of_someone_else(owner, action):
    number = number_of(owner)
    other = Customer("web-other").says(f"工单{number}", "check_ticket", ticket_number=number).gets(action())
    assert other.responses == ["utter_ticket_not_found"]
    assert [note.kind for note in service.find_ticket(owner.name).notes] == ["opened"]


def test_a_tickets_number_says_that_it_is_no_parcel(owner):
    number = number_of(owner)
    owner.says(f"{number}到哪了", "track_delivery", ticket_number=number).gets(ActionOfferTicket())
    assert owner.responses == ["utter_ticket_progress"]


def test_who_has_no_ticket_is_offered_one(customer):
    customer.says("我的工单呢", "check_ticket").gets(ActionCheckTicket())
    assert customer.responses == ["utter_no_ticket_yet"]
    assert customer.slots["awaiting"] == "ticket_offer"


def test_a_yes_to_the_offer_of_a_first_ticket_lets_the_form_ask_for_the_problem(customer):
    customer.says("我的工单呢", "check_ticket").gets(ActionCheckTicket())
    customer.says("好", "affirm").gets(ActionStartTicket())
    assert not customer.slots.get("ticket_problem")


def test_urging_counts_once_in_a_while_and_says_which(owner):
    assert owner.says("快点", "urge_ticket").gets(ActionUrgeTicket()).responses == ["utter_ticket_urged"]
    assert owner.says("快点", "urge_ticket").gets(ActionUrgeTicket()).responses == [
        "utter_ticket_urged_already"
    ]
    assert service.find_ticket(owner.name).urged == 1


def test_a_detail_is_added_as_said(owner):
    owner.says("补充一下,换过电池", "add_ticket_detail").gets(ActionAddTicketDetail())
    assert service.find_ticket(owner.name).notes[-1].text == "补充一下,换过电池"


def test_a_ticket_is_withdrawn_once_and_can_be_taken_up_again(owner):
    assert owner.says("撤销", "cancel_ticket").gets(ActionCancelTicket()).responses == [
        "utter_ticket_cancelled"
    ]
    owner.says("撤销", "cancel_ticket").gets(ActionCancelTicket())
    assert owner.responses == ["utter_ticket_wrong_state"]
    assert owner.told("status") == "已撤销"
    assert owner.says("重新打开", "reopen_ticket").gets(ActionReopenTicket()).responses == [
        "utter_ticket_restored"
    ]


def test_a_phone_that_was_left_before_is_not_asked_for_again(owner):
    owner.says("我要报修 S1没声音", "open_ticket", product="S1").gets(ActionStartTicket())
    assert (owner.responses, owner.told("phone")) == (["utter_phone_known"], "138****8000")
    assert owner.slots["ticket_phone"] == "13800138000"
    owner.slots.update(ticket_problem="S1没声音", ticket_product="S1")
    assert owner.says("好", "inform").gets(ActionAskTicketConfirmed()).told("phone") == "138****8000"


@pytest.mark.parametrize(
    ("said", "value", "rating", "response"),
    [
        ("五星", "5", 5, "utter_thanks_for_rating"), ("1分", "1", 1, "utter_low_rating_passed_on"),
        ("十分", "10", 5, "utter_thanks_for_rating"), ("零分", "0", 1, "utter_low_rating_passed_on"),
    ],
)  # fmt: skip
def test_a_rating_is_taken_between_one_and_five(owner, said, value, rating, response):
    owner.says(said, "rate_service", rating=(said, value)).gets(ActionRateService())
    assert (owner.responses, service.find_ticket(owner.name).rating) == ([response], rating)


def test_a_rating_without_a_number_is_asked_for_and_one_without_a_ticket_recorded(customer):
    assert customer.says("我要评价", "rate_service").gets(ActionRateService()).responses == [
        "utter_ask_rating"
    ]
    customer.says("4分", "rate_service", rating=("4分", "4")).gets(ActionRateService())
    assert recorded("service.rated") == [{"rating": 4}]
