"""What the ticket form is told, checked."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answering import position_of
from actions.conversation import Turn
from actions.danger import warn
from actions.recording import record_category, record_failure
from actions.ticket_answers import (
    asks_what_to_change,
    bare_name,
    digresses,
    leaves,
    products_asked,
    tells_more,
    tells_of_danger,
    with_more,
)
from kefu.knowledge.categories import ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.tickets.answers import (
    corrected_problem,
    is_digits,
    is_refusal,
    phone_in,
    refuses_phone,
)
from kefu.tickets.telling import NOT_GIVEN

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
        asked = tracker.get_slot("requested_slot")

        def work() -> list[EventType]:
            try:
                if asked and leaves(turn):  # ends the form, see ActionOpenTicket
                    return [SlotSet(slot, None) for slot in (asked, "ticket_confirmed", "requested_slot")]
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

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Takes what is typed as an answer whatever it was understood as, unless it is a digression."""
        asked, turn = tracker.get_slot("requested_slot"), Turn.of(tracker)
        confidence = (tracker.latest_message.get("intent") or {}).get("confidence") or 0.0
        ignored = domain.get("forms", {}).get(self.form_name(), {}).get("ignored_intents", ())
        if asked and turn.text and not digresses(turn, confidence, ignored):
            found = tracker.slots_to_validate()
            if asked == "ticket_phone" or asked not in found:
                value = False if asked == "ticket_confirmed" else turn.text
                tracker.events.append({"event": "slot", "name": asked, "value": value})
        return await super().get_validation_events(dispatcher, tracker, domain)

    def validate_ticket_problem(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A description says more than a sign, a name or a number; a button of before says nothing."""
        text, turn = str(value).strip(), Turn.of(tracker)
        if text.startswith("/"):
            return {"ticket_problem": None}
        _warn_when_told(dispatcher, tracker, text)
        phone, name = phone_in(text), bare_name(turn)
        if tracker.get_slot("requested_slot") and (name or is_digits(text)):
            told = {"ticket_product": name} if name else {"ticket_phone": phone} if phone else {}
            dispatcher.utter_message(response="utter_noted" if told else "utter_problem_too_short")
            return {"ticket_problem": None, **told}
        asked = tracker.get_slot("requested_slot")  # else the form begins with what it was told before
        if len(text) < 2 or (asked and turn.intent == "deny" and asks_what_to_change(turn)):
            dispatcher.utter_message(response="utter_problem_too_short")
            return {"ticket_problem": None}
        return {"ticket_problem": text[:2000], **({"ticket_phone": phone} if phone else {})}

    def validate_ticket_product(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A product or line of ours, by name or as one of the buttons; anything else as not given."""
        if str(value).startswith("/"):  # a button of an earlier message
            return {"ticket_product": None}
        graph, turn = catalog().graph, Turn.of(tracker)
        asked = tracker.get_slot("requested_slot") == "ticket_product"
        danger = asked and _warn_when_told(dispatcher, tracker, turn.text)
        more = {"ticket_problem": with_more(turn)} if danger else {}
        if turn.intent == "choose_option":  # 第二个
            products = products_asked(turn)
            chosen = position_of(turn.first("option_index"), len(products))
            return {"ticket_product": None if chosen is None else products[chosen].name}
        named = turn.values("product")
        if tracker.get_slot("requested_slot") == "ticket_problem" and str(value) in named:
            value = named[0]  # Rasa gives the last; in a story told, what comes first is what it is about
        for kind in ("product", "product_line"):
            known = graph.named(kind, str(value))
            if known and tracker.get_slot("requested_slot") == "ticket_phone" and not tells_more(turn):
                dispatcher.utter_message(response="utter_product_noted", product=known[0].name)
            if known:
                return {"ticket_product": known[0].name, **more}
        return {"ticket_product": None if danger else NOT_GIVEN, **more}

    def validate_ticket_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A mobile or landline number of mainland China; nobody has to leave one, and more is added."""
        if value == NOT_GIVEN:
            return {"ticket_phone": NOT_GIVEN}
        turn, text = Turn.of(tracker), str(value)
        number = phone_in(text)
        if tracker.get_slot("requested_slot") != "ticket_phone" or not turn.text:
            if not number:
                dispatcher.utter_message(response="utter_phone_invalid")
            return {"ticket_phone": number}
        danger = _warn_when_told(dispatcher, tracker, text)
        more = {"ticket_problem": with_more(turn)} if danger else {}
        if number or danger:
            return {"ticket_phone": number, **more}
        if is_refusal(text):
            return {"ticket_phone": NOT_GIVEN}
        if is_digits(text):
            dispatcher.utter_message(response="utter_phone_invalid")
        elif tells_more(turn):
            dispatcher.utter_message(response="utter_noted")
            more = {"ticket_problem": with_more(turn)}
        return {"ticket_phone": None, **more}

    def validate_ticket_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """Only a yes confirms; anything else is taken in and summed up again, or asked what to change."""
        turn = Turn.of(tracker)
        if tracker.get_slot("requested_slot") != "ticket_confirmed" or not turn.text:
            return {"ticket_confirmed": True if value is True else None}
        danger = _warn_when_told(dispatcher, tracker, turn.text)
        if value is True and not danger:
            return {"ticket_confirmed": True}
        return {"ticket_confirmed": None, **_changes(turn, dispatcher)}


def _changes(turn: Turn, say: CollectingDispatcher) -> dict[str, Any]:
    """What a message about the summary changes in the ticket; its product Rasa has taken already."""
    problem, phone = corrected_problem(turn.text), phone_in(turn.text)
    if problem:
        return {"ticket_problem": problem}
    if phone:
        more = {"ticket_problem": with_more(turn)} if tells_of_danger(turn.text) else {}
        return {"ticket_phone": phone, **more}
    if is_digits(turn.text):
        say.utter_message(response="utter_phone_invalid")
    elif refuses_phone(turn.text):
        return {"ticket_phone": NOT_GIVEN}
    elif not asks_what_to_change(turn) and tells_more(turn):
        return {"ticket_problem": with_more(turn)}
    return {}


def _warn_when_told(say: CollectingDispatcher, tracker: Tracker, text: str) -> bool:
    """Warns of a danger told as an answer to the form; what the form began with was heard before."""
    return bool(tracker.get_slot("requested_slot")) and warn(Turn.of(tracker), say, "report_fault", text)
