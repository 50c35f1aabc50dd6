"""Where the conversation stands, told to who asks for it: 刚才说到哪了."""

from __future__ import annotations

from rasa_sdk.executor import CollectingDispatcher

from actions.agreed import tell_agreed
from actions.answering import ask_which, say_again
from actions.conversation import Turn
from kefu.knowledge.service import catalog
from kefu.tickets import service
from kefu.tickets.telling import facts

#: Responses about a ticket begin so.
_OF_TICKETS = (
    "utter_ticket_",
    "utter_recap_ticket",
    "utter_case_",
    "utter_reason_noted",
    "utter_other_tickets",
)
#: So much of what was said is enough to know it by.
_SHOWN = 40


def recall(turn: Turn, say: CollectingDispatcher) -> bool:
    """Tells what was talked of last; an open form says so by itself.

    In this order: a ticket that was offered; one just spoken of; the question answered last, with its answer;
    what a colleague agreed on; the ticket spoken of before.

    Returns:
        Whether there was anything.
    """
    if turn.slots.get("awaiting") == "ticket_offer":
        _tell_offer(turn, say)
        return True
    if turn.asked.startswith(_OF_TICKETS) and _tell_ticket(turn, say):
        return True
    asked = (turn.slots.get("question") or {}).get("text")
    if asked:
        say.utter_message(response="utter_recap_question", asked=_short(asked))
        if turn.slots.get("awaiting") == "choice":  # not answered yet
            options = filter(None, map(catalog().graph.get, turn.slots.get("options") or ()))
            ask_which(turn, say, list(options))
        else:
            say_again(turn, say)
        return True
    return tell_agreed(turn, say) or _tell_ticket(turn, say)


def _tell_offer(turn: Turn, say: CollectingDispatcher) -> None:
    asked = (turn.slots.get("ticket_offer") or {}).get("problem")
    if asked:
        say.utter_message(response="utter_recap_offer", asked=_short(asked))
    else:
        say.utter_message(response="utter_recap_offer_unnamed")


def _tell_ticket(turn: Turn, say: CollectingDispatcher) -> bool:
    number = turn.slots.get("ticket_number")
    try:
        ticket = service.look_at(turn.customer, number) if number else None
    except service.NoSuchTicket:
        ticket = None
    if ticket is not None:
        say.utter_message(response="utter_recap_ticket", **facts(ticket, turn.language))
    return ticket is not None


def _short(text: str) -> str:
    line = text.splitlines()[0]
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
