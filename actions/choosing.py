"""What the graph answers by itself, as utterances: which products fit, what they have, what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import deliver, line_name, option_buttons, position_of, show_products, source_label
from actions.conversation import Turn
from actions.marks import listed, noted, titled
from actions.relief import missed, offer_ticket
from kefu.knowledge.graph import Fact
from kefu.knowledge.meanings import parts_of
from kefu.knowledge.questions import Reply
from kefu.knowledge.service import catalog
from kefu.knowledge.trust import Decision
from kefu.knowledge.vocabulary import vocabulary
from kefu.language.expressions import find_expressions
from kefu.language.normalize import normalize
from kefu.language.numbers import canonical

#: So many products are shown, and so many differences.
_MAX_PRODUCTS, _MAX_ROWS = 8, 8


def graph_question(turn: Turn, text: str) -> tuple[str, str | None, list[str]]:
    """What the graph is asked: the question in words, the product meant, and the products shown last."""
    among = [ref.partition(":")[2] for ref in turn.slots.get("options") or () if ref.startswith("product:")]
    if text != turn.text and turn.mentions.products:  # the question before, about another product: 那 L3 呢
        text = catalog().questions.retold(text, turn.mentions.products[0])
    return text, pointed_at(turn) or turn.product, among


def reply_of(turn: Turn) -> Reply | None:
    """What the graph itself answers to a message, if it is one that it can answer."""
    return catalog().questions.ask(*graph_question(turn, turn.text)) if turn.text else None


def pointed_at(turn: Turn) -> str | None:
    """The product that an ordinal means, after products were shown (第二个多少钱)."""
    text, book = normalize(turn.text).text, vocabulary()
    if re.search(book.ranked, text) or re.search(book.placed, text):  # 第二贵的: not the second shown
        return None
    options = turn.slots.get("options") or ()
    found = (e for e in find_expressions(turn.text, "choose_option") if e["entity"] == "option_index")
    said = next((canonical("option_index", e["value"]) for e in found), None)
    position = position_of(said, len(options))
    if position is None:
        return None
    kind, _, name = options[position].partition(":")
    return name if kind == "product" else None


def tell(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    """Says what the graph answers."""
    return _TELLERS[reply.kind](turn, say, reply)


def tell_decision(turn: Turn, say: CollectingDispatcher, decision: Decision) -> list[EventType]:
    """Says what the graph answers, what a product lacks, or that a policy does not apply now."""
    fact = decision.fact
    if fact is None:
        return tell(turn, say, decision.reply)
    if decision.kind == "lacking":
        say.utter_message(
            response="utter_function_not_there", product=decision.product, function=fact.name,
            others=listed(decision.products, turn.language),
        )  # fmt: skip
    else:
        dates = (fact.data.get("valid_from"), fact.data.get("valid_until"))
        say.utter_message(
            response="utter_policy_not_in_force", policy=fact.name, answer=fact.body,
            dates=" - ".join(date or "" for date in dates),
        )  # fmt: skip
    return [SlotSet("answer", fact.ref), SlotSet("fault", None)]


def _tell_fitting(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    line = catalog().graph.get(f"product_line:{reply.wishes[0]}") if len(reply.wishes) == 1 else None
    if line and len(reply.products) == len(catalog().graph.products_of(line.name)):  # 有几种门锁
        return show_products(turn, say, line)
    wanted = listed(reply.wishes, turn.language)
    if not reply.products:
        say.utter_message(response="utter_no_product_fits", wanted=wanted)
        return [SlotSet("fault", None)]
    say.utter_message(
        response="utter_products_fit" if wanted else "utter_products_all",
        wanted=wanted, count=len(reply.products),
        products=_rows(turn, reply), options=option_buttons(_products(reply)[:_MAX_PRODUCTS], turn.language),
    )  # fmt: skip
    return _shown(reply)


def _tell_most(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    say.utter_message(
        response="utter_product_most", wanted=listed(reply.wishes, turn.language),
        product=listed(reply.products[: reply.first], turn.language),
        products=_rows(turn, reply), options=option_buttons(_products(reply)[:_MAX_PRODUCTS], turn.language),
    )  # fmt: skip
    return [*_shown(reply), *([SlotSet("product", reply.products[0])] if reply.first == 1 else [])]


def _tell_having(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    if not reply.wishes:  # what was found says yes or no in its own words
        return deliver(turn, say, reply.evidence[0][0])
    wanted = listed(reply.wishes, turn.language)
    rows = zip(reply.products, reply.each or reply.holds, reply.evidence, strict=True)
    if reply.together:  # C2 加 S1, 500 块够吗: one answer about both
        names = listed(reply.products, turn.language)
        rows = [(names, reply.holds[0], [fact for facts in reply.evidence for fact in facts])]
    unknown = tuple(n for n, h in zip(reply.products, reply.holds, strict=True) if h is None)
    for name, holds, facts in rows:
        if holds is None:
            continue
        verb = "measures" if reply.numeric else "has"
        say.utter_message(
            response=f"utter_product_{verb}" if holds else f"utter_product_{verb}_not",
            product=name, wanted=wanted,
            facts=_quoted(turn, facts or [catalog().graph.facts[f"product:{name}"]]),
        )  # fmt: skip
    if unknown:
        return _tell_unknown(turn, say, replace(reply, products=unknown))
    evidence = next((facts[0] for facts in reply.evidence if facts), None)
    events = [SlotSet("answer", evidence.ref)] if evidence else []
    return [*events, SlotSet("fault", None), *_focus(reply)]


def _tell_values(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    if len(reply.products) == 1:
        return deliver(turn, say, reply.evidence[0][0])
    facts = [facts[0] for facts in reply.evidence]
    say.utter_message(
        response="utter_answer",
        answer=_quoted(turn, facts), source=source_label(facts[0], turn.language),
    )  # fmt: skip
    return [SlotSet("answer", facts[0].ref), SlotSet("fault", None)]


def _tell_difference(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    products = _products(reply)
    values = [{_aspect(fact, name): fact for fact in facts} for name, facts in zip(
        reply.products, reply.evidence, strict=True)]  # fmt: skip
    rows = []
    for aspect in dict.fromkeys(aspect for one in values for aspect in one):
        told = (_told(name, aspect, one) for name, one in zip(reply.products, values, strict=True))
        pairs = (f"{name} {value}" for name, value in zip(reply.products, told, strict=True))
        rows.append("- " + titled(aspect, " | ".join(pairs), turn.language))
    # What was asked for by name, or functions only, is told to the end.
    is_named = reply.wishes or all(fact.kind == "function" for facts in reply.evidence for fact in facts)
    summaries = [
        titled(noted(one.name, one.data["price"], turn.language), one.body, turn.language) for one in products
    ]
    say.utter_message(
        response="utter_comparison" if rows else "utter_no_difference",
        names=listed(reply.products, turn.language), aspects=listed(reply.wishes, turn.language),
        products="\n".join(summaries), rows="\n".join(rows if is_named else rows[:_MAX_ROWS]),
        options=option_buttons(products, turn.language),
    )  # fmt: skip
    return [SlotSet("options", [one.ref for one in products]), SlotSet("fault", None)]


def _tell_unknown(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    names, wanted = listed(reply.products, turn.language), listed(reply.wishes, turn.language)
    say.utter_message(response="utter_trait_unknown", product=names, wanted=wanted)
    return [missed(turn), *offer_ticket("ask_product_info", turn.text, reply.products[0])]


def _ask_line(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    graph = catalog().graph
    names = dict.fromkeys(graph.line_of(name) for name in reply.products)
    lines = [graph.facts[f"product_line:{name}"] for name in names if name]
    buttons = option_buttons(lines, turn.language)
    for button, line in zip(buttons, lines, strict=True):
        button["title"] = line_name(line, turn.language)
    say.utter_message(response="utter_ask_product_line", options=buttons)
    return [
        SlotSet("options", [line.ref for line in lines]),
        SlotSet("awaiting", "choice"),
        SlotSet("question", {"text": turn.text, "intent": turn.intent}),
    ]


def _ask_product(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    """Asks which product is meant; the question is kept, and answered for the one chosen."""
    if reply.wishes:  # 推荐一款锁 asks for nothing but the products themselves
        return show_products(turn, say, catalog().graph.facts[f"product_line:{reply.wishes[0]}"])
    products = _products(reply)[:_MAX_PRODUCTS]
    say.utter_message(response="utter_ask_back", options=option_buttons(products, turn.language))
    return _kept_for(turn, products)


def _ask_case(turn: Turn, say: CollectingDispatcher, reply: Reply) -> list[EventType]:
    """Asks what decides the customer's own case; for a product chosen the question is answered."""
    graph = catalog().graph
    of_lines = [one for line in turn.mentions.lines for one in graph.products_of(line)]
    if turn.product or len(of_lines) == 1:
        say.utter_message(response="utter_ask_case_details")
        return [SlotSet("fault", None)]
    products = (of_lines or graph.of_kind("product"))[:_MAX_PRODUCTS]
    say.utter_message(response="utter_ask_case", options=option_buttons(products, turn.language))
    return _kept_for(turn, products)


