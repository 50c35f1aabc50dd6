"""What belongs to every conversation: language, and messages that were not understood."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet, UserUtteranceReverted
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import ask_which, deliver, facts_of, say_again
from actions.asking import look_up
from actions.broken import tells_what_happens
from actions.choosing import graph_question
from actions.consulting import answer
from actions.conversation import Turn, TurnAction
from actions.danger import AlertAction
from actions.notifications import answer_about_notice
from actions.relief import missed, offer_ticket
from actions.ticket_details import still_waited_for
from kefu.customers import service as customers
from kefu.customers.answers import style_in
from kefu.customers.service import Sender
from kefu.db import session_scope
from kefu.handoff.patience import patience
from kefu.knowledge.categories import classify
from kefu.knowledge.service import catalog, record_unanswered
from kefu.knowledge.trust import asked_after_all
from kefu.language.detect import LANGUAGES, choice_of, language_of
from kefu.tickets.service import TicketRequest, open_ticket

#: A text that was not understood is answered only by an entry that is this likely to be meant.
_FITS = 0.7
_SMALL_TALK = {
    "bot_challenge": "utter_i_am_a_bot",
    "out_of_scope": "utter_out_of_scope",
    "ask_capabilities": "utter_capabilities",
}


class ActionSetLanguage(TurnAction):
    """Goes on in the language that the customer chose."""

    keeps_question = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_set_language"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes the language named, or the one of the request; says so when it can't be had."""
        # 别说英文了,说中文: the last one named is wanted.
        named = [entity for entity in turn.entities if entity.get("entity") == "language"]
        wanted = str(named[-1]["value"]) if named else language_of(turn.text)
        if wanted not in LANGUAGES:
            say.utter_message(response="utter_language_not_spoken")
            return []
        said = turn.text[named[-1]["start"] : named[-1]["end"]] if named else turn.text
        choice = choice_of(wanted, said)
        keep(turn, language=choice)
        # The slot is only set after this action: the confirmation is told what was chosen.
        say.utter_message(response=f"utter_language_set_{wanted}", chosen={"language": choice})
        return [SlotSet("language", choice)]


class ActionSetStyle(TurnAction):
    """Goes on in short or in detail, as the customer wishes."""

    keeps_question = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_set_style"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes what the words ask for, and shows the last answer so if there is one."""
        style = style_in(turn.text)
        keep(turn, style=style)
        say.utter_message(response=f"utter_style_set_{style}")
        chosen = SlotSet("style", style)
        if turn.form or turn.slots.get("awaiting") not in (None, "solved"):
            return [chosen]
        again = say_again(turn, say) or []
        for message in say.messages:
            message["chosen"] = {"style": style}
        return [chosen, *again]


def keep(turn: Turn, **chosen: str) -> None:
    """Keeps what the customer chose for all their channels."""
    with session_scope() as session:
        customers.arrive(session, Sender(turn.customer, turn.channel))
        customers.choose(session, turn.customer, **chosen)


class ActionRecordSuggestion(AlertAction):
    """Records a suggestion."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_record_suggestion"

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Opens a suggestion ticket: it needs no contact and no confirmation."""
        request = TicketRequest(
            request_key=turn.key, customer=turn.customer, channel=turn.channel, kind="suggestion",
            urgency="low", description=turn.text or "-", product=turn.product, line=turn.line,
            function=turn.function, problem_type=classify(turn.intent, turn.text, None, None).problem_type,
            mood=turn.mood,
        )  # fmt: skip
        open_ticket(request)
        say.utter_message(response="utter_suggestion_recorded")
        return []


class ActionFallback(AlertAction):
    """Handles a message whose intent is not clear."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_fallback"

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Answers what fits very well, offers what may fit, else asks once more and then offers help."""
        replied = answer_about_notice(turn, say)
        if replied is not None:
            return replied
        if intent := _asked(turn):
            return answer(turn, say, turn.text, intent)
        if turn.mentions.error_codes or tells_what_happens(turn):
            return answer(turn, say, turn.text, "report_fault")
        found = catalog().find(turn.text, turn.mentions)
        if found and found[0].confidence >= _FITS:
            return deliver(turn, say, found[0].fact)
        choices = [item for item in found if item.possible]
        again = turn.misses + 1 >= patience().misses.times
        best = found[0] if found else None
        record_unanswered(
            turn.text, turn.customer, best.fact.ref if best else None, best.confidence if best else 0
        )
        if choices and not again:
            return [missed(turn), *ask_which(turn, say, facts_of(choices))]
        if not again:
            say.utter_message(response="utter_not_understood")
            return [missed(turn)]
        say.utter_message(response="utter_not_understood_again")
        return [missed(turn), *offer_ticket("nlu_fallback", turn.text, turn.product)]


def _asked(turn: Turn) -> str:
    """What a message asks for that was not understood as a question."""
    return asked_after_all(catalog(), turn.text, *graph_question(turn, turn.text)) if turn.text else ""


class ActionSmallTalk(TurnAction):
    """Says in a line what there is to say to small talk and to what is not our business."""

    keeps_question = True
    gives_way = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_small_talk"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Answers what is a question about products after all, else chooses the response by the intent."""
        if turn.intent != "bot_challenge" and (intent := _asked(turn)) == "ask_product_info":
            return [SlotSet("awaiting", still_waited_for(turn)), *answer(turn, say, turn.text, intent)]
        if (known := look_up(turn, say)) is not None:
            return [SlotSet("awaiting", still_waited_for(turn)), *known]
        say.utter_message(response=_SMALL_TALK.get(turn.intent, "utter_chitchat"))
        # What is taken for none of our business may be a question that was not understood.
        return [missed(turn)] if turn.intent == "out_of_scope" else []


class ActionDefaultFallback(TurnAction):
    """Rasa calls this when no rule knows what comes next."""

    def name(self) -> str:
        """Name in the domain: Rasa's own."""
        return "action_default_fallback"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Asks to say it differently, and takes the message back out of the dialogue."""
        say.utter_message(response="utter_not_understood")
        return [UserUtteranceReverted()]
