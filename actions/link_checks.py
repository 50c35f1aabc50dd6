"""What the customer answers while accounts are linked, checked."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.conversation import Turn, TurnAction
from actions.linking import KEPT, LINKED, is_idle, issue, redeem, send_code
from actions.recording import record_category, record_failure
from actions.ticket_answers import tells_of_danger
from kefu.customers import answers, proofs
from kefu.customers.phones import InvalidPhone, phone_in
from kefu.tickets.answers import calls_off, is_digits, is_refusal

#: Understood as one of these, a message may be an answer whatever it says; anything else is another matter.
_OPEN = frozenset(
    {"inform", "affirm", "deny", "link_account", "nlu_fallback", "repeat_answer", "answer_unhelpful"}
)
#: Understood as a wish to stop, if the words say so too.
_ENDS = frozenset(
    {"deny", "cancel_ticket", "goodbye", "cancel_order", "cancel_appointment", "unlink_account"}
)
_STOP: dict[str, Any] = {"requested_slot": None}


class ValidateLinkForm(Action):
    """Checks what the form that links accounts is told."""

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the form's name."""
        return "validate_link_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Takes the answer in a thread; no events leave the message to the rules."""
        asked, turn = tracker.get_slot("requested_slot"), Turn.of(tracker)
        if asked is None:
            return []  # the form has just begun, with what `action_begin_link` took

        def work() -> list[EventType]:
            try:
                told = take(turn, dispatcher, asked)
            except Exception as error:
                record_failure(turn, self.name(), error)
                raise
            events = [SlotSet(slot, value) for slot, value in told.items()]
            if events:  # else the message is another matter
                record_category(turn, events)
            return events

        return await asyncio.to_thread(work)


class _Asks(TurnAction):
    """Asks the form's question unless the reply to the message before said it already."""

    of_form = True
    question = ""

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the slot's name."""
        return f"action_{self.question.removeprefix('utter_')}"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Asks."""
        if not any(reply.startswith(("utter_link_", "utter_ask_link_")) for reply in turn.replies):
            say.utter_message(response=self.question)
        return []


class ActionAskLinkPhone(_Asks):
    """Asks for the phone."""

    question = "utter_ask_link_phone"


class ActionAskLinkCode(_Asks):
    """Asks for the code sent to it."""

    question = "utter_ask_link_code"


def take(turn: Turn, say: CollectingDispatcher, asked: str) -> dict[str, Any]:
    """What an answer sets; nothing if the message is another matter."""
    if tells_of_danger(turn.text):
        return {}
    if turn.text and not phone_in(turn.text):
        sure = turn.intent in _ENDS
        if (
            calls_off(turn.text, sure)
            or answers.gives_up(turn.text)
            or (asked == "link_phone" and is_refusal(turn.text))
        ):
            return {asked: None, **_STOP}
    elif not turn.text and turn.intent == "deny":
        return {asked: None, **_STOP}
    if code := answers.link_code_in(turn.text):
        if redeem(turn, say, code):
            return {"link_phone": "-", "link_code": LINKED}
        say.utter_message(response="utter_link_code_bad")
        return {asked: None, **_STOP}
    if turn.intent in ("link_account", "inform") and answers.wants_link_code(turn.text):
        issue(turn, say)
        return {asked: None, **_STOP}
    return _phone(turn, say) if asked == "link_phone" else _code(turn, say)


def _phone(turn: Turn, say: CollectingDispatcher) -> dict[str, Any]:
    phone = phone_in(turn.text)
    if phone:
        return _sent(turn, say, phone)
    if is_digits(turn.text) or turn.values("phone"):
        say.utter_message(response="utter_link_phone_invalid")
        return {"link_phone": None}
    return {"link_phone": None} if turn.intent in _OPEN else {}


def _sent(turn: Turn, say: CollectingDispatcher, phone: str, again: bool = False) -> dict[str, Any]:
    try:
        state = send_code(turn, say, phone, again)
    except InvalidPhone:
        say.utter_message(response="utter_link_phone_invalid")
        return {"link_phone": None}
    if state == "sent":
        return {"link_phone": phone, "link_code": None}
    if state == "wait":
        return {turn.slots["requested_slot"]: None}
    return {"link_phone": None, "link_code": None, **_STOP}


def _code(turn: Turn, say: CollectingDispatcher) -> dict[str, Any]:
    phone, sent_to = phone_in(turn.text), turn.slots["link_phone"]
    if phone and phone != sent_to:
        return _sent(turn, say, phone)
    code = answers.code_in(turn.text)
    if code and not phone:
        return _confirmed(turn, say, code)
    if answers.wants_other_phone(turn.text):
        say.utter_message(response="utter_ask_link_phone")
        return {"link_phone": None, "link_code": None}
    if phone or answers.wants_resend(turn.text) or turn.intent == "repeat_answer":
        return _sent(turn, say, sent_to, again=True)
    if is_digits(turn.text) or turn.intent in _OPEN:
        say.utter_message(response="utter_link_code_format")
        return {"link_code": None}
    return {}


def _confirmed(turn: Turn, say: CollectingDispatcher, code: str) -> dict[str, Any]:
    try:
        proved = proofs.confirm_phone(turn.customer, code, is_idle(turn))
    except proofs.WrongCode as error:
        say.utter_message(response="utter_link_code_wrong", left=error.left)
    except proofs.TooManyTries:
        say.utter_message(response="utter_link_code_void")
    except proofs.CodeExpired:
        say.utter_message(response="utter_link_code_expired")
    else:
        return {"link_code": LINKED if proved.linked else KEPT}
    return {"link_code": None}
