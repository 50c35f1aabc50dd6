"""The form that opens a ticket: what it asks, what comes of it."""

from __future__ import annotations

from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Turn, TurnAction
from actions.tickets import NOT_GIVEN, ticket_facts
from kefu.knowledge.categories import Category, classify, rules, ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.tickets import service

_FORM_SLOTS = ("ticket_problem", "ticket_product", "ticket_phone", "ticket_confirmed", "ticket_intent")
#: What a digression asked last; once the form is done nobody waits for its answer.
_ASKED_MEANWHILE = ("awaiting", "ticket_offer", "fault", "question")


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
        """Shows what the ticket will hold; after a bare no asks what to change, then whether to stop."""
        # A no to the question before this one meant: no phone.
        answered = turn.slots.get("requested_slot") == "ticket_confirmed"
        if answered and turn.intent == "deny" and not turn.entities:
            again = turn.asked in ("utter_what_to_correct", "utter_correct_or_stop")
            say.utter_message(response="utter_correct_or_stop" if again else "utter_what_to_correct")
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
        return [*cleared, SlotSet("ticket_number", ticket.number)]


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
