"""What comes after the work: is it solved, what was wrong, how many points."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import MAX_OPTIONS
from actions.conversation import Turn, TurnAction
from actions.danger import warn
from actions.marks import titled
from actions.relief import offer_ticket
from actions.ticket_answers import tells_of_danger
from actions.ticket_details import add_detail, names_other_line
from actions.tickets import OwnTicketAction
from kefu.language.numbers import canonical
from kefu.tickets import answers, service
from kefu.tickets.models import Ticket
from kefu.tickets.telling import facts

#: Questions that points answer: how many, and whether it is solved.
_ASKS_POINTS = ("rating", "confirmation")
#: Points of who found it neither good nor bad.
_MIDDLE = "3"
#: So much of a ticket's description tells it from others.
_SHOWN = 16


class ActionConfirmTicket(OwnTicketAction):
    """Takes a yes: the resolved ticket is solved."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_confirm_ticket"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Closes it, and asks for points if there are none yet; a no, misunderstood, stays a no."""
        if turn.text and answers.says_only_unsolved(turn.text):
            return ActionReopenTicket().work(turn, say, number)
        ticket = service.confirm(turn.key, turn.customer, number)
        if ticket.rating:
            say.utter_message(response="utter_ticket_closed", number=number)
            return []
        say.utter_message(response="utter_ticket_closed_ask_rating", number=number)
        return [SlotSet("awaiting", "rating")]


class _AnswerAboutTicket(OwnTicketAction):
    """Takes an answer to what was asked about a ticket: danger in it makes that ticket critical."""

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Works on the ticket that was asked about; else danger is a matter of its own."""
        asked = turn.slots.get("awaiting") in ("confirmation", "reason")
        return self.react(turn, say) if asked else super().act(turn, say)


class ActionReopenTicket(_AnswerAboutTicket):
    """Takes a no, or the wish itself: the finished ticket is taken up again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_reopen_ticket"

    def _none(self, turn: Turn, say: CollectingDispatcher, named: str | None) -> list[EventType]:
        """Who tells of a thing that fails again, and has no ticket, is offered one about that."""
        if named or not turn.names_anything:
            return super()._none(turn, say, named)
        say.utter_message(response="utter_offer_repair")
        return [*offer_ticket("report_fault", turn.text, turn.product), SlotSet("ticket_number", None)]

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Reopens it at once; the message is the reason, unless it says none."""
        danger = warn(turn, say, "report_fault", turn.text)
        reason = "" if answers.says_only_unsolved(turn.text) else turn.text
        ticket = service.reopen_ticket(turn.key, turn.customer, reason, number, critical=danger)
        told = facts(ticket, turn.language)
        if danger:
            say.utter_message(response="utter_ticket_reopened_critical", **told)
        elif _was_cancelled(ticket):
            say.utter_message(response="utter_ticket_restored", **told)
        elif reason:
            say.utter_message(response="utter_ticket_reopened", **told)
        else:
            say.utter_message(response="utter_ticket_reopened_ask_reason", **told)
            return [SlotSet("awaiting", "reason")]
        return []


def _was_cancelled(ticket: Ticket) -> bool:
    """Whether a ticket that was just reopened had been withdrawn."""
    steps = (note.kind for note in reversed(ticket.notes) if note.kind in ("cancelled", "closed", "resolved"))
    return next(steps, None) == "cancelled"


def reopen_unsolved(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Reopens what is still to be confirmed, where a message says no more than that it is not solved.

    Returns:
        The turn's events, after asking which where there are several; ``None`` if that is not what it says.
    """
    running = turn.slots.get("awaiting") or turn.slots.get("fault")
    if running or not turn.text or not answers.says_only_unsolved(turn.text):
        return None
    done = service.unconfirmed(turn.customer)
    if not done:
        return None
    if len(done) == 1:
        number = done[0].number
        return [*ActionReopenTicket().work(turn, say, number), SlotSet("ticket_number", number)]
    buttons = [
        {
            "title": titled(ticket.number, ticket.description[:_SHOWN], turn.language),
            "payload": f'/answer_unhelpful{{"ticket_number": "{ticket.number}"}}',
        }
        for ticket in done[:MAX_OPTIONS]
    ]
    say.utter_message(response="utter_which_not_solved", options=buttons)
    return []


class ActionTakeReason(_AnswerAboutTicket):
    """Takes what was wrong, for whoever takes the ticket up again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_take_reason"

    def work(self, turn: Turn, say: CollectingDispatcher, number: str) -> list[EventType]:
        """Adds it to the ticket; nobody has to say it."""
        if not turn.text or answers.is_refusal(turn.text):
            say.utter_message(response="utter_ok")
            return []
        if tells_of_danger(turn.text):
            add_detail(turn, say, number)
            return []
        service.add_detail(turn.key, turn.customer, turn.text, number)
        say.utter_message(response="utter_reason_noted", number=number)
        return []


class ActionRateService(TurnAction):
    """Takes a rating, on the ticket spoken of if there is one."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_rate_service"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Records it from one to five; asks when no number was said, and not who will not give one."""
        if turn.text and answers.refuses_rating(turn.text):
            say.utter_message(response="utter_ok")
            return []
        rated = rate(turn, say)
        if rated is not None:
            return rated
        say.utter_message(response="utter_ask_rating")
        return [SlotSet("awaiting", "rating")]


def rate(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Records the rating that a message gives; returns what follows from it, nothing if it gives none."""
    said = turn.first("rating") or turn.first("option_index") or answers.points_in(turn.text)
    said = said or canonical("rating", turn.text)
    if not said.isdigit() and turn.intent != "affirm" and answers.is_middling(turn.text):
        said = _MIDDLE
    if not said.isdigit() or len(said) > 2:
        return None
    rating = min(max(int(said), 1), 5)
    number = turn.first("ticket_number") or turn.slots.get("ticket_number")
    open_question = turn.slots.get("awaiting") == "confirmation"
    ticket = service.rate(turn.key, turn.customer, rating, number)
    if rating > service.LOW_RATING:
        closed = ticket is not None and open_question and ticket.status == "closed"
        response = "utter_thanks_for_rating_closed" if closed else "utter_thanks_for_rating"
        say.utter_message(response=response, **(facts(ticket, turn.language) if closed else {}))
        return []
    if ticket is None or not ticket.is_open:
        say.utter_message(response="utter_thanks_for_low_rating")
        return []
    say.utter_message(response="utter_low_rating_passed_on", **facts(ticket, turn.language))
    return [SlotSet("awaiting", "reason"), SlotSet("ticket_number", ticket.number)]


def rate_if_asked(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Takes a bare value for points where points were asked for; nothing where they were not."""
    return rate(turn, say) if turn.slots.get("awaiting") in _ASKS_POINTS else None


def is_about_ticket(turn: Turn) -> bool:
    """Whether a yes, a no or a fault answers the question if a ticket is solved, and no other."""
    if turn.intent != "report_fault":
        return bool(turn.first("ticket_number")) or turn.slots.get("awaiting") == "confirmation"
    if turn.slots.get("awaiting") != "confirmation":
        return False
    try:
        ticket = service.find_ticket(turn.customer, turn.slots.get("ticket_number"))
        return not names_other_line(turn, ticket)
    except service.NoSuchTicket:
        return False
