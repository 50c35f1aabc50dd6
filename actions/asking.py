"""Questions that were taken for something else: they are looked up before anything is done about that.

What an intent of middling confidence does by itself (a ticket offered, 帮不上忙, 解决了就好) is mostly worse
than the fact that was asked for. So it waits until the knowledge was asked; what is surely meant never does.
"""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import ask_which, deliver, facts_of
from actions.choosing import graph_question, tell_decision
from actions.conversation import Turn
from actions.marks import listed
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.agreement import TELLING
from kefu.knowledge.categories import urgency_of
from kefu.knowledge.service import catalog
from kefu.knowledge.trust import Decision, decide
from kefu.language.following import follows_up
from kefu.tickets import answers

#: What asks for something that the knowledge tells.
QUESTIONS = frozenset(
    {"ask_product_info", "ask_how_to", "ask_policy", "ask_price", "compare_products", "report_fault"}
)
#: What the question before is still at hand after.
_GOES_ON = QUESTIONS | {"inform", "choose_option", "ask_recommendation"}
#: Up to which confidence an intent waits; measured on held-out examples and on questions for development: at
#: 0.8 half of the questions taken for none of our business are helped, and one in nine that are none is.
_DOUBTED = {"out_of_scope": 0.8, "chitchat": 0.6, "ask_capabilities": 0.6, "inform": 0.7}
#: What says how an answer was, or that it be said again, says so surely; else it mostly asks on.
_FEEDBACK = {"answer_helpful": 0.6, "answer_unhelpful": 0.6, "repeat_answer": 0.6}
#: Wishes for people wait if they are put as a question, and never if demanded or about an order made.
_WISHES = 0.8
#: Less than that likely, no question may have been meant.
_LIKELY = 0.15


def question_before(turn: Turn) -> tuple[str, str] | None:
    """The question before with its intent, about what is named now (那门锁呢); none if it is not meant."""
    before = turn.slots.get("question") or {}
    if turn.intent_before not in _GOES_ON:
        return None  # something else was spoken of since
    named = [e for e in turn.entities if e["entity"] in ("product", "product_line", "function")]
    if not before.get("text") or not follows_up(turn.text, [(e["start"], e["end"]) for e in named]):
        return None
    if named[0]["entity"] == "function" and before["intent"] == "ask_price":
        return None  # 人脸识别呢 after a price asks for no price
    said = turn.text[named[0]["start"] : named[0]["end"]]
    kinds = ("trait",) if named[0]["entity"] == "function" else ("product", "line")
    return catalog().questions.retold(before["text"], said, kinds), before["intent"]


def look_up(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Answers what a message may ask, though it was taken for something else.

    Returns:
        The turn's events; ``None`` if it surely is what it was taken for, or nothing is known.
    """
    return answer_known(turn, say, choices=True) if _is_doubted(turn) else None


def look_up_wish(turn: Turn, say: CollectingDispatcher) -> tuple[list[EventType] | None, bool]:
    """Tells what is known of a wish that only people can grant.

    Returns:
        The events, or ``None`` if nothing is known or it is their own matter; whether no more was asked.
    """
    asks = answers.is_question(turn.text)
    made = turn.values("order_number") or turn.values("tracking_number")
    is_theirs = made or answers.demands(turn.text) or answers.asks_progress(turn.text)
    if not turn.text or is_theirs or not (asks or turn.confidence < _WISHES):
        return None, False
    is_all = asks and turn.confidence < _WISHES and turn.intent != "request_human"
    return answer_known(turn, say, choices=False, beside=is_all), is_all


def answer_known(
    turn: Turn, say: CollectingDispatcher, choices: bool, beside: bool = True
) -> list[EventType] | None:
    """Answers a message if the knowledge does.

    Args:
        turn: The turn.
        say: Takes the utterances.
        choices: Whether it may be asked back.
        beside: Whether to offer what else may have been meant.
    """
    if not turn.text or turn.form or urgency_of("report_fault", turn.text)[1]:
        return None
    if turn.unknown_products and not turn.mentions.products:
        say.utter_message(
            response="utter_product_unknown", product=listed(turn.unknown_products, turn.language)
        )
        return []
    intent = next((name for name, p in turn.ranking if name in QUESTIONS and p >= _LIKELY), "")
    decision = decide(catalog(), turn.text, turn.mentions, intent, *graph_question(turn, turn.text))
    # Gibberish and anger (your lock is garbage) sound like some fault or other.
    is_told = turn.mentions.symptoms or turn.mentions.error_codes
    is_fault = bool(decision.found) and decision.found[0].fact.kind == "fault" and not is_told
    if turn.other_brand or is_fault or not _is_known(decision, choices):
        return None
    best, *others = decision.found or (None,)
    with session_scope() as session:
        record(session, "question.asked", turn.customer, best=best and best.fact.ref, score=0.0)
    asked = SlotSet("question", {"text": turn.text, "intent": intent or "ask_product_info"})
    if decision.kind == "answer":
        possible = facts_of([found for found in others if beside and found.possible])
        return [asked, *deliver(turn, say, best.fact, possible)]
    if decision.kind == "choices":
        return [asked, *ask_which(turn, say, facts_of([found for found in decision.found if found.possible]))]
    return [asked, *tell_decision(turn, say, decision)]


def _is_doubted(turn: Turn) -> bool:
    if turn.intent in _FEEDBACK:
        return turn.confidence < _FEEDBACK[turn.intent]
    return turn.confidence < _DOUBTED.get(turn.intent, _WISHES)


def _is_known(decision: Decision, choices: bool) -> bool:
    if decision.kind == "reply":
        return decision.reply.kind in TELLING and bool(decision.reply.products)
    best = decision.found[0] if decision.found else None
    kinds = ("answer", "lacking", "not_in_force", *(("choices",) if choices else ()))
    return bool(best and best.sure and decision.kind in kinds)
