"""Whatever a customer says at whatever point, the assistant answers and keeps what it was doing."""

from __future__ import annotations

import pytest
from rasa.shared.core.constants import ACTION_DEFAULT_FALLBACK_NAME

#: A ticket, and that a colleague has resolved it.
TICKET = ["报修 L3指纹录不进去", "不留电话", "可以提交"]
RESOLVED = "resolved"
#: How to get to each point where the assistant waits for something.
WAITING = {
    "nothing": ["在吗"],
    "whether it is solved": ["V5扫地机回不了充电座"],
    "a choice": ["/ask_recommendation"],
    "a yes to a recommendation": ["我家装了C2，有什么推荐的吗"],
    "a yes to a ticket": ["/request_human"],
    "points": ["/rate_service"],
    "whether a ticket is solved": [*TICKET, RESOLVED],
    "a yes to being forgotten": ["/forget_me"],
    "what was wrong": [*TICKET, RESOLVED, "/deny"],
}
#: How to get to each question of the ticket form.
FORM = {
    "ticket_problem": ["/open_ticket"],
    "ticket_product": ["/open_ticket", "里面有咔哒声，声音挺大"],
    "ticket_phone": ["/open_ticket", "里面有咔哒声，声音挺大", '/inform{"product": "S1"}'],
    "ticket_confirmed": ["/open_ticket", "里面有咔哒声，声音挺大", '/inform{"product": "S1"}', "13800138000"],
}
#: What always ends the form, and how that is said.
LEAVES = {"cancel_ticket", "goodbye"}
_ENDS = ("utter_ticket_form_stopped", "utter_ticket_opened_")
#: Rasa's own, for programs.
_NO_CUSTOMERS = {"restart", "back", "session_start", "out_of_scope_default"}


def customers_intents(talk):
    return sorted(set(talk.domain.intents) - _NO_CUSTOMERS)


def reach(talk, name, texts):
    answer = None
    for text in texts:
        if text == RESOLVED:
            talk.desk.works(RESOLVED, answer.slots["ticket_number"])
            answer = talk.hear(name, name)
        else:
            answer = talk.say(name, text)
    return answer


def silent(answer):
    if not answer.responses:
        return "no answer"
    if ACTION_DEFAULT_FALLBACK_NAME in answer.actions:
        return "no rule"
    return None


@pytest.mark.parametrize("waits_for", WAITING)
def test_every_intent_is_answered_while_the_assistant_waits_for(talk, waits_for):
    reach(talk, f"waits for {waits_for}", WAITING[waits_for])
    faults = {}
    for intent in customers_intents(talk):
        customer = f"waits for {waits_for}: {intent}"
        talk.copy(f"waits for {waits_for}", to=customer)
        fault = silent(talk.say(customer, f"/{intent}")) or silent(talk.say(customer, "/ask_capabilities"))
        if fault:
            faults[intent] = fault
    assert not faults


#: How to get to each question of linking, outside of a ticket's form and inside.
LINKING = {
    "the phone": ["我想绑一下手机号"],
    "the code": ["绑定手机号13800138000"],
    "the phone in a ticket": ["/open_ticket", "我想绑一下手机号"],
}


@pytest.mark.parametrize("asks_for", LINKING)
def test_every_intent_is_answered_while_linking_asks_for(talk, asks_for):
    assert reach(talk, f"linking: {asks_for}", LINKING[asks_for]).form[0] == "link_form"
    faults = {}
    for intent in customers_intents(talk):
        customer = f"linking: {asks_for}: {intent}"
        talk.copy(f"linking: {asks_for}", to=customer)
        answer = talk.say(customer, f"/{intent}")
        fault = silent(answer)
        if answer.form[0] is None and "in a ticket" in asks_for and intent not in LEAVES:
            fault = f"the ticket's form is gone: {answer.responses}"
        if fault:
            faults[intent] = fault
    assert not faults


@pytest.mark.parametrize("slot", FORM)
def test_every_intent_is_answered_while_the_form_asks_for(talk, slot):
    assert reach(talk, f"form at {slot}", FORM[slot]).form == ("ticket_form", slot)
    faults = {}
    for intent in customers_intents(talk):
        customer = f"form at {slot}: {intent}"
        talk.copy(f"form at {slot}", to=customer)
        answer = talk.say(customer, f"/{intent}")
        fault = silent(answer)
        if answer.form[0] is None:
            if not any(said.startswith(_ENDS) for said in answer.responses):
                fault = f"the form is gone: {answer.responses}"
        elif intent in LEAVES:
            fault = "the form is still open"
        if fault:
            faults[intent] = fault
    assert not faults
