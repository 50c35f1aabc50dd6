"""News wanted and not, and replies to what was pushed."""

from datetime import timedelta

import pytest

from actions.consulting import ActionAnswer
from actions.general import ActionFallback
from actions.notifications import ActionSubscribeUpdates, ActionUnsubscribeUpdates
from kefu.db import session_scope, utcnow
from kefu.notifications import subscriptions
from tests.customer import Customer

LOCKS = {
    "topic": "policies",
    "ref": "policy:智能门锁保修",
    "name": {"zh": "智能门锁保修", "en": "Smart lock warranty"},
    "summary": {"zh": "延长到 4 年。", "en": "Now 4 years."},
    "lines": ["智能门锁"],
}


@pytest.fixture
def customer(demo):
    customer = Customer()
    customer.slots["notice"] = {**LOCKS, "at": utcnow().isoformat()}
    with session_scope() as session:
        subscriptions.choose(session, customer.name, ["policies", "offers"], True)
    return customer


def wanted(customer):
    with session_scope() as session:
        found = subscriptions.wanted(session, customer.name)
    return {name for name in ("policies", "offers") if found[name]}


@pytest.mark.parametrize("action, intent", [(ActionAnswer, "ask_policy"), (ActionFallback, "nlu_fallback")])
def test_a_question_that_points_at_a_push_is_answered_about_it(customer, action, intent):
    customer.says("这个对我的门锁有影响吗", intent, product_line=("门锁", "智能门锁")).gets(action())
    assert customer.responses == ["utter_notice_applies"]
    assert (customer.told("about"), customer.told("summary")) == ("智能门锁", "延长到 4 年。")
    assert customer.slots["answer"] == LOCKS["ref"]
    customer.says("这个对我的扫地机器人有影响吗", intent, product_line="扫地机器人").gets(action())
    assert customer.responses == ["utter_notice_not_applies"]
    assert customer.told("lines") == "智能门锁"


def test_what_is_reported_broken_is_no_reply_to_a_push(customer):
    customer.says(
        "这个门锁指纹识别不了", "report_fault", product_line=("门锁", "智能门锁"), symptom="指纹识别不了"
    )
    assert not any(one.startswith("utter_notice") for one in customer.gets(ActionAnswer()).responses)


def test_after_another_question_this_is_no_longer_the_push_but_unsubscribing_still_is(customer):
    customer.says("七天无理由退货怎么算", "ask_policy").gets(ActionAnswer())
    customer.says("这个要多久", "ask_policy").gets(ActionAnswer())
    assert not any(one.startswith("utter_notice") for one in customer.responses)
    customer.says("退订", "unsubscribe_updates").gets(ActionUnsubscribeUpdates())
    assert wanted(customer) == {"offers"}


def test_unsubscribing_ends_what_is_named_else_what_was_pushed_else_everything(customer):
    customer.says("退订活动", "unsubscribe_updates").gets(ActionUnsubscribeUpdates())
    assert wanted(customer) == {"policies"}
    customer.says("订阅优惠信息", "subscribe_updates").gets(ActionSubscribeUpdates())
    customer.slots["notice"] = {**LOCKS, "at": utcnow().isoformat()}
    customer.says("退订", "unsubscribe_updates").gets(ActionUnsubscribeUpdates())
    assert (customer.responses, wanted(customer)) == (["utter_unsubscribed"], {"offers"})
    customer.says("退订", "unsubscribe_updates").gets(ActionUnsubscribeUpdates())
    assert wanted(customer) == set()


def test_an_old_push_is_forgotten(customer):
    customer.slots["notice"]["at"] = (utcnow() - timedelta(hours=49)).isoformat()
    customer.says("退订", "unsubscribe_updates").gets(ActionUnsubscribeUpdates())
    assert wanted(customer) == set()
