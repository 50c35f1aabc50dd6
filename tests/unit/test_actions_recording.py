"""What turns leave in the event log, and what customers hear when an action fails."""

import asyncio

import pytest
from rasa_sdk.plugin import plugin_manager

import actions.warm_up  # noqa: F401 - registers itself, as when the server loads it
from actions.consulting import ActionAnswer
from actions.conversation import TurnAction
from actions.general import ActionSetLanguage
from actions.tickets import ActionCheckTicket
from tests.customer import Customer, recorded


class Fails(TurnAction):
    def name(self):
        return "action_fails"

    def act(self, turn, say):
        say.utter_message(response="utter_safety_smoke")
        raise OSError("the disk of 13800138000")


@pytest.fixture
def customer(demo):
    return Customer()


@pytest.mark.parametrize(
    ("text", "intent", "entities", "kind", "path"),
    [
        ("我的工单呢", "check_ticket", {}, "consult", ""),
        ("L3怎么添加指纹", "ask_how_to", {"product": "L3"}, "consult", "智能门锁/指纹开锁/使用方法"),
        ("L3指纹识别不了", "report_fault", {"product": "L3"}, "consult", "智能门锁/指纹开锁/识别失败"),
    ],
)
def test_every_turn_leaves_its_kind_and_its_path(customer, text, intent, entities, kind, path):
    action = ActionCheckTicket() if intent == "check_ticket" else ActionAnswer()
    customer.says(text, intent, **entities).gets(action)
    (turn,) = recorded("turn.categorised")
    assert (turn["kind"], turn["path"], turn["intent"]) == (kind, path, intent)


def test_a_turn_of_several_actions_or_handled_again_is_categorised_once(customer):
    customer.says("我的工单呢", "check_ticket").gets(ActionCheckTicket()).gets(ActionSetLanguage())
    assert len(recorded("turn.categorised")) == 1
    customer.says("我的工单呢", "check_ticket").gets(ActionCheckTicket())
    assert len(recorded("turn.categorised")) == 2


def test_an_answer_does_not_depend_on_its_category(customer, monkeypatch):
    def away(*_):
        raise OSError

    monkeypatch.setattr("actions.recording.category_of", away)
    assert customer.says("我的工单呢", "check_ticket").gets(ActionCheckTicket()).responses


def test_where_the_channel_tries_again_a_failure_says_nothing_and_is_recorded(customer):
    with pytest.raises(OSError):
        customer.says("你好", "greet").gets(Fails())
    assert recorded("action.failed") == [{"action": "action_fails", "error": "OSError"}]


def test_after_a_first_part_of_the_answer_a_failure_is_told(customer):
    customer.says("我的工单呢", "check_ticket").gets(ActionCheckTicket()).gets(Fails())
    assert customer.responses == ["utter_safety_smoke", "utter_action_failed"]


def test_where_no_channel_tries_again_a_failure_is_told_at_once(customer):
    customer.channel = "rest"
    assert customer.says("你好", "greet").gets(Fails()).responses[-1] == "utter_action_failed"
    assert "13800138000" not in str(recorded("action.failed"))


def test_the_action_server_builds_the_catalog_before_it_takes_a_message(monkeypatch):
    built = []
    monkeypatch.setattr("actions.warm_up.catalog", lambda: built.append("catalog"))

    class Server:
        def register_listener(self, listener, event):
            assert event == "before_server_start"
            asyncio.run(listener(self, None))

    plugin_manager().hook.attach_sanic_app_extensions(app=Server())
    assert built == ["catalog"]
