"""Danger is heard in whatever a customer says, and comes before everything else."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Turn, TurnAction
from actions.relief import offer_ticket
from actions.safety import say_safety
from kefu.knowledge.categories import urgency_of
from kefu.tickets.answers import declines


def warn(turn: Turn, say: CollectingDispatcher, intent: str, text: str) -> bool:
    """Says what to do for safety if ``text`` tells of danger; returns whether."""
    _, danger = urgency_of(intent, text)
    if danger:
        say_safety(turn, say, danger)
    return bool(danger)


def stay_safe(turn: Turn, say: CollectingDispatcher) -> list[EventType]:
    """Keeps the offer of a critical ticket open: 已经拔了插头 settles nothing, 没有钥匙 declines nothing.

    Returns:
        The events of the offer; none when no danger was told of, or the customer clearly says no.
    """
    offer = turn.slots.get("ticket_offer") or {}
    pending = turn.slots.get("awaiting") == "ticket_offer"
    danger = urgency_of("report_fault", offer.get("problem") or "")[1] if pending else None
    if not danger or (turn.intent == "deny" and (not turn.text or declines(turn.text))):
        return []
    say.utter_message(response="utter_stay_safe")
    say.utter_message(response="utter_offer_critical")
    return offer_ticket(offer["intent"], offer["problem"], offer["product"])


class AlertAction(TurnAction):
    """An action that gives way when its message tells of danger: 还是不行,现在冒烟了."""

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Warns and offers a critical ticket, or else reacts."""
        if warn(turn, say, turn.intent, turn.text):
            say.utter_message(response="utter_offer_critical")
            return offer_ticket("report_fault", turn.text, turn.product)
        return self.react(turn, say)

    @abstractmethod
    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Handles a turn that tells of no danger."""
