"""A customer's own data: what is known, and being forgotten."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Turn, TurnAction
from actions.linking import known, named_channels
from actions.marks import listed
from kefu.customers import service as customers
from kefu.customers.phones import tail
from kefu.db import company_time, session_scope, utcnow
from kefu.privacy import service
from kefu.tickets.answers import calls_off, declines


class ActionTellKnown(TurnAction):
    """Tells a customer what is known of them, and how to correct, export or delete it."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_tell_known"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Counts and names; the whole is for the page, where nobody reads over a shoulder in a chat."""
        with session_scope() as session:
            customers.arrive(session, known(turn))
            facts = service.known(session, turn.customer)
        own, talk = facts["customer"], facts["conversation"]
        say.utter_message(
            response="utter_known",
            channels=named_channels([one["channel"] for one in own["channels"]], turn.language),
            since=(talk["since"] or company_time(utcnow()).isoformat())[:10],
            messages=talk["messages"],
            tickets=len(facts["tickets"]),
        )
        if own["phone"]:
            say.utter_message(response="utter_known_phone", tail=tail(own["phone"]))
        say.utter_message(response="utter_known_how")
        return []


class ActionBeginForget(TurnAction):
    """Asks whether a customer is really to be forgotten."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_begin_forget"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says what goes, and which tickets are closed with it; not beside a form, which takes the answer."""
        if turn.form:
            say.utter_message(response="utter_forget_after_ticket")
            return []
        with session_scope() as session:
            numbers = service.open_tickets(session, turn.customer)
        if numbers:
            say.utter_message(response="utter_forget_closes_tickets", numbers=listed(numbers, turn.language))
        say.utter_message(response="utter_forget_confirm")
        return [SlotSet("awaiting", "forget")]


class ActionForget(TurnAction):
    """Has a customer forgotten who has said so again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_forget"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Keeps the wish; it is fulfilled once this answer was shown (`kefu.privacy.erasing`)."""
        if declines(turn.text) or calls_off(turn.text):
            say.utter_message(response="utter_ok")
            return []
        with session_scope() as session:
            customers.arrive(session, known(turn))
            service.ask(session, turn.customer, "customer")
        say.utter_message(response="utter_forgetting")
        return []
