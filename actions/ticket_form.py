"""The form that opens a ticket: what it asks, what comes of it."""

from __future__ import annotations

from datetime import datetime

from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import line_name
from actions.conversation import Turn, TurnAction
from actions.relief import offer_ticket
from actions.ticket_answers import asks_what_to_change, products_asked, wanted_instead
from kefu.knowledge.categories import Category, classify, rules, second_wish, ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.tickets import service
from kefu.tickets.answers import phone_in
from kefu.tickets.models import Ticket
from kefu.tickets.telling import NOT_GIVEN, facts, masked

_FORM_SLOTS = (
    "ticket_problem", "ticket_product", "ticket_phone", "ticket_confirmed", "ticket_intent", "ticket_since"
)  # fmt: skip
#: What a digression asked last; once the form is done nobody waits for its answer.
_ASKED_MEANWHILE = ("awaiting", "ticket_offer", "fault", "question")


class ActionAskTicketProduct(TurnAction):
    """Asks which product the ticket is about."""

    of_form = True

    def name(self) -> str:
        """Name in the domain: Rasa calls it by the slot's name."""
        return "action_ask_ticket_product"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Asks, with every product as a button; of the line, where the problem names one."""
        products = products_asked(turn)
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
        """Shows what the ticket will hold; after a bare no asks what to change, then whether to stop."""
        again = turn.asked in ("utter_what_to_correct", "utter_correct_or_stop")
        # A no to the question before this one meant: no phone.
        if (again or turn.asked == "utter_ticket_summary") and asks_what_to_change(turn):
            say.utter_message(response="utter_correct_or_stop" if again else "utter_what_to_correct")
            return []
        category = _category(turn)
        labels = rules().labels
        missing = {name: label.get(turn.language) for name, label in labels.not_given.items()}
        say.utter_message(
            response="utter_ticket_summary",
            problem=turn.slots["ticket_problem"],
            product=_given(turn, "ticket_product") or missing["product"],
            category=_shown(category, turn.language) or NOT_GIVEN,
            urgency=labels.urgencies[category.urgency].get(turn.language),
            phone=_phone_shown(turn) or missing["phone"],
        )
        return []


class ActionOpenTicket(TurnAction):
    """Opens the ticket that the form describes."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_open_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Opens it once, tells its number, and forgets the form; one that was called off is only left."""
        slots = turn.slots
        if not slots.get("ticket_confirmed"):
            return _leave(turn, say)
        category, since = _category(turn), slots.get("ticket_since")
        ticket = service.open_ticket(
            service.TicketRequest(
                request_key=turn.key, customer=turn.customer, channel=turn.channel,
                kind=_kind(turn), urgency=category.urgency,
                description=slots["ticket_problem"],
                phone=_given(turn, "ticket_phone"), product=_given(turn, "ticket_product"),
                line=category.line, function=category.function, problem_type=category.problem_type,
                mood=turn.mood, since=since and datetime.utcfromtimestamp(since),
            )
        )  # fmt: skip
        say.utter_message(response=f"utter_ticket_opened_{ticket.urgency}", **facts(ticket, turn.language))
        cleared = [SlotSet(slot, None) for slot in (*_FORM_SLOTS, *_ASKED_MEANWHILE)]
        return [*cleared, SlotSet("ticket_number", ticket.number), *_offer_second(turn, say, ticket)]


class ActionStopTicket(TurnAction):
    """Leaves the form; what was told is kept for when the customer goes on."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_stop_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Ends the loop."""
        return [ActiveLoop(None), *_leave(turn, say)]


def _leave(turn: Turn, say: CollectingDispatcher) -> list[EventType]:
    """Says that the form is left, and keeps what was told; what is wanted instead is offered."""
    say.utter_message(response="utter_ticket_form_stopped")
    left = [SlotSet(slot, None) for slot in ("requested_slot", "ticket_confirmed", *_ASKED_MEANWHILE)]
    intent = wanted_instead(turn)
    if intent is None:
        return left
    say.utter_message(response=f"utter_offer_{ticket_kind_of(intent)}")
    return [*left, *offer_ticket(intent, turn.text, turn.first("product"))]


def _offer_second(turn: Turn, say: CollectingDispatcher, ticket: Ticket) -> list[EventType]:
    """Offers a ticket for what the message told besides this one, if none is open for it."""
    also = second_wish(ticket.description, ticket.kind)
    if also is None:
        return []
    intent, called = also
    kinds = {other.kind for other in service.list_tickets(turn.customer) if other.is_open}
    if ticket_kind_of(intent) in kinds:
        return []
    say.utter_message(response="utter_offer_also", wish=called.get(turn.language))
    return offer_ticket(intent, ticket.description, ticket.product)


def _kind(turn: Turn) -> str:
    return ticket_kind_of(turn.slots.get("ticket_intent") or "")


def _shown(category: Category, language: str) -> str:
    """The category path; of it only the product line has a name in other languages."""
    if language == "zh":
        return category.as_dict()["path"]
    line = catalog().graph.get(f"product_line:{category.line}")
    return line_name(line, language) if line else ""


def _given(turn: Turn, slot: str) -> str | None:
    """What the form was told, if it was not told that there is none."""
    value = turn.slots.get(slot)
    return None if value == NOT_GIVEN else value


def _phone_shown(turn: Turn) -> str | None:
    """The phone as the summary shows it: one that was not told just now is not shown in full."""
    phone = _given(turn, "ticket_phone")
    known = phone and phone == phone_in(service.known_phone(turn.customer) or "")
    return masked(phone) if known else phone


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