def _kept_for(turn: Turn, products: Sequence[Fact]) -> list[EventType]:
    """Keeps a question until it is said which product it is about."""
    return [
        SlotSet("options", [one.ref for one in products]),
        SlotSet("awaiting", "choice"),
        SlotSet("fault", None),
        SlotSet("question", {"text": turn.text, "intent": turn.intent, "about": "product"}),
    ]


def question_about(turn: Turn, fact: Fact) -> str | None:
    """The question that was asked back because it named no product, about the product chosen now."""
    question = turn.slots.get("question") or {}
    if fact.kind != "product" or question.get("about") != "product":
        return None
    return f"{fact.name} {question['text']}"


_TELLERS = {
    "fits": _tell_fitting,
    "most": _tell_most,
    "has": _tell_having,
    "values": _tell_values,
    "difference": _tell_difference,
    "unknown": _tell_unknown,
    "which_line": _ask_line,
    "which_product": _ask_product,
    "which_case": _ask_case,
}


def _products(reply: Reply) -> list[Fact]:
    return [catalog().graph.facts[f"product:{name}"] for name in reply.products]


def _rows(turn: Turn, reply: Reply) -> str:
    """Each product with its price and what its facts say of what was asked for."""
    rows = []
    for product, facts in list(zip(_products(reply), reply.evidence, strict=True))[:_MAX_PRODUCTS]:
        named = noted(product.name, product.data["price"], turn.language)
        rows.append("- " + (titled(named, _quoted(turn, facts), turn.language) if facts else named))
    return "\n".join(rows)


def _quoted(turn: Turn, facts: Sequence[Fact]) -> str:
    """What facts say, as it stands in the source."""
    return "\n".join(titled(fact.name, fact.body, turn.language) for fact in facts)


def _aspect(fact: Fact, product: str) -> str:
    return fact.name.removeprefix(f"{product} ")


def _told(product: str, aspect: str, facts: Mapping[str, Fact]) -> str:
    """What a product's fact says of an aspect; 人脸与猫眼 may be told by one fact each."""
    if fact := facts.get(aspect):
        return "✓" if fact.kind == "function" else fact.body
    traits, parts = catalog().questions.traits, parts_of(aspect) - {aspect}
    has_all = parts and all(traits.has(product, traits.key(part)).holds for part in parts)
    return "✓" if has_all else "-"


def _shown(reply: Reply) -> list[EventType]:
    refs = [f"product:{name}" for name in reply.products[:_MAX_PRODUCTS]]
    return [SlotSet("options", refs), SlotSet("awaiting", "choice"), SlotSet("fault", None), *_focus(reply)]


def _focus(reply: Reply) -> list[EventType]:
    return [SlotSet("product", reply.products[0])] if len(reply.products) == 1 else []
