"""What customers say once a colleague has resolved their ticket, on the demo company's knowledge."""

import pytest

from actions.consulting import (
    ActionAnswer,
    ActionChooseOption,
    ActionMarkSolved,
    ActionNextStep,
    ActionTakeInformation,
)
from actions.ticket_closing import (
    ActionConfirmTicket,
    ActionRateService,
    ActionReopenTicket,
    ActionTakeReason,
)
from actions.ticket_offer import ActionOfferTicket
from actions.tickets import ActionAddTicketDetail, ActionCheckTicket
from kefu.db import session_scope
from kefu.tickets import progress, service
from kefu.tickets.service import TicketRequest
from kefu.tickets.steps import Actor
from tests.customer import Customer, recorded

LI = Actor("agent", "account:1", "李晓雨")


def does(customer, step):
    """Has a colleague take a step with the customer's ticket."""
    with session_scope() as session:
        asked = "请告诉我们序列号" if step == "waiting" else ""
        progress.move(session, ticket_of(customer).number, step, LI, text=asked)


def ticket_of(customer):
    return service.find_ticket(customer.name)


@pytest.fixture
def customer(demo):
    """A customer who has just been asked whether the ticket about their lock is solved."""
    request = TicketRequest("m", "web-me", "web", "repair", "normal", "L3 指纹识别不了", line="智能门锁")
    number = service.open_ticket(request).number
    asked = Customer(slots={"awaiting": "confirmation", "ticket_number": number})
    for step in ("assigned", "in_progress", "resolved"):
        does(asked, step)
    return asked


@pytest.mark.parametrize(
    ("said", "intent", "action"),
    [("可以了", "affirm", ActionConfirmTicket), ("修好了", "answer_helpful", ActionMarkSolved)],
)
def test_a_yes_closes_the_ticket_and_asks_for_points(customer, said, intent, action):
    customer.says(said, intent).gets(action())
    assert customer.responses == ["utter_ticket_closed_ask_rating"]
    assert (customer.slots["awaiting"], ticket_of(customer).status) == ("rating", "closed")


def test_who_has_given_points_is_not_asked_for_them_again(customer):
    service.rate("points", customer.name, 4)
    assert customer.says("对", "affirm").gets(ActionConfirmTicket()).responses == ["utter_ticket_closed"]


@pytest.mark.parametrize(
    ("said", "intent", "action"),
    [
        ("没有", "deny", ActionReopenTicket), ("还没解决", "answer_unhelpful", ActionNextStep),
        ("not fixed", "answer_helpful", ActionMarkSolved),
    ],
)  # fmt: skip
def test_a_bare_no_reopens_it_and_asks_why_whatever_it_was_understood_as(customer, said, intent, action):
    customer.says(said, intent).gets(action())
    assert customer.responses == ["utter_ticket_reopened_ask_reason"]
    assert (customer.slots["awaiting"], ticket_of(customer).status) == ("reason", "assigned")
    customer.says("指纹录进去还是打不开", "report_fault").gets(ActionTakeReason())
    assert (customer.responses, customer.slots["awaiting"]) == (["utter_reason_noted"], None)
    assert ticket_of(customer).notes[-1].text == "指纹录进去还是打不开"


@pytest.mark.parametrize(
    ("said", "intent", "action"),
    [
        ("没有，按上去还是没反应", "answer_unhelpful", ActionNextStep),
        ("指纹还是按不开", "report_fault", ActionAnswer),
        ("根本没人联系我", "urge_ticket", ActionReopenTicket),
    ],
)
def test_a_no_that_says_why_is_the_reason(customer, said, intent, action):
    customer.says(said, intent).gets(action())
    assert (customer.responses, customer.slots["awaiting"]) == (["utter_ticket_reopened"], None)
    assert "reopened" in [note.kind for note in ticket_of(customer).notes if note.text == said]


def test_a_fault_of_another_product_is_a_matter_of_its_own(customer):
    customer.says("C2看不到画面", "report_fault", product="C2").gets(ActionAnswer())
    assert customer.responses != ["utter_ticket_reopened"]
    assert ticket_of(customer).status == "resolved"


@pytest.mark.parametrize(
    ("intent", "action"), [("answer_unhelpful", ActionNextStep), ("report_fault", ActionAnswer)]
)
def test_danger_told_of_the_ticket_is_warned_of_and_reopens_it_as_critical(customer, intent, action):
    customer.says("没有，现在冒烟了", intent).gets(action())
    assert customer.responses == ["utter_safety_smoke", "utter_ticket_reopened_critical"]
    ticket = ticket_of(customer)
    assert (ticket.status, ticket.urgency, ticket.priority) == ("assigned", "critical", 1)


