"""Questions and faults, on the demo company's knowledge."""

import re

import pytest

from actions.consulting import (
    ActionAnswer,
    ActionChooseOption,
    ActionMarkSolved,
    ActionNextStep,
    ActionRepeatAnswer,
    ActionTakeInformation,
)
from actions.products import ActionCompareProducts, ActionSuggestProducts
from actions.ticket_form import ActionOpenTicket
from actions.ticket_offer import ActionOfferTicket
from kefu.db import session_scope
from kefu.knowledge.models import UnansweredQuestion
from kefu.knowledge.service import catalog
from tests.customer import Customer, recorded

FAULT = "fault:智能门锁/指纹识别失败"


@pytest.fixture
def customer(demo):
    return Customer()


@pytest.fixture
def diagnosed(customer):
    """A customer who was shown the first remedy for a fault."""
    customer.says("L3门锁指纹识别不了", "report_fault", product="L3", function="指纹", symptom="指纹识别不了")
    return customer.gets(ActionAnswer())


def unanswered():
    with session_scope() as session:
        return [row.text for row in session.query(UnansweredQuestion)]


def test_a_question_is_answered_with_its_source_and_at_most_three_options(customer):
    customer.says("七天无理由退货怎么算", "ask_policy").gets(ActionAnswer())
    assert customer.responses[0].startswith("utter_answer")
    assert customer.told("source") == "服务政策《七天无理由退货》"
    assert "7 天" in customer.told("answer")
    assert len(customer.titles) <= 3
    assert customer.slots["answer"] == "policy:七天无理由退货"
    assert unanswered() == []
    assert recorded("question.asked")[0]["best"] == "policy:七天无理由退货"


def test_the_source_is_told_in_the_customers_language(customer):
    customer.says("how long is the warranty", "ask_policy").gets(ActionAnswer())
    assert customer.told("source") == 'service policy "Device warranty"'


def test_a_question_that_nothing_fits_is_kept_and_a_ticket_offered(customer):
    customer.says("北京到上海的高铁票", "ask_product_info").gets(ActionAnswer())
    assert customer.responses == ["utter_no_answer"]
    assert unanswered() == ["北京到上海的高铁票"]
    assert customer.slots["awaiting"] == "ticket_offer"


def test_an_unclear_question_is_asked_back_with_choices_and_kept(customer):
    customer.says("无法开机", "report_fault", symptom="无法开机").gets(ActionAnswer())
    assert customer.responses == ["utter_ask_back"]
    assert 1 < len(customer.titles) <= 4
    assert customer.slots["awaiting"] == "choice"
    assert len(customer.slots["options"]) == len(customer.titles)
    assert unanswered() == ["无法开机"]


def test_a_price_asked_for_no_product_in_particular_is_asked_back(customer):
    customer.says("多少钱", "ask_price").gets(ActionAnswer())
    assert customer.responses == ["utter_ask_back"]
    assert "R1" in customer.titles


@pytest.mark.parametrize(
    ("text", "intent", "response"),
    [
        ("插座那里冒烟了,帮我看看", "report_fault", "utter_safety_smoke"),
        ("请问摸着麻手是正常的吗", "ask_product_info", "utter_safety_current"),
        ("电池鼓包还能用吗", "ask_how_to", "utter_safety_battery"),
        ("孩子被反锁在房间里了,门锁打不开", "report_fault", "utter_safety_locked_in"),
    ],
)
def test_danger_comes_before_anything_else(customer, text, intent, response):
    customer.says(text, intent).gets(ActionAnswer())
    assert customer.responses == [response, "utter_offer_critical"]
    assert customer.slots["awaiting"] == "ticket_offer"
    assert customer.slots["ticket_offer"]["problem"] == text
    assert recorded("question.asked")[0]["urgency"] == "critical"


def test_a_fault_is_led_through_its_causes_one_at_a_time_until_none_is_left(diagnosed):
    causes = [fact.name for fact in catalog().graph.targets(FAULT, "caused_by")]
    assert len(causes) > 1
    assert diagnosed.responses == ["utter_diagnosis"]
    seen = [diagnosed.told("cause")]
    for _ in causes[1:]:
        diagnosed.says("还是不行", "answer_unhelpful").gets(ActionNextStep())
        assert diagnosed.responses == ["utter_diagnosis_next"]
        assert diagnosed.slots["awaiting"] == "solved"
        seen.append(diagnosed.told("cause"))
    assert seen == causes
    diagnosed.says("还是不行", "answer_unhelpful").gets(ActionNextStep())
    assert diagnosed.responses == ["utter_diagnosis_exhausted"]
    assert diagnosed.slots["awaiting"] == "ticket_offer"
    assert diagnosed.slots["ticket_offer"] == {
        "intent": "report_fault",
        "problem": "指纹识别失败\nL3门锁指纹识别不了",
        "product": "L3",
    }


