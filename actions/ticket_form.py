"""The form that opens a ticket: offered, filled, checked, confirmed."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.conversation import Turn, TurnAction
from actions.danger import offer_ticket, warn
from actions.tickets import NOT_GIVEN, ticket_facts
from kefu.knowledge.categories import Category, classify, rules, ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.language.numbers import find_numbers, spoken_digits
from kefu.tickets import service

_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9}|0\d{9,11}|400\d{7})")
_FORM_SLOTS = ("ticket_problem", "ticket_product", "ticket_phone", "ticket_confirmed", "ticket_intent")
#: What a digression asked last; once the form is done nobody waits for its answer.
_ASKED_MEANWHILE = ("awaiting", "ticket_offer", "fault", "question")


#: A wish to cancel that is this short does not say what.
_CANCELLING, _BARE = ("cancel_order", "cancel_appointment"), 3


#: Wishes that, so shortly told, leave out what a colleague has to know.
_SAYS_LITTLE, _SHORT = frozenset({"request_human", "request_invoice", "book_appointment"}), 12
#: A request that names a product in so many characters also tells what is the matter with it.
_TELLING = 12
#: What a product has no part in.
_WITHOUT_PRODUCT = frozenset({"complaint", "invoice", "order", "refund", "account", "suggestion"})


class ActionOfferTicket(TurnAction):
    """Offers a ticket for a wish that needs people."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_offer_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says what people will do, by the kind of wish and after any danger, and waits for a yes."""
        if (
            turn.intent in _CANCELLING
            and turn.slots.get("awaiting") == "ticket_offer"
            and len(turn.text) <= 2 * _BARE
        ):
            say.utter_message(response="utter_ok")  # 算了取消吧: what was just offered
            return [SlotSet("ticket_offer", None)]
        if turn.intent in _CANCELLING and 0 < len(turn.text) <= _BARE:
            say.utter_message(response="utter_cancel_what")
            return []
        kind = "critical" if warn(say, turn.intent, turn.text) else ticket_kind_of(turn.intent)
        say.utter_message(response=f"utter_offer_{kind}")
        short = turn.intent in _SAYS_LITTLE and len(turn.text) <= _SHORT
        problem = (_told(turn) or "" if turn.intent == "request_human" else "") if short else turn.text
        return offer_ticket(turn.intent, problem, turn.product)


class ActionDeclineOffer(TurnAction):
    """Takes a no to a ticket that was offered."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_decline_offer"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Forgets the offer."""
        say.utter_message(response="utter_ok")
        return [SlotSet("awaiting", None), SlotSet("ticket_offer", None)]


class ActionStartTicket(TurnAction):
    """Fills the ticket form with what is known already."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_start_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes over the problem of the offer accepted, or what this message tells."""
        warn(say, turn.intent, turn.text)
        offered = turn.intent != "open_ticket" and turn.slots.get("awaiting") == "ticket_offer"
        offer = turn.slots.get("ticket_offer") if offered else None
        events: list[EventType] = [SlotSet("awaiting", None), SlotSet("ticket_offer", None)]
        if offer:
            told = {"problem": offer["problem"], "product": offer["product"], "intent": offer["intent"]}
        else:
            problem = _told(turn)
            # The product spoken of before belongs to the problem spoken of before, not to one yet to be told.
            product = turn.product if problem else turn.first("product")
            told = {"problem": problem, "product": product, "intent": turn.intent}
        # Something new begins a new ticket; else the form goes on with what it was told before.
        for slot, value in told.items():
            if told["problem"] or (value and not turn.slots.get(f"ticket_{slot}")):
                events.append(SlotSet(f"ticket_{slot}", value))
        return [*events, SlotSet("ticket_confirmed", None)]


def _told(turn: Turn) -> str | None:
    """The problem as told when asking for a ticket, if anything was told."""
    named = any(turn.values(kind) for kind in ("product", "product_line", "function"))
    if turn.values("symptom") or turn.values("error_code") or (named and len(turn.text) >= _TELLING):
        return turn.text
    fault = catalog().graph.get((turn.slots.get("fault") or {}).get("ref"))
    if fault:
        return fault.name
    # A question asked since the form was left does not replace what the form was told.
    asked = {} if turn.slots.get("ticket_problem") else turn.slots.get("question") or {}
    return asked.get("text") or None


