"""What a customer does with their tickets: ask, urge, add to, withdraw, reopen, rate."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import offer_ticket
from actions.conversation import Turn, TurnAction
from kefu.knowledge.categories import rules
from kefu.tickets import service
from kefu.tickets.models import Ticket, WrongState

#: Stands for a product or a phone that the customer does not want to name.
NOT_GIVEN = "-"


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

    @abstractmethod
    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Does it; without a number the customer's last ticket is meant."""


class ActionCheckTicket(_OwnTicketAction):
    """Tells where a ticket stands."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_check_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Tells status, matter and last change."""
        ticket = service.find_ticket(turn.customer, number)
        say.utter_message(response="utter_ticket_progress", **ticket_facts(ticket, turn.language))


class ActionUrgeTicket(_OwnTicketAction):
    """Passes on that the customer presses."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_urge_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Counts it at most once in a while, and says which of the two."""
        ticket, counted = service.urge_ticket(turn.customer, number)
        response = "utter_ticket_urged" if counted else "utter_ticket_urged_already"
        say.utter_message(response=response, **ticket_facts(ticket, turn.language))


class ActionAddTicketDetail(_OwnTicketAction):
    """Adds to a ticket what the customer says."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_add_ticket_detail"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Adds the message itself."""
        ticket = service.add_detail(turn.customer, turn.text, number)
        say.utter_message(response="utter_ticket_detail_added", **ticket_facts(ticket, turn.language))


class ActionCancelTicket(_OwnTicketAction):
    """Withdraws a ticket."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_cancel_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Withdraws it; it can be taken up again."""
        ticket = service.cancel_ticket(turn.customer, number)
        say.utter_message(response="utter_ticket_cancelled", **ticket_facts(ticket, turn.language))


class ActionReopenTicket(_OwnTicketAction):
    """Takes up a finished ticket again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_reopen_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Reopens it with the message as the reason."""
        ticket = service.reopen_ticket(turn.customer, turn.text, number)
        say.utter_message(response="utter_ticket_reopened", **ticket_facts(ticket, turn.language))


class ActionRateService(_OwnTicketAction):
    """Takes a rating."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_rate_service"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str | None) -> None:
        """Records it from one to five; asks when no number was said."""
        said = turn.first("rating")
        if said is None or not said.isdigit():
            say.utter_message(response="utter_ask_rating")
            return
        rating = min(max(int(said), 1), 5)
        service.rate(turn.customer, rating, number)
        say.utter_message(
            response="utter_thanks_for_low_rating" if rating <= 2 else "utter_thanks_for_rating"
        )


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
        "opened": service.company_time(ticket.opened_at).strftime("%Y-%m-%d %H:%M"),
        "changed": service.company_time(ticket.changed_at).strftime("%Y-%m-%d %H:%M"),
        "urged": str(ticket.urged),
    }
