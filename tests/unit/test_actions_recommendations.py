"""What customers hear when something is recommended to them, and when their own device is meant."""

import pytest

from actions.consulting import ActionAnswer, ActionMarkSolved, ActionTakeInformation
from actions.recommendations import (
    ActionRecommend,
    ActionRefuseOffer,
    ActionTakeOffer,
    ActionTellPromotions,
)
from actions.ticket_offer import ActionDeclineOffer, ActionStartTicket
from kefu.customers import profile
from kefu.customers.profile import devices_of
from kefu.db import session_scope, utcnow
from kefu.handoff import service as handoff
from kefu.tickets.routing import Case, route
from kefu.tickets.service import TicketRequest, open_ticket
from tests.customer import Customer, recorded


@pytest.fixture
def customer(demo):
    return Customer()


def has(*products):
    with session_scope() as session:
        for product in products:
            profile.tell(session, "web-me", "device", product, 1.0, "event:1")


def known():
    with session_scope() as session:
        return devices_of(session, "web-me")


def solved(customer):
    return customer.says("好了", "answer_helpful").gets(ActionMarkSolved())


def test_what_they_say_is_theirs_is_learned_and_what_they_ask_the_price_of_is_not(customer):
    customer.says("我的L3怎么添加指纹", "ask_how_to", product="L3").gets(ActionAnswer())
    customer.says("R1多少钱", "ask_price", product="R1").gets(ActionAnswer())
    customer.says("我想买V5，V5续航多久", "ask_product_info", product="V5").gets(ActionAnswer())
    assert known() == ["L3"]


def test_a_fault_of_a_product_says_that_they_have_it(customer):
    customer.says("L3指纹识别不了", "report_fault", product="L3").gets(ActionAnswer())
    assert known() == ["L3"]


def test_a_ticket_about_a_product_says_that_they_have_it(demo):
    ask = {"customer": "web-me", "channel": "web", "urgency": "normal", "description": "-"}
    open_ticket(TicketRequest(request_key="1", kind="repair", product="V5", **ask))
    open_ticket(TicketRequest(request_key="2", kind="suggestion", product="R1", **ask))
    open_ticket(TicketRequest(request_key="3", kind="repair", product="电饭锅", **ask))
    assert known() == ["V5"]


def test_their_own_device_is_assumed_and_said(customer):
    has("L3", "R1")
    customer.says("指纹识别不了", "report_fault", function="指纹", symptom="指纹识别不了").gets(
        ActionAnswer()
    )
    assert customer.responses[:2] == ["utter_your_device", "utter_diagnosis"]
    assert (customer.told("product"), customer.slots["product"]) == ("L3", "L3")


def test_it_is_said_once_as_the_conversation_is_about_it_then(customer):
    has("L3")
    customer.says("指纹识别不了", "report_fault", function="指纹").gets(ActionAnswer())
    customer.says("怎么添加指纹", "ask_how_to", function="指纹").gets(ActionAnswer())
    assert "utter_your_device" not in customer.responses


@pytest.mark.parametrize(
    ("owned", "text", "intent", "entities"),
    [
        (["L1", "L3"], "指纹识别不了", "report_fault", {"function": "指纹"}),
        (["R1"], "指纹识别不了", "report_fault", {"function": "指纹"}),
        (["L3"], "L1指纹识别不了", "report_fault", {"product": "L1"}),
        (["L3"], "门锁多少钱", "ask_price", {"product_line": ("门锁", "智能门锁")}),
        (["L3"], "七天无理由退货怎么算", "ask_policy", {}),
    ],
)
def test_no_device_is_assumed_where_it_is_open_named_or_makes_no_difference(
    customer, owned, text, intent, entities
):
    has(*owned)
    customer.says(text, intent, **entities).gets(ActionAnswer())
    assert "utter_your_device" not in customer.responses


def test_who_asks_is_recommended_something_for_what_they_have_with_a_reason(customer):
    has("C2")
    customer.says("有什么推荐", "ask_recommendation").gets(ActionRecommend())
    assert customer.responses == ["utter_recommend_offer"]
    assert "C2 智能摄像头" in customer.told("reason")
    assert customer.slots["awaiting"] == "recommendation"
    assert recorded("offer.shown")[0]["asked"]


def test_what_they_say_to_have_in_asking_counts(customer):
    customer.says("我有一台V5，有什么推荐", "ask_recommendation", product="V5").gets(ActionRecommend())
    assert customer.responses == ["utter_recommend_offer"]
    assert "V5" in customer.told("reason")


def test_of_whom_nothing_is_known_one_question_is_asked(customer):
    customer.says("推荐一款", "ask_recommendation").gets(ActionRecommend())
    assert customer.responses == ["utter_ask_product_line"]


@pytest.mark.parametrize(
    ("text", "entities", "product", "because"),
    [
        ("家里有老人，推荐个门锁", {"product_line": ("门锁", "智能门锁")}, "L3", "家里有老人"),
        (
            "预算一千元，推荐个门锁",
            {"product_line": ("门锁", "智能门锁"), "amount": "一千元"},
            "L1",
            "预算 1000 元以内",
        ),
        ("养了两只猫，买什么好", {}, "V5", "家里有宠物"),
    ],
)
def test_a_product_is_recommended_by_what_they_tell(customer, text, entities, product, because):
    customer.says(text, "ask_recommendation", **entities).gets(ActionRecommend())
    assert customer.responses == ["utter_recommend_product"]
    assert (customer.told("product"), customer.told("because")) == (product, because)


