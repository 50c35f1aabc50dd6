"""Questions and faults: answered from the knowledge graph, or asked back."""

from __future__ import annotations

from dataclasses import replace

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import (
    ask_which,
    deliver,
    facts_of,
    line_name,
    option_buttons,
    position_of,
    say_again,
    show_cause,
    show_products,
)  # fmt: skip
from actions.asking import look_up, question_before
from actions.brands import is_of_any_brand
from actions.broken import (
    ask_what_happens,
    of_line_told,
    tells_only_broken,
    tells_other_fault,
    tells_what_happens,
)
from actions.choosing import graph_question, pointed_at, question_about, reply_of, tell, tell_decision
from actions.conversation import Turn, TurnAction
from actions.danger import AlertAction, stay_safe, warn
from actions.marks import listed
from actions.notifications import answer_about_notice, leave_notice
from actions.offering import offer_unasked, suggest_product, wish_goes_on
from actions.owning import owned_device
from actions.recall import recall
from actions.relief import FEW, add_to_offer, in_own_words, missed, offer_ticket, together
from actions.ticket_closing import (
    ActionConfirmTicket,
    ActionReopenTicket,
    is_about_ticket,
    rate_if_asked,
    reopen_unsolved,
)
from actions.ticket_details import add_phone, still_waited_for
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.categories import classify
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog, record_unanswered
from kefu.knowledge.trust import decide
from kefu.tickets import answers

#: What somebody wants who says that something is broken.
_OF_FAULTS = ("report_fault", "ask_how_to")


def answer(turn: Turn, say: CollectingDispatcher, text: str, intent: str) -> list[EventType]:
    """Answers a question: danger first, then the best fact, else choices, else a person's help."""
    if not text and intent == "report_fault":
        return ask_what_happens(turn, say)
    if not text:
        say.utter_message(response="utter_which_policy")
        return [SlotSet("question", {"text": "", "intent": intent})]
    turn = of_line_told(turn)
    decision = decide(catalog(), text, turn.mentions, intent, *graph_question(turn, text))
    owned = owned_device(turn, intent, decision.found)
    if owned:
        mentions = replace(turn.mentions, context_product=owned)
        decision = decide(catalog(), text, mentions, intent, *graph_question(turn, text))
    if turn.form and decision.reply and decision.reply.kind == "which_case":
        decision = replace(decision, kind="answer", reply=None)  # a form asks its own questions
    found = decision.found
    best = found[0] if found else None
    fault = best.fact if best and best.fact.kind == "fault" and best.sure else None
    asked = [SlotSet("question", {"text": text, "intent": intent}), *leave_notice(turn)]
    category = classify(intent, text, turn.line, turn.function, fault)
    ref, score = (best.fact.ref, round(best.confidence, 3)) if best else (None, 0.0)
    with session_scope() as session:
        record(session, "question.asked", turn.customer, **category.as_dict(), best=ref, score=score)
    if warn(turn, say, intent, text):
        say.utter_message(response="utter_offer_critical")
        return asked + offer_ticket(intent, text, turn.product)
    if turn.other_brand and not turn.mentions.products:
        if best and best.sure and is_of_any_brand(best.fact, turn.other_brand):
            return asked + deliver(turn, say, best.fact)
        say.utter_message(response="utter_other_brand", brand=turn.other_brand)
        return []
    if turn.unknown_products and not turn.mentions.products and intent != "report_fault":  # E99 is no model
        say.utter_message(
            response="utter_product_unknown", product=listed(turn.unknown_products, turn.language)
        )
        return []
    if text == turn.text and intent in _OF_FAULTS and tells_only_broken(turn, intent):
        return ask_what_happens(turn, say)
    if decision.kind in ("reply", "lacking", "not_in_force"):
        reply = decision.reply
        if decision.general:
            asked += deliver(turn, say, decision.general)
        if owned and reply and reply.products == (owned,) and reply.evidence and reply.evidence[0]:
            asked += _say_whose(turn, say, reply.evidence[0][0], owned)
        return asked + tell_decision(turn, say, decision)
    replied = answer_about_notice(turn, say) if text == turn.text else None
    if replied is not None:
        return replied
    # A form asks its own questions: there the best is said, not which of several was meant.
    if best and (best.possible if turn.form else decision.kind == "answer"):
        if owned:
            asked += _say_whose(turn, say, best.fact, owned)
        return asked + deliver(turn, say, best.fact, facts_of([f for f in found[1:] if f.possible]))
    record_unanswered(text, turn.customer, ref, score)
    choices = [item for item in found if item.possible]
    if choices:
        if fault and fault.data["urgency"] == "critical" and fault.data.get("safety"):
            say.utter_message(response="utter_fault_safety", safety=fault.data["safety"])
        return asked + ask_which(turn, say, facts_of(choices))
    say.utter_message(response="utter_no_answer")
    return [*asked, missed(turn)] + offer_ticket(intent, text, turn.product)