class ValidateTicketForm(FormValidationAction):
    """Checks what the ticket form is told."""

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the form's name."""
        return "validate_ticket_form"

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
        """A product or line of ours, by any of its names; anything else is taken as not given."""
        if str(value).startswith("/"):  # a button of an earlier message
            return {"ticket_product": None}
        _warn_when_told(dispatcher, tracker, str(value))
        graph = catalog().graph
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


class ActionAskTicketProduct(TurnAction):
    """Asks which product the ticket is about."""

    of_form = True

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the slot's name."""
        return "action_ask_ticket_product"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Asks, with every product of the graph as a button."""
        products = catalog().graph.of_kind("product")
        buttons = [{"title": p.name, "payload": f'/inform{{"product": "{p.name}"}}'} for p in products]
        say.utter_message(response="utter_which_product", options=buttons)
        return []


class ActionAskTicketConfirmed(TurnAction):
    """Sums up the ticket before it is opened."""

    of_form = True

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the slot's name."""
        return "action_ask_ticket_confirmed"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Shows everything the ticket will hold; after a bare no, asks what to change."""
        # A no to the question before this one meant: no phone.
        answered = turn.slots.get("requested_slot") == "ticket_confirmed"
        if answered and turn.intent == "deny" and not turn.entities:
            say.utter_message(response="utter_what_to_correct")
            return []
        category = _category(turn)
        labels = rules().labels
        say.utter_message(
            response="utter_ticket_summary",
            problem=turn.slots["ticket_problem"],
            product=turn.slots.get("ticket_product") or NOT_GIVEN,
            category=category.as_dict()["path"] or NOT_GIVEN,
            urgency=labels.urgencies[category.urgency].get(turn.language),
            phone=turn.slots.get("ticket_phone") or NOT_GIVEN,
        )
        return []


class ActionOpenTicket(TurnAction):
    """Opens the ticket that the form describes."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_open_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Opens it once, tells its number, and forgets the form."""
        category = _category(turn)
        slots = turn.slots
        product = slots.get("ticket_product")
        ticket = service.open_ticket(
            service.TicketRequest(
                request_key=turn.key, customer=turn.customer, channel=turn.channel,
                kind=ticket_kind_of(slots.get("ticket_intent") or ""), urgency=category.urgency,
                description=slots["ticket_problem"],
                phone=None if slots.get("ticket_phone") == NOT_GIVEN else slots.get("ticket_phone"),
                product=None if product == NOT_GIVEN else product, line=category.line,
                function=category.function, problem_type=category.problem_type,
            )
        )  # fmt: skip
        say.utter_message(
            response=f"utter_ticket_opened_{ticket.urgency}", **ticket_facts(ticket, turn.language)
        )
        cleared = [SlotSet(slot, None) for slot in (*_FORM_SLOTS, *_ASKED_MEANWHILE)]
        return [
            *cleared,
            SlotSet("ticket_number", ticket.number),
            SlotSet("fault", None),
            SlotSet("question", None),
        ]


class ActionStopTicket(TurnAction):
    """Leaves the form; what was told is kept for when the customer goes on."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_stop_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Ends the loop."""
        say.utter_message(response="utter_ticket_form_stopped")
        cleared = [SlotSet(slot, None) for slot in ("requested_slot", "ticket_confirmed", *_ASKED_MEANWHILE)]
        return [ActiveLoop(None), *cleared]


def _category(turn: Turn) -> Category:
    """How the ticket in the form is classified."""
    problem = turn.slots["ticket_problem"]
    intent = turn.slots.get("ticket_intent") or "report_fault"
    graph = catalog().graph
    product = turn.slots.get("ticket_product")
    line = graph.line_of(product) if product else None
    if line is None and graph.named("product_line", product or ""):
        line = product
    mentions = turn.mentions.about(line=line, product=product if graph.line_of(product or "") else None)
    fault = None
    if ticket_kind_of(intent) == "repair":
        found = catalog().find(problem, mentions, "report_fault", limit=1)
        fault = found[0].fact if found and found[0].sure and found[0].fact.kind == "fault" else None
        intent = "report_fault"
    return classify(intent, problem, line, None, fault)