def test_what_they_add_is_put_to_their_wish(customer):
    customer.says("推荐个门锁", "ask_recommendation", product_line=("门锁", "智能门锁")).gets(
        ActionRecommend()
    )
    customer.says("家里有老人", "inform").gets(ActionTakeInformation())
    assert customer.told("product") == "L3"
    customer.says("1000元以内", "inform", amount="1000元").gets(ActionTakeInformation())
    # L1 does not suit the elderly: it is named as the nearest, not recommended.
    assert (customer.told("product"), customer.responses) == ("L1", ["utter_over_budget"])


def test_a_budget_that_nothing_fits_is_said(customer):
    line = {"product_line": ("扫地机", "扫地机器人")}
    customer.says("500元的扫地机推荐", "ask_recommendation", amount="500元", **line).gets(ActionRecommend())
    assert customer.responses == ["utter_over_budget"]
    assert customer.told("product") == "V5"


def test_a_plan_asked_for_by_who_has_no_device_is_explained(customer):
    customer.says("延保值得买吗", "ask_recommendation").gets(ActionRecommend())
    assert customer.slots["answer"] == "policy:延长保修"


def test_a_promotion_asked_for_always_gets_an_answer(customer):
    customer.says("优惠券怎么领", "ask_promotions").gets(ActionTellPromotions())
    assert customer.slots["answer"] == "policy:优惠券使用"
    customer.presses("/ask_promotions", "ask_promotions").gets(ActionTellPromotions())
    assert customer.responses[0] == "utter_no_promotion"


def test_after_a_matter_is_settled_something_may_be_recommended_once(customer):
    has("C2")
    assert solved(customer).responses == ["utter_glad_it_helped", "utter_recommend_unasked"]
    assert recorded("offer.shown")[0]["asked"] is False
    assert solved(customer).responses == ["utter_glad_it_helped"]


@pytest.mark.parametrize("mood", ["angry", "unhappy"])
def test_the_upset_are_not_bothered(customer, mood):
    has("C2")
    customer.says("气死了", "chitchat").feels(mood)
    assert solved(customer).responses[-1] != "utter_recommend_unasked"


def test_nobody_is_bothered_while_a_ticket_is_urgent(customer):
    has("C2")
    open_ticket(
        TicketRequest(
            request_key="1",
            customer="web-me",
            channel="web",
            kind="repair",
            urgency="critical",
            description="冒烟",
        )
    )
    assert solved(customer).responses == ["utter_glad_it_helped"]


def test_nobody_is_bothered_who_waits_for_a_person(customer):
    has("C2")
    asked = route(Case(kind="consultation", urgency="normal", channel="web"))
    with session_scope() as session:
        handoff.request(session, "web-me", "asked", asked, "normal", "neutral")
    assert solved(customer).responses == ["utter_glad_it_helped"]


def test_who_wants_a_plan_hears_how_to_get_it_and_a_ticket_accepts_it(customer):
    has("C2")
    customer.says("云存储套餐推荐", "ask_recommendation").gets(ActionRecommend())
    customer.says("好的", "affirm").gets(ActionTakeOffer())
    assert (customer.responses, customer.slots["awaiting"]) == (["utter_offer_details"], "ticket_offer")
    customer.says("好", "affirm").gets(ActionStartTicket())
    assert customer.slots["ticket_problem"] == "摄像头云存储年付"
    assert [len(recorded(f"offer.{what}")) for what in ("shown", "clicked", "accepted")] == [1, 1, 1]


def test_a_ticket_declined_refuses_what_it_was_for(customer):
    has("C2")
    customer.says("云存储套餐推荐", "ask_recommendation").gets(ActionRecommend())
    customer.says("好的", "affirm").gets(ActionTakeOffer())
    customer.says("不用了", "deny").gets(ActionDeclineOffer())
    assert recorded("offer.refused")[0]["offer"] == "camera-cloud-year"


def test_what_was_refused_is_not_recommended_again(customer):
    has("C2")
    seen = []
    for _ in range(4):
        customer.says("还有什么推荐", "ask_recommendation").gets(ActionRecommend())
        if customer.responses != ["utter_recommend_offer"]:
            break
        seen.append(customer.told("title"))
        customer.says("不需要", "deny").gets(ActionRefuseOffer())
        assert customer.responses[0] == "utter_offer_refused"
    assert len(seen) == len(set(seen)) >= 3


def test_a_how_to_that_is_wanted_is_told(customer):
    has("C2")
    customer.slots["recommendation"] = {"offer": "how-to-privacy-mode", "asked": False, "product": "C2"}
    customer.says("好的", "affirm").gets(ActionTakeOffer())
    assert customer.slots["answer"] == "function:智能摄像头/隐私模式"
    assert recorded("offer.accepted")[0]["offer"] == "how-to-privacy-mode"


def test_what_was_told_is_dated(customer):
    customer.says("我的L3怎么添加指纹", "ask_how_to", product="L3").gets(ActionAnswer())
    with session_scope() as session:
        fact = profile.facts_of(session, "web-me", ["device"])[0]
    assert fact.source.startswith("event:")
    assert fact.at <= utcnow()