def test_a_no_after_another_question_reopens_the_one_that_is_to_be_confirmed(customer):
    customer.slots.update(awaiting=None, ticket_number=None)
    customer.says("还没解决", "answer_unhelpful").gets(ActionNextStep())
    assert (customer.responses, customer.slots["awaiting"]) == (
        ["utter_ticket_reopened_ask_reason"],
        "reason",
    )
    assert ticket_of(customer).status == "assigned"


def test_where_several_are_to_be_confirmed_a_late_no_asks_which(customer):
    first = ticket_of(customer).number
    service.open_ticket(
        TicketRequest("m2", customer.name, "web", "repair", "normal", "C2 黑屏", line="智能摄像头")
    )
    for step in ("in_progress", "resolved"):
        does(customer, step)
    customer.slots.update(awaiting=None, ticket_number=None)
    customer.says("还没解决", "answer_unhelpful").gets(ActionNextStep())
    assert customer.responses == ["utter_which_not_solved"]
    customer.presses(customer.payloads[-1], "answer_unhelpful", ticket_number=first).gets(ActionNextStep())
    assert service.find_ticket(customer.name, first).status == "assigned"


@pytest.fixture
def waited_for(customer):
    """A customer whom a colleague asked for something."""
    service.reopen_ticket("no", customer.name, "没好")
    does(customer, "waiting")
    customer.slots["awaiting"] = "detail"
    return customer


@pytest.mark.parametrize(
    ("said", "intent", "action"),
    [
        ("在天猫买的，序列号 L3A20231100456", "inform", ActionTakeInformation),
        ("固件版本2.1.3", "report_fault", ActionAnswer),
        ("发票找不到了", "request_invoice", ActionOfferTicket),
    ],
)
def test_what_a_colleague_waits_for_goes_into_the_ticket_whatever_it_sounds_like(
    waited_for, said, intent, action
):
    waited_for.says(said, intent).gets(action())
    assert waited_for.responses == ["utter_ticket_detail_added"]
    ticket = ticket_of(waited_for)
    assert (ticket.status, ticket.notes[-1].kind, ticket.notes[-1].text) == ("in_progress", "detail", said)


@pytest.mark.parametrize(
    ("said", "intent", "entities"),
    [("L3多少钱？", "ask_price", {"product": "L3"}), ("C2看不到画面", "report_fault", {"product": "C2"})],
)
def test_another_wish_is_met_while_a_colleague_waits_on(waited_for, said, intent, entities):
    waited_for.says(said, intent, **entities).gets(ActionAnswer())
    assert "utter_ticket_detail_added" not in waited_for.responses
    assert ticket_of(waited_for).status == "waiting"


def test_danger_told_to_a_colleague_who_waits_is_warned_of_and_kept_in_the_same_ticket(waited_for):
    waited_for.says("现在冒烟了怎么办", "report_fault").gets(ActionAnswer())
    assert waited_for.responses == ["utter_safety_smoke", "utter_ticket_detail_critical"]
    assert ticket_of(waited_for).urgency == "critical"


def test_a_button_knows_its_ticket_long_after(customer):
    number = ticket_of(customer).number
    customer.slots.update(awaiting=None, ticket_number=None)
    pressed = f'/answer_unhelpful{{"ticket_number": "{number}"}}'
    customer.presses(pressed, "answer_unhelpful", ticket_number=number).gets(ActionNextStep())
    assert customer.responses == ["utter_ticket_reopened_ask_reason"]


def test_without_the_question_a_yes_is_about_the_last_answer(customer):
    customer.slots["awaiting"] = None
    assert customer.says("好了", "answer_helpful").gets(ActionMarkSolved()).responses == [
        "utter_glad_it_helped"
    ]
    assert ticket_of(customer).status == "resolved"


