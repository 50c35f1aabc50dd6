"""Tickets: the form that opens one, and what a customer does with theirs."""

from __future__ import annotations

import re
from typing import Any, Optional

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.answering import offer_ticket
from actions.conversation import Turn, TurnAction
from kefu.knowledge.categories import Category, classify, rules, ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.language.normalize import normalize
from kefu.tickets import service
from kefu.tickets.models import Ticket, WrongState

_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9}|0\d{9,11}|400\d{7})")
_FORM_SLOTS = ("ticket_problem", "ticket_product", "ticket_phone", "ticket_confirmed", "ticket_intent")
#: Given for a product or a phone that the customer does not want to name.
NOT_GIVEN = "-"
#: A message with so many characters tells enough to be the description of a ticket.
_TELLING = 8


class ActionOfferTicket(TurnAction):
    """Offers a ticket for a wish that needs people."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_offer_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says what people will do, by the kind of wish, and waits for a yes."""
        say.utter_message(response=f"utter_offer_{ticket_kind_of(turn.intent)}")
        return offer_ticket(turn.intent, turn.text, turn.product)


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

    def name(self) -> str:
        """Name in the domain."""
        return "action_start_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes over the problem of the offer accepted, or what this message tells."""
        offer = turn.slots.get("ticket_offer") if turn.slots.get("awaiting") == "ticket_offer" else None
        events: list[EventType] = [SlotSet("awaiting", None), SlotSet("ticket_offer", None)]
        if offer:
            told = {"problem": offer["problem"], "product": offer["product"], "intent": offer["intent"]}
        else:
            told = {"problem": _told(turn), "product": turn.product, "intent": turn.intent}
        for slot, value in told.items():
            if value:
                events.append(SlotSet(f"ticket_{slot}", value))
        return [*events, SlotSet("ticket_confirmed", None)]


def _told(turn: Turn) -> Optional[str]:
    """The problem as told when asking for a ticket, if anything was told."""
    if turn.values("symptom") or turn.values("error_code"):
        return turn.text
    fault = catalog().graph.get((turn.slots.get("fault") or {}).get("ref"))
    return fault.name if fault else None


class ValidateTicketForm(FormValidationAction):
    """Checks what the ticket form is told."""

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the form's name."""
        return "validate_ticket_form"

    def validate_ticket_problem(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A description says more than a sign or two."""
        text = str(value).strip()
        if len(text) < 2:
            dispatcher.utter_message(response="utter_problem_too_short")
            return {"ticket_problem": None}
        return {"ticket_problem": text[:2000]}

    def validate_ticket_product(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A product or line of ours, by any of its names; anything else is taken as not given."""
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
        number = _PHONE.search(re.sub(r"[\s()-]", "", normalize(str(value)).text))
        if not number:
            dispatcher.utter_message(response="utter_phone_invalid")
            return {"ticket_phone": None}
        return {"ticket_phone": number.group(1)}

    def validate_ticket_confirmed(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        """A no asks what to change; a correction in the same breath has changed it already."""
        if value is True or value == "true":
            return {"ticket_confirmed": True}
        dispatcher.utter_message(response="utter_what_to_correct")
        return {"ticket_confirmed": None}


class ActionAskTicketConfirmed(TurnAction):
    """Sums up the ticket before it is opened."""

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the slot's name."""
        return "action_ask_ticket_confirmed"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Shows everything the ticket will hold."""
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
        say.utter_message(response=f"utter_ticket_opened_{ticket.urgency}", **_facts(ticket, turn.language))
        cleared = [SlotSet(slot, None) for slot in _FORM_SLOTS]
        return [*cleared, SlotSet("ticket_number", ticket.number), SlotSet("fault", None)]


class ActionStopTicket(TurnAction):
    """Leaves the form; what was told is kept for when the customer goes on."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_stop_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Ends the loop."""
        say.utter_message(response="utter_ticket_form_stopped")
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("ticket_confirmed", None)]


class _OwnTicketAction(TurnAction):
    """Something a customer does with a ticket of theirs."""

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Finds the ticket that is meant and works on it; says so when there is none."""
        number = turn.first("ticket_number")
        try:
            self.work(turn, say, number)
        except service.NoSuchTicket:
            if number:
                say.utter_message(response="utter_ticket_not_found", number=number.upper())
                return []
            say.utter_message(response="utter_no_ticket_yet")
            return offer_ticket("open_ticket", "", turn.product) if turn.intent != "rate_service" else []
        except WrongState as error:
            labels = rules().labels
            say.utter_message(
                response="utter_ticket_wrong_state", number=error.number,
                status=labels.statuses[error.status].get(turn.language),
            )  # fmt: skip
        return []

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Does it; without a number the customer's last ticket is meant."""
        raise NotImplementedError


class ActionCheckTicket(_OwnTicketAction):
    """Tells where a ticket stands."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_check_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Tells status, matter and last change."""
        ticket = service.find_ticket(turn.customer, number)
        say.utter_message(response="utter_ticket_progress", **_facts(ticket, turn.language))


class ActionUrgeTicket(_OwnTicketAction):
    """Passes on that the customer presses."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_urge_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Counts it at most once in a while, and says which of the two."""
        ticket, counted = service.urge_ticket(turn.customer, number)
        response = "utter_ticket_urged" if counted else "utter_ticket_urged_already"
        say.utter_message(response=response, **_facts(ticket, turn.language))


class ActionAddTicketDetail(_OwnTicketAction):
    """Adds to a ticket what the customer says."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_add_ticket_detail"

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Adds the message itself."""
        ticket = service.add_detail(turn.customer, turn.text, number)
        say.utter_message(response="utter_ticket_detail_added", **_facts(ticket, turn.language))


class ActionCancelTicket(_OwnTicketAction):
    """Withdraws a ticket."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_cancel_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Withdraws it; it can be taken up again."""
        ticket = service.cancel_ticket(turn.customer, number)
        say.utter_message(response="utter_ticket_cancelled", **_facts(ticket, turn.language))


class ActionReopenTicket(_OwnTicketAction):
    """Takes up a finished ticket again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_reopen_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Reopens it with the message as the reason."""
        ticket = service.reopen_ticket(turn.customer, turn.text, number)
        say.utter_message(response="utter_ticket_reopened", **_facts(ticket, turn.language))


class ActionRateService(_OwnTicketAction):
    """Takes a rating."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_rate_service"

    def work(self, turn: Turn, say: CollectingDispatcher, number: Optional[str]) -> None:
        """Records it from one to five; asks when no number was said."""
        said = turn.first("rating")
        if said is None or not said.isdigit():
            say.utter_message(response="utter_ask_rating")
            return
        rating = min(max(int(said), 1), 5)
        service.rate(turn.customer, rating, number)
        say.utter_message(response="utter_thanks_for_low_rating" if rating <= 2 else "utter_thanks_for_rating")


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


def _facts(ticket: Ticket, language: str) -> dict[str, str]:
    """What responses may say of a ticket."""
    labels = rules().labels
    return {
        "number": ticket.number,
        "status": labels.statuses[ticket.status].get(language),
        "next": labels.next_steps[ticket.status].get(language),
        "kind": labels.ticket_kinds[ticket.kind].get(language),
        "urgency": labels.urgencies[ticket.urgency].get(language),
        "problem": ticket.description[:60],
        "category": ticket.category or NOT_GIVEN,
        "opened": service.company_time(ticket.opened_at).strftime("%Y-%m-%d %H:%M"),
        "changed": service.company_time(ticket.changed_at).strftime("%Y-%m-%d %H:%M"),
        "urged": str(ticket.urged),
    }
