"""What a customer does with their tickets: ask, urge, add to, withdraw, reopen, rate."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Turn, TurnAction
from actions.danger import AlertAction
from actions.marks import listed
from actions.relief import offer_ticket
from kefu.db import company_time
from kefu.knowledge.categories import rules
from kefu.language.numbers import canonical
from kefu.tickets import service
from kefu.tickets.models import Ticket, WrongState
from kefu.tickets.numbers import TICKET, is_valid, normal_number

#: Stands for a product or a phone that the customer does not want to name.
NOT_GIVEN = "-"
#: A rating up to this is regretted.
_LOW = 2


class _OwnTicketAction(AlertAction):
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
        try:
            self.work(turn, say, ticket.number)
        except WrongState as error:
            labels = rules().labels
            say.utter_message(
                response="utter_ticket_wrong_state", number=error.number,
                status=labels.statuses[error.status].get(turn.language),
            )  # fmt: skip
        return [SlotSet("ticket_number", ticket.number)]

    def _none(self, turn: Turn, say: CollectingDispatcher, named: str | None) -> list[EventType]:
        forgotten = SlotSet("ticket_number", None)
        if named:
            say.utter_message(response="utter_ticket_not_found", number=named)
            return [forgotten]
        say.utter_message(response="utter_no_ticket_yet")
        return [*offer_ticket("open_ticket", "", turn.product), forgotten]

    @abstractmethod
    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> None:
        """Does it with the ticket of that number, which is the customer's."""


class ActionCheckTicket(_OwnTicketAction):
    """Tells where a ticket stands."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_check_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> None:
        """Tells status, matter and last change."""
        ticket = service.find_ticket(turn.customer, number)
        say.utter_message(response="utter_ticket_progress", **ticket_facts(ticket, turn.language))
        others = [t.number for t in service.list_tickets(turn.customer) if t.number != number and t.is_open]
        if others and not turn.values("ticket_number"):
            say.utter_message(response="utter_other_tickets", numbers=listed(others, turn.language))


class ActionUrgeTicket(_OwnTicketAction):
    """Passes on that the customer presses."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_urge_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> None:
        """Counts it at most once in a while, and says which of the two."""
        ticket, counted = service.urge_ticket(turn.key, turn.customer, number, turn.mood)
        response = "utter_ticket_urged" if counted else "utter_ticket_urged_already"
        say.utter_message(response=response, **ticket_facts(ticket, turn.language))


class ActionAddTicketDetail(_OwnTicketAction):
    """Adds to a ticket what the customer says."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_add_ticket_detail"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> None:
        """Adds the message itself."""
        ticket = service.add_detail(turn.key, turn.customer, turn.text, number)
        say.utter_message(response="utter_ticket_detail_added", **ticket_facts(ticket, turn.language))


class ActionCancelTicket(_OwnTicketAction):
    """Withdraws a ticket."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_cancel_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> None:
        """Withdraws it; it can be taken up again."""
        ticket = service.cancel_ticket(turn.key, turn.customer, number)
        say.utter_message(response="utter_ticket_cancelled", **ticket_facts(ticket, turn.language))


class ActionReopenTicket(_OwnTicketAction):
    """Takes up a finished ticket again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_reopen_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> None:
        """Reopens it with the message as the reason."""
        ticket = service.reopen_ticket(turn.key, turn.customer, turn.text, number)
        say.utter_message(response="utter_ticket_reopened", **ticket_facts(ticket, turn.language))


class ActionRateService(TurnAction):
    """Takes a rating, on the ticket spoken of if there is one."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_rate_service"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Records it from one to five; asks when no number was said."""
        if rate(turn, say):
            return []
        say.utter_message(response="utter_ask_rating")
        return [SlotSet("awaiting", "rating")]


def rate(turn: Turn, say: CollectingDispatcher) -> bool:
    """Records the rating that a message gives; returns whether it gives one."""
    said = turn.first("rating") or turn.first("option_index") or canonical("rating", turn.text)
    if not said.isdigit() or len(said) > 2:
        return False
    rating = min(max(int(said), 1), 5)
    service.rate(turn.key, turn.customer, rating, turn.slots.get("ticket_number"))
    say.utter_message(response="utter_thanks_for_low_rating" if rating <= _LOW else "utter_thanks_for_rating")
    return True


def ticket_facts(ticket: Ticket, language: str) -> dict[str, str]:
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
        "opened": company_time(ticket.opened_at).strftime("%Y-%m-%d %H:%M"),
        "changed": company_time(ticket.changed_at).strftime("%Y-%m-%d %H:%M"),
        "urged": str(ticket.urged),
    }
