"""What the ticket form is told, checked."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answering import position_of
from actions.conversation import Turn
from actions.danger import warn
from actions.recording import record_category, record_failure
from actions.tickets import NOT_GIVEN
from kefu.knowledge.categories import ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.language.numbers import find_numbers, spoken_digits

_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9}|0\d{9,11}|400\d{7})")
#: What a product has no part in.
_WITHOUT_PRODUCT = frozenset({"complaint", "invoice", "order", "refund", "account", "suggestion"})


class ValidateTicketForm(FormValidationAction):
    """Checks what the ticket form is told."""

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the form's name."""
        return "validate_ticket_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Checks in a thread, as `TurnAction` works: the event loop must not wait for the catalog."""
        check, turn = super().run, Turn.of(tracker)

        def work() -> list[EventType]:
            try:
                events = asyncio.run(check(dispatcher, tracker, domain))
            except Exception as error:
                record_failure(turn, self.name(), error)
                raise
            if any(event.get("value") is not None for event in events):  # else the message is a digression
                record_category(turn, events)
            return events

        return await asyncio.to_thread(work)

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> list[str]:
        """A product is only asked for where it matters."""
        kind = ticket_kind_of(tracker.get_slot("ticket_intent") or "open_ticket")
        return [slot for slot in domain_slots if slot != "ticket_product" or kind not in _WITHOUT_PRODUCT]

    def validate_ticket_problem(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A description says more than a sign or two; a button of an earlier message says nothing."""
        text = str(value).strip()
        if text.startswith("/"):
            return {"ticket_problem": None}
        _warn_when_told(dispatcher, tracker, text)
        if tracker.get_intent_of_latest_message() == "add_ticket_detail":
            text = "\n".join(filter(None, [_before_this_message(tracker, "ticket_problem"), text]))
        if len(text) < 2:
            dispatcher.utter_message(response="utter_problem_too_short")
            return {"ticket_problem": None}
        return {"ticket_problem": text[:2000]}

    def validate_ticket_product(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A product or line of ours, by name or as one of the buttons; anything else as not given."""
        if str(value).startswith("/"):  # a button of an earlier message
            return {"ticket_product": None}
        _warn_when_told(dispatcher, tracker, str(value))
        graph, turn = catalog().graph, Turn.of(tracker)
        if turn.intent == "choose_option":  # 第二个
            products = graph.of_kind("product")
            chosen = position_of(turn.first("option_index"), len(products))
            return {"ticket_product": None if chosen is None else products[chosen].name}
        for kind in ("product", "product_line"):
            known = graph.named(kind, str(value))
            if known:
                return {"ticket_product": known[0].name}
        return {"ticket_product": NOT_GIVEN}

    def validate_ticket_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A mobile or landline number of mainland China; nobody has to leave one."""
        if value == NOT_GIVEN:
            return {"ticket_phone": NOT_GIVEN}
        _warn_when_told(dispatcher, tracker, str(value))
        named = (number["value"] for number in find_numbers(str(value)) if number["entity"] == "phone")
        spelt = spoken_digits(str(value))
        alone = _PHONE.fullmatch(re.sub(r"[\s()-]", "", spelt))
        number = next(named, None) or (alone and alone.group(1))
        entities = tracker.latest_message.get("entities") or ()
        if not number and not any(entity["entity"] == "product" for entity in entities):
            dispatcher.utter_message(response="utter_phone_invalid")
        return {"ticket_phone": number}

    def validate_ticket_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """Only a yes confirms; anything else is summed up again, or asked what to change."""
        return {"ticket_confirmed": True if value is True else None}


def _before_this_message(tracker: Tracker, slot: str) -> str | None:
    """What a slot held before the latest message."""
    events = reversed(tracker.events)
    next((event for event in events if event["event"] == "user"), None)
    return next((e["value"] for e in events if e["event"] == "slot" and e["name"] == slot), None)


def _warn_when_told(say: CollectingDispatcher, tracker: Tracker, text: str) -> None:
    """Warns of a danger told as an answer to the form; what the form began with was heard before."""
    if tracker.get_slot("requested_slot"):
        warn(say, "report_fault", text)