@pytest.mark.parametrize(
    ("said", "action", "entity", "rating"),
    [
        ("5", ActionChooseOption, {"option_index": "5"}, 5), ("3", ActionTakeInformation, {}, 3),
        ("五星", ActionRateService, {"rating": ("五星", "5")}, 5), ("👍", ActionRateService, {}, 5),
        ("⭐⭐⭐⭐", ActionRateService, {}, 4), ("好评", ActionRateService, {}, 5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("awaiting", ["rating", "confirmation"])
def test_points_are_understood_bare_in_words_and_in_signs_and_close_it(
    customer, awaiting, said, action, entity, rating
):
    customer.slots["awaiting"] = awaiting
    customer.says(said, "", **entity).gets(action())
    closes = "_closed" if awaiting == "confirmation" else ""
    assert customer.responses == [f"utter_thanks_for_rating{closes}"]
    assert (ticket_of(customer).rating, ticket_of(customer).status) == (rating, "closed")


@pytest.mark.parametrize("said", ["一般般", "还行吧", "马马虎虎", "so-so"])
def test_neither_good_nor_bad_is_three_points_and_no_complaint(customer, said):
    customer.slots["awaiting"] = "rating"
    customer.says(said, "rate_service").gets(ActionRateService())
    assert (customer.responses, ticket_of(customer).rating) == (["utter_thanks_for_rating"], 3)


def test_a_mere_yes_is_no_rating(customer):
    customer.slots["awaiting"] = "rating"
    customer.says("ok", "affirm").gets(ActionRateService())
    assert (customer.responses, ticket_of(customer).rating) == (["utter_ask_rating"], None)


@pytest.mark.parametrize("said", ["不想评", "懒得打分", "不评了", "rather not rate"])
def test_who_gives_no_points_is_not_asked_again(customer, said):
    customer.slots["awaiting"] = "rating"
    customer.says(said, "rate_service").gets(ActionRateService())
    assert (customer.responses, ticket_of(customer).rating) == (["utter_ok"], None)


def test_a_thing_that_fails_again_without_a_ticket_is_offered_one_about_that(demo):
    stranger = Customer("web-stranger").says("V5又不动了，上周刚修过", "reopen_ticket", product="V5")
    assert stranger.gets(ActionReopenTicket()).responses == ["utter_offer_repair"]
    assert stranger.slots["ticket_offer"]["problem"] == "V5又不动了，上周刚修过"


def test_a_low_rating_asks_once_what_was_wrong_and_puts_it_on_the_ticket(customer):
    customer.says("修好了", "answer_helpful").gets(ActionMarkSolved())
    customer.says("1分", "rate_service", rating=("1分", "1")).gets(ActionRateService())
    assert (customer.responses, customer.slots["awaiting"]) == (["utter_low_rating_passed_on"], "reason")
    customer.says("师傅迟到了两个小时", "complain").gets(ActionTakeReason())
    ticket = ticket_of(customer)
    assert (ticket.status, ticket.escalated_at is not None, ticket.holder) == ("new", True, None)
    assert (ticket.notes[-1].kind, ticket.notes[-1].text) == ("detail", "师傅迟到了两个小时")


def test_nobody_has_to_say_why(customer):
    customer.says("没有", "deny").gets(ActionReopenTicket())
    notes = len(ticket_of(customer).notes)
    assert customer.says("不想说", "deny").gets(ActionTakeReason()).responses == ["utter_ok"]
    assert len(ticket_of(customer).notes) == notes


def test_a_bad_rating_without_a_ticket_is_regretted(demo):
    stranger = Customer("web-stranger").says("1分", "rate_service", rating=("1分", "1"))
    assert stranger.gets(ActionRateService()).responses == ["utter_thanks_for_low_rating"]
    assert recorded("service.rated") == [{"rating": 1}]


def test_who_asks_for_what_is_resolved_is_asked_whether_it_is_solved(customer):
    customer.slots["awaiting"] = None
    customer.says("工单到哪了", "check_ticket").gets(ActionCheckTicket())
    assert customer.responses == ["utter_ticket_progress", "utter_is_it_solved"]
    assert (customer.told("number"), customer.slots["awaiting"]) == (
        ticket_of(customer).number,
        "confirmation",
    )


def test_what_was_waited_for_lets_the_work_go_on(customer):
    service.reopen_ticket("no", customer.name, "没好")
    does(customer, "waiting")
    customer.says("序列号是A12", "add_ticket_detail").gets(ActionAddTicketDetail())
    assert ticket_of(customer).status == "in_progress"


def test_an_old_number_leads_to_the_ticket_that_goes_on(customer):
    service.reopen_ticket("no", customer.name, "没好")
    old = ticket_of(customer).number
    request = TicketRequest("m2", customer.name, "web", "repair", "normal", "还是坏的", line="智能门锁")
    new = service.open_ticket(request).number
    with session_scope() as session:
        progress.merge(session, old, new, LI)
    customer.says(f"{old}怎么样了", "check_ticket", ticket_number=old).gets(ActionCheckTicket())
    assert customer.responses == ["utter_ticket_goes_on", "utter_ticket_progress"]
    assert customer.slots["ticket_number"] == new