def _say_whose(turn: Turn, say: CollectingDispatcher, fact: Fact, owned: str) -> list[EventType]:
    """Says that the customer's own device is taken to be meant, where that makes a difference."""
    graph = catalog().graph
    if owned not in graph.products_about(fact.ref):
        return []
    line = graph.facts[f"product_line:{graph.line_of(owned)}"]
    say.utter_message(response="utter_your_device", product=owned, line=line_name(line, turn.language))
    return [SlotSet("product", owned)]


def answer_again(turn: Turn, say: CollectingDispatcher) -> list[EventType]:
    """Answers the last question for the product or line named now (那 L1 呢)."""
    question, told = turn.slots["question"], turn.mentions
    is_told = told.functions or told.symptoms or told.error_codes
    if question["intent"] == "report_fault" and not question["text"] and not is_told:
        return ask_what_happens(turn, say)
    return answer(turn, say, question["text"] or turn.text, question["intent"])


def deliver_chosen(turn: Turn, say: CollectingDispatcher, fact: Fact) -> list[EventType]:
    """Delivers what was chosen; where only the product was missing from a question, its answer."""
    question = question_about(turn, fact)
    if question is None:
        return deliver(turn, say, fact)
    mentions = replace(turn.mentions, products=(fact.name,))
    decision = decide(catalog(), question, mentions, turn.slots["question"]["intent"], question, fact.name)
    events = [SlotSet("question", {"text": question, "intent": turn.slots["question"]["intent"]})]
    if decision.kind in ("reply", "lacking", "not_in_force"):
        return [*events, *tell_decision(turn, say, decision), SlotSet("product", fact.name)]
    best = decision.found[0].fact if decision.kind == "answer" else fact
    return [*events, *deliver(turn, say, best), SlotSet("product", fact.name)]


class ActionAnswer(TurnAction):
    """Answers what the customer asks or reports."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_answer"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Answers the latest message; what is still broken after its repair is taken up again."""
        if turn.intent == "report_fault" and is_about_ticket(turn):
            return ActionReopenTicket().act(turn, say)
        if (
            turn.slots.get("awaiting") == "solved"
            and not turn.mentions.lines
            and tells_only_broken(turn, turn.intent)
        ):
            return ActionNextStep().act(turn, say)  # 还是用不了
        if again := question_before(turn):
            return answer(turn, say, *again)
        wish = wish_goes_on(turn)  # 预算一千以内 sounds like asking for a price
        reply = reply_of(turn) if wish else None
        if wish and not (reply and reply.kind == "most"):  # the cheapest is a fact, no advice
            return suggest_product(turn, say, wish)
        return answer(turn, say, turn.text, turn.intent)


class ActionTakeInformation(AlertAction):
    """Uses a bare value: a product completes the question just asked, or is introduced."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_take_information"

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes the value for what the conversation waits for."""
        rated = rate_if_asked(turn, say)
        if rated is not None:
            return rated
        wish = wish_goes_on(turn)
        if wish:
            return suggest_product(turn, say, wish)
        options = turn.slots.get("options") or ()
        if turn.slots.get("awaiting") == "choice" and turn.product and f"product:{turn.product}" in options:
            return deliver_chosen(turn, say, catalog().graph.facts[f"product:{turn.product}"])
        if turn.mentions.functions and turn.mentions.products:
            return answer(turn, say, turn.text, "ask_product_info")  # C2夜视多远: a question of its own
        if turn.slots.get("question") and (turn.mentions.products or turn.mentions.lines):
            return answer_again(turn, say)
        if turn.mentions.products:
            return deliver(turn, say, catalog().graph.facts[f"product:{turn.mentions.products[0]}"])
        if turn.mentions.lines:
            return show_products(turn, say, catalog().graph.facts[f"product_line:{turn.mentions.lines[0]}"])
        named = turn.mentions.symptoms or turn.mentions.error_codes or turn.mentions.functions
        if named or tells_what_happens(turn):
            return answer(turn, say, turn.text, "report_fault")
        told = add_to_offer(turn, say) or add_phone(turn, say) or look_up(turn, say)
        if told is None:
            say.utter_message(response="utter_what_about_it")
        return told or []