def test_an_answer_that_helped_is_recorded_and_ends_the_matter(diagnosed):
    diagnosed.says("好了", "answer_helpful").gets(ActionMarkSolved())
    assert diagnosed.responses[0] == "utter_glad_it_helped"
    assert recorded("answer.helped") == [{"ref": FAULT}]
    assert (diagnosed.slots["question"], diagnosed.slots["fault"]) == (None, None)


def test_an_answer_that_did_not_help_brings_a_ticket(customer):
    customer.says("七天无理由退货怎么算", "ask_policy").gets(ActionAnswer())
    customer.says("没用", "answer_unhelpful").gets(ActionNextStep())
    assert customer.responses == ["utter_answer_did_not_help"]
    assert customer.slots["ticket_offer"]["problem"] == "七天无理由退货怎么算"


def test_a_fault_that_is_gone_from_the_knowledge_brings_a_ticket(diagnosed):
    diagnosed.slots["fault"] = {"ref": "fault:智能门锁/没有这个故障", "step": 0}
    diagnosed.says("还是不行", "answer_unhelpful").gets(ActionNextStep())
    assert diagnosed.responses == ["utter_answer_did_not_help"]


@pytest.fixture
def asked_back(customer):
    customer.slots["options"] = ["product:L1", "policy:整机保修", "product:L3"]
    return customer


@pytest.mark.parametrize(
    ("said", "index", "ref"),
    [("第二个", "2", "policy:整机保修"), ("1", "1", "product:L1"), ("最后一个", "-1", "product:L3")],
)
def test_the_option_chosen_is_delivered(asked_back, said, index, ref):
    asked_back.says(said, "choose_option", option_index=(said, index)).gets(ActionChooseOption())
    assert asked_back.slots["answer"] == ref


def test_an_option_is_chosen_by_its_product_too(asked_back):
    asked_back.says("L3那个", "choose_option", product="L3").gets(ActionChooseOption())
    assert asked_back.slots["answer"] == "product:L3"


def test_a_yes_chooses_the_only_option(asked_back):
    asked_back.slots["options"] = ["policy:整机保修"]
    asked_back.says("对", "affirm").gets(ActionChooseOption())
    assert asked_back.slots["answer"] == "policy:整机保修"


@pytest.mark.parametrize(
    ("said", "index"), [("第四个", "4"), ("第零个", "0"), ("倒数第五个", "-5"), ("中间那个", "中间那个")]
)
def test_an_option_that_is_not_there_is_asked_for_again(asked_back, said, index):
    asked_back.says(said, "choose_option", option_index=(said, index)).gets(ActionChooseOption())
    assert asked_back.responses == ["utter_choose_which"]
    assert asked_back.titles == ["L1", "整机保修", "L3"]


def test_without_options_there_is_nothing_to_choose(customer):
    customer.says("第二个", "choose_option", option_index=("第二个", "2")).gets(ActionChooseOption())
    assert customer.responses == ["utter_nothing_to_choose"]


def test_it_means_the_product_spoken_of_before(customer):
    customer.says("L3门锁怎么样", "ask_product_info", product="L3").gets(ActionAnswer())
    customer.says("它多少钱", "ask_price").gets(ActionAnswer())
    assert customer.slots["answer"] == "spec:L3/价格"
    customer.says("那R1呢", "inform", product="R1").gets(ActionTakeInformation())
    assert customer.slots["answer"] == "spec:R1/价格"
    customer.says("它呢", "ask_price").gets(ActionAnswer())
    assert customer.slots["answer"] == "spec:R1/价格"


def test_a_product_spoken_of_is_dropped_when_another_line_is_named(customer):
    customer.slots["product"] = "R1"
    customer.says(
        "门锁指纹识别不了", "report_fault", product_line=("门锁", "智能门锁"), symptom="指纹识别不了"
    )
    customer.gets(ActionAnswer())
    assert customer.slots["answer"] == FAULT


def test_a_bare_product_is_introduced_and_a_bare_line_shows_its_products(customer):
    customer.says("V5", "inform", product="V5").gets(ActionTakeInformation())
    assert customer.slots["answer"] == "product:V5"
    other = Customer("web-other").says("门锁", "inform", product_line=("门锁", "智能门锁"))
    other.gets(ActionTakeInformation())
    assert other.responses == ["utter_products"] and other.titles == ["L1", "L3"]


def test_a_bare_value_that_says_nothing_is_asked_about(customer):
    customer.says("后天上午", "inform").gets(ActionTakeInformation())
    assert customer.responses == ["utter_what_about_it"]


def test_a_button_without_words_asks_what_it_is_about(customer):
    assert customer.presses("/report_fault", "report_fault").gets(ActionAnswer()).responses == [
        "utter_describe_fault"
    ]
    assert customer.presses("/ask_policy", "ask_policy").gets(ActionAnswer()).responses == [
        "utter_which_policy"
    ]


