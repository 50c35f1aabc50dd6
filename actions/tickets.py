"""What a customer does with their tickets: ask, urge, add to, withdraw."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.agreed import tell_agreed
from actions.asking import look_up
from actions.conversation import Turn
from actions.danger import AlertAction
from actions.marks import listed
from actions.queueing import tell_place
from actions.relief import add_to_offer, offer_ticket
from actions.ticket_details import add_detail, add_phone
from kefu.tickets import answers, service
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.numbers import TICKET, is_valid, normal_number
from kefu.tickets.telling import facts

#: A message with a phone number that is this short tells no more than whom to call.
_ONLY_PHONE = 24


class OwnTicketAction(AlertAction):
    """Something a customer does with a ticket of theirs."""

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Finds the ticket that is meant and works on it; says so when there is none."""
        named, spoken_of = turn.first("ticket_number"), turn.slots.get("ticket_number")
        whole = named and normal_number(named).startswith(TICKET)
        if whole and not is_valid(normal_number(named)):
            say.utter_message(response="utter_ticket_number_mistyped", number=named)
            return [SlotSet("ticket_number", None)]
        try:
            ticket = service.find_ticket(turn.customer, named or spoken_of)
        except service.NoSuchTicket:
            return self._none(turn, say, named)
        if named and not ticket.number.endswith(normal_number(named)):
            say.utter_message(response="utter_ticket_goes_on", old=named, number=ticket.number)
        events: list[EventType] = []
        try:
            events = self.work(turn, say, ticket.number)
        except WrongState:
            told = facts(service.find_ticket(turn.customer, ticket.number), turn.language)
            say.utter_message(response="utter_ticket_wrong_state", **told)
        return [*events, SlotSet("ticket_number", ticket.number)]

    def _none(self, turn: Turn, say: CollectingDispatcher, named: str | None) -> list[EventType]:
        forgotten = SlotSet("ticket_number", None)
        if named:
            say.utter_message(response="utter_ticket_not_found", number=named)
            return [forgotten]
        if tell_agreed(turn, say):  # without a ticket, what is asked about is what a colleague said
            return [forgotten]
        if (known := look_up(turn, say)) is not None:
            return [*known, forgotten]
        say.utter_message(response="utter_no_ticket_yet")
        return [*offer_ticket("open_ticket", "", turn.product), forgotten]

    @abstractmethod
    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Does it with the ticket of that number, which is the customer's; returns what follows from it."""


class ActionCheckTicket(OwnTicketAction):
    """Tells where a ticket stands."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_check_ticket"

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Who waits for a person and names no ticket asks for their place: 还要等多久."""
        if not turn.first("ticket_number") and answers.asks_how_long(turn.text) and tell_place(turn, say):
            return []
        return super().react(turn, say)

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Tells where it is, who has it, what comes next and by when; asks whether what is done is solved."""
        ticket = service.look_at(turn.customer, number)
        say.utter_message(response="utter_ticket_progress", **facts(ticket, turn.language))
        others = [t.number for t in service.list_tickets(turn.customer) if t.number != number and t.is_open]
        if others and not turn.values("ticket_number"):
            say.utter_message(response="utter_other_tickets", numbers=listed(others, turn.language))
        if ticket.status != "resolved":
            return []
        say.utter_message(response="utter_is_it_solved", number=number)
        return [SlotSet("awaiting", "confirmation")]


class ActionUrgeTicket(OwnTicketAction):
    """Passes on that the customer presses."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_urge_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Counts it at most once in a while, and says which of the two."""
        ticket, counted = service.urge_ticket(turn.key, turn.customer, number, turn.mood)
        response = "utter_ticket_urged" if counted else "utter_ticket_urged_already"
        say.utter_message(response=response, **facts(ticket, turn.language))
        return []


class ActionAddTicketDetail(OwnTicketAction):
    """Adds to a ticket what the customer says."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_add_ticket_detail"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Adds the message itself."""
        add_detail(turn, say, number)
        return []

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Adds it to the ticket that was just offered, if one was; a phone number is the one to call."""
        offered = None if turn.first("ticket_number") else add_to_offer(turn, say)
        if offered is not None:
            return offered
        left = add_phone(turn, say) if len(turn.text) <= _ONLY_PHONE else None
        return super().react(turn, say) if left is None else left


class ActionCancelTicket(OwnTicketAction):
    """Withdraws a ticket."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_cancel_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Withdraws it; it can be taken up again."""
        ticket = service.cancel_ticket(turn.key, turn.customer, number)
        say.utter_message(response="utter_ticket_cancelled", **facts(ticket, turn.language))
        return []