class ActionChooseOption(TurnAction):
    """Answers with the option that the customer picks."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_choose_option"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Delivers the option chosen; says so when there is no such option."""
        rated = rate_if_asked(turn, say)
        if rated is not None:
            return rated
        options = turn.slots.get("options") or []
        index = position_of(turn.first("option_index"), len(options))
        if index is None and turn.intent == "affirm" and len(options) == 1:
            index = 0
        if index is None and turn.values("product"):
            wanted = f"product:{turn.first('product')}"
            index = options.index(wanted) if wanted in options else None
            if index is None and turn.slots.get("question"):
                return answer_again(turn, say)
        reply = reply_of(turn) if pointed_at(turn) else None
        if reply:  # 第二个多少钱
            return tell(turn, say, reply)
        fact = catalog().graph.get(options[index]) if index is not None else None
        if fact is None and tells_what_happens(turn):
            return answer(turn, say, turn.text, "report_fault")  # 就是那个圆的
        if fact is None:
            response = "utter_choose_which" if options else "utter_nothing_to_choose"
            facts = [fact for fact in map(catalog().graph.get, options) if fact]
            say.utter_message(response=response, options=option_buttons(facts, turn.language))
            return []
        if index is not None:
            with session_scope() as session:
                record(session, "option.chosen", turn.customer, ref=fact.ref, over=options[:index])
        return deliver_chosen(turn, say, fact)


class ActionNextStep(AlertAction):
    """Goes on when an answer did not help: next cause, other options, then a ticket."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_next_step"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Reopens the ticket asked about, or the one still to be confirmed, or goes on with the answer."""
        if is_about_ticket(turn):
            return ActionReopenTicket().act(turn, say)
        if (known := look_up(turn, say)) is not None:
            return known
        reopened = reopen_unsolved(turn, say)
        return super().act(turn, say) if reopened is None else reopened

    def react(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Shows the next cause of the fault at hand, or offers a ticket; what is told anew is answered."""
        graph = catalog().graph
        running = turn.slots.get("fault") or {}
        fault = graph.get(running.get("ref"))
        if tells_what_happens(turn) or tells_other_fault(turn, fault):
            return answer(turn, say, turn.text, "report_fault")
        if turn.slots.get("awaiting") == "choice":  # none of the options was meant
            asked = turn.slots.get("question") or {"text": "", "intent": turn.intent}
            say.utter_message(response="utter_answer_did_not_help")
            return [missed(turn)] + offer_ticket(asked["intent"], asked["text"], turn.product)
        offer = turn.slots.get("ticket_offer") if turn.slots.get("awaiting") == "ticket_offer" else None
        if offer:  # 没用: no other problem than the one that a ticket was just offered for
            say.utter_message(response="utter_answer_did_not_help")
            problem = offer["problem"] if len(turn.text) <= FEW else together(offer["problem"], turn.text)
            return [
                missed(turn),
                *offer_ticket(offer["intent"], problem, offer["product"], offer.get("since")),
            ]
        if fault is None:
            say.utter_message(response="utter_answer_did_not_help")
            last = graph.get(turn.slots.get("answer"))
            if last:
                with session_scope() as session:
                    record(session, "answer.missed", turn.customer, ref=last.ref)
            problem = in_own_words(turn, last.name) if last else turn.text
            return [missed(turn)] + offer_ticket("answer_unhelpful", problem, turn.product)
        step = running["step"] + 1
        if step < len(graph.targets(fault.ref, "caused_by")):
            return [missed(turn), *show_cause(turn, say, fault, step)]
        say.utter_message(response="utter_diagnosis_exhausted", fault=fault.name)
        return [missed(turn)] + offer_ticket("report_fault", in_own_words(turn, fault.name), turn.product)


class ActionMarkSolved(TurnAction):
    """Notes that an answer helped."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_mark_solved"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Records what helped and ends the matter, unless there is danger; closes the ticket asked about."""
        if is_about_ticket(turn):
            return ActionConfirmTicket().act(turn, say)
        if kept := stay_safe(turn, say):
            return kept
        if (known := look_up(turn, say)) is not None:
            return known
        with session_scope() as session:
            record(session, "answer.helped", turn.customer, ref=turn.slots.get("answer"))
        say.utter_message(response="utter_glad_it_helped")
        return [SlotSet("fault", None), SlotSet("question", None), *offer_unasked(turn, say)]


class ActionRepeatAnswer(TurnAction):
    """Says the last answer again, or where the conversation stands."""

    keeps_question = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_repeat_answer"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says that there is nothing to say again, if nothing was answered yet."""
        if answers.asks_where_we_were(turn.text) and recall(turn, say):
            return []
        if (known := look_up(turn, say)) is not None:
            return [SlotSet("awaiting", still_waited_for(turn)), *known]
        events = say_again(turn, say)
        if events is None:
            say.utter_message(response="utter_nothing_to_repeat")
        return events or []