def test_the_last_answer_is_said_again_a_fault_at_its_step(diagnosed):
    diagnosed.says("还是不行", "answer_unhelpful").gets(ActionNextStep())
    second = diagnosed.told("cause")
    diagnosed.says("再说一遍", "repeat_answer").gets(ActionRepeatAnswer())
    assert diagnosed.told("cause") == second


def test_without_an_answer_there_is_nothing_to_repeat(customer):
    customer.says("再说一遍", "repeat_answer").gets(ActionRepeatAnswer())
    assert customer.responses == ["utter_nothing_to_repeat"]


def test_who_asks_where_we_were_is_told_the_question_and_its_answer_again(diagnosed):
    asked, cause = diagnosed.slots["question"]["text"], diagnosed.told("cause")
    diagnosed.says("刚才说到哪了", "repeat_answer").gets(ActionRepeatAnswer())
    assert diagnosed.responses[0] == "utter_recap_question" and diagnosed.said[0]["asked"] == asked
    assert diagnosed.told("cause") == cause
    assert diagnosed.slots["awaiting"] == "solved"


def test_where_we_were_is_the_ticket_offered_or_spoken_of_last(customer):
    customer.says("我要退掉这台R1", "request_return", product="R1").gets(ActionOfferTicket())
    customer.says("聊到哪了", "repeat_answer").gets(ActionRepeatAnswer())
    assert (customer.responses, customer.slots["awaiting"]) == (["utter_recap_offer"], "ticket_offer")
    customer.slots.update(awaiting=None, ticket_offer=None, ticket_problem="指纹不灵", ticket_confirmed=True)
    customer.says("可以", "affirm").gets(ActionOpenTicket())
    customer.says("where were we", "repeat_answer").gets(ActionRepeatAnswer())
    assert customer.responses == ["utter_recap_ticket"]
    assert customer.told("number") == customer.slots["ticket_number"]


def test_two_products_are_compared_by_what_differs(customer):
    customer.says("L1和L3有什么区别", "compare_products", product="L1")
    customer.message["entities"].append({"entity": "product", "value": "L3", "start": 3, "end": 5})
    customer.gets(ActionCompareProducts())
    assert customer.responses == ["utter_comparison"]
    assert customer.told("names") == "L1、L3"
    assert 0 < len(customer.told("rows").splitlines()) <= 8


def test_a_line_is_compared_by_its_products_and_nothing_at_all_is_answered(customer):
    customer.says("两款门锁哪个好", "compare_products", product_line=("门锁", "智能门锁")).gets(
        ActionCompareProducts()
    )
    assert customer.titles == ["L1", "L3"]
    customer.says("哪个好", "compare_products").gets(ActionCompareProducts())
    assert "utter_comparison" not in customer.responses


def test_products_are_suggested_by_line(customer):
    customer.says("推荐一款", "ask_recommendation").gets(ActionSuggestProducts())
    assert customer.responses == ["utter_ask_product_line"]
    assert len(customer.titles) == 5
    customer.says("第三个", "choose_option", option_index=("第三个", "3")).gets(ActionChooseOption())
    assert customer.responses == ["utter_products"]


def test_every_button_carries_a_choice_by_number(diagnosed):
    assert diagnosed.payloads == [
        f'/choose_option{{"option_index": "{number}"}}' for number in range(1, len(diagnosed.payloads) + 1)
    ]


def test_a_product_that_we_do_not_have_is_said_to_be_unknown_before_the_other_is_shown(customer):
    customer.says("X9和L3哪个好", "compare_products", product="X9").message["entities"].append(
        {"entity": "product", "value": "L3", "start": 3, "end": 5}
    )
    customer.gets(ActionCompareProducts())
    assert customer.responses == ["utter_product_unknown", "utter_answer"]
    assert customer.said[0]["product"] == "X9"
    assert "L3" in customer.told("answer")


def test_a_product_that_understanding_did_not_notice_is_unknown_too(customer):
    customer.says("X9和L3哪个好", "compare_products", product="L3").gets(ActionCompareProducts())
    assert customer.responses == ["utter_product_unknown", "utter_answer"]
    assert customer.said[0]["product"] == "X9"


def test_where_no_product_named_is_ours_there_is_something_to_choose_from(customer):
    customer.says("X9好不好", "compare_products", product="X9").gets(ActionCompareProducts())
    assert customer.responses == ["utter_product_unknown", "utter_ask_product_line"]


@pytest.mark.parametrize(("language", "row"), [("zh", "- L1（[^（]+）：.+"), ("en", r"- L1 \([^(]+\): .+")])
def test_facts_are_joined_with_the_punctuation_of_the_language(customer, language, row):
    customer.slots["language"] = language
    customer.says("看看门锁", "ask_recommendation", product_line=("门锁", "智能门锁"))
    customer.gets(ActionSuggestProducts())
    assert re.match(row, customer.told("products"))
