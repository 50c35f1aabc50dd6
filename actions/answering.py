"""Turns facts into utterances: which response, which values, which options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.conversation import Turn
from actions.marks import cited, noted, titled
from kefu.knowledge.categories import rules
from kefu.knowledge.entries import Found
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog
from kefu.language.brief import brief

MAX_OPTIONS = 3
_PASSAGE_LENGTH = 600
#: What reviewers publish from; the company's own files, of other kinds, mean nothing to customers.
_DOCUMENTS = frozenset({".md", ".docx", ".pdf", ".html", ".htm", ".csv", ".txt"})


def deliver(
    turn: Turn, say: CollectingDispatcher, fact: Fact, others: Sequence[Fact] = ()
) -> list[EventType]:
    """Answers with ``fact``: a fault starts its diagnosis, a line shows its products.

    Args:
        turn: The turn that is answered.
        say: Takes the utterances.
        fact: What answers.
        others: What else may have been meant, offered as buttons.
    """
    if fact.kind == "fault":
        return show_cause(turn, say, fact, 0, others)
    if fact.kind == "product_line":
        return show_products(turn, say, fact)
    others = () if turn.form else others[:MAX_OPTIONS]
    answer = answer_text(fact, turn.language)
    say.utter_message(
        response="utter_answer_with_options" if others else "utter_answer",
        answer=answer, short=brief(answer), source=source_label(fact, turn.language),
        options=option_buttons(others, turn.language),
    )  # fmt: skip
    events = [SlotSet("answer", fact.ref), SlotSet("fault", None)]
    # Without new ones the options shown before can still be seen, and chosen from.
    return events + (_options(others) if others else []) + _focus(fact)


def show_cause(
    turn: Turn, say: CollectingDispatcher, fault: Fact, step: int, others: Sequence[Fact] = ()
) -> list[EventType]:
    """Shows the solution for one cause of a fault and asks whether it helped."""
    graph = catalog().graph
    cause = graph.targets(fault.ref, "caused_by")[step]
    solution = graph.targets(cause.ref, "solved_by")[0]
    if step == 0 and fault.data.get("safety"):
        say.utter_message(response="utter_fault_safety", safety=fault.data["safety"])
    others = others[: MAX_OPTIONS - 1]
    say.utter_message(
        response="utter_diagnosis" if step == 0 else "utter_diagnosis_next",
        fault=fault.name, cause=cause.name, steps=numbered(solution.data["steps"]),
        source=source_label(fault, turn.language), options_after=option_buttons(others, turn.language),
    )  # fmt: skip
    events = [
        SlotSet("fault", {"ref": fault.ref, "step": step}),
        SlotSet("answer", fault.ref),
        SlotSet("awaiting", "solved"),
    ]
    return events + _options(others) + _focus(fault)


def say_again(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Delivers the last fact again, a fault at the step where it stands; ``None`` without any."""
    graph = catalog().graph
    running = turn.slots.get("fault") or {}
    fault, last = graph.get(running.get("ref")), graph.get(turn.slots.get("answer"))
    if fault:
        return show_cause(turn, say, fault, running["step"])
    return deliver(turn, say, last) if last else None


def show_products(turn: Turn, say: CollectingDispatcher, line: Fact) -> list[EventType]:
    """Shows the products of a line, each as an option."""
    products = catalog().graph.products_of(line.name)
    rows = "\n".join("- " + _summary(product, turn.language) for product in products)
    say.utter_message(
        response="utter_products", line=line_name(line, turn.language), products=rows,
        options=option_buttons(products, turn.language),
    )  # fmt: skip
    events = [SlotSet("awaiting", "choice"), SlotSet("answer", line.ref), *_options(products)]
    events += [SlotSet("fault", None), SlotSet("question", None)]
    return [*events, SlotSet("product", products[0].name)] if len(products) == 1 else events


def ask_which(turn: Turn, say: CollectingDispatcher, facts: Sequence[Fact]) -> list[EventType]:
    """Asks back with choices instead of guessing."""
    facts = facts[: MAX_OPTIONS + 1]
    say.utter_message(response="utter_ask_back", options=option_buttons(facts, turn.language))
    return [SlotSet("awaiting", "choice"), SlotSet("fault", None), *_options(facts)]


def _summary(product: Fact, language: str) -> str:
    return titled(noted(product.name, product.data["price"], language), product.body, language)


def answer_text(fact: Fact, language: str) -> str:
    """What a fact says, ready to show."""
    if fact.kind == "spec":
        return titled(fact.name, fact.body, language)
    if fact.kind == "product":
        return f"{noted(fact.data['title'], fact.data['price'], language)}\n{fact.body}"
    if fact.kind == "function" and fact.data.get("how_to"):
        return f"{titled(fact.name, fact.body, language)}\n{numbered(fact.data['how_to'])}"
    if fact.kind == "passage" and len(fact.body) > _PASSAGE_LENGTH:
        return fact.body[:_PASSAGE_LENGTH].rsplit("\n", 1)[0] + "\n……"
    return fact.body


def numbered(steps: Sequence[str]) -> str:
    """Steps as numbered lines."""
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def option_buttons(facts: Sequence[Fact], language: str) -> list[dict[str, Any]]:
    """Buttons that choose among facts by their number."""
    return [
        {"title": option_title(fact, language), "payload": f'/choose_option{{"option_index": "{number}"}}'}
        for number, fact in enumerate(facts, start=1)
    ]


def option_title(fact: Fact, language: str) -> str:
    """A fact's name; a fault's with its line, since the same thing fails in many lines."""
    return noted(fact.name, fact.data["line"], language) if fact.kind == "fault" else fact.name


def position_of(value: str | None, count: int) -> int | None:
    """Position of option ``value`` (1-based, negative from the end) among ``count``."""
    try:
        number = int(value or "")
    except ValueError:
        return None
    position = number - 1 if number > 0 else count + number
    return position if number and 0 <= position < count else None


def line_name(line: Fact, language: str) -> str:
    """A line's name in a language."""
    return line.english if language == "en" and line.english else line.name


def source_label(fact: Fact, language: str) -> str:
    """Where a fact comes from, as customers know it: documents and policies by their titles."""
    label = rules().labels.sources[fact.kind].get(language)
    document = Path(fact.source.partition("#")[0].strip())
    if fact.kind != "passage" and document.suffix in _DOCUMENTS:  # published from it
        return cited(document.stem, language)
    if fact.kind not in ("passage", "policy"):
        return label
    title = fact.english if language == "en" and fact.english else fact.name
    return f"{label} {cited(title, language)}" if language == "en" else label + cited(title, language)


def facts_of(found: Sequence[Found]) -> list[Fact]:
    """The facts of search results."""
    return [item.fact for item in found]


def _options(facts: Sequence[Fact]) -> list[EventType]:
    return [SlotSet("options", [fact.ref for fact in facts])]


def _focus(fact: Fact) -> list[EventType]:
    """A fact about one product makes it the product that the conversation is about."""
    about = catalog().graph.products_about(fact.ref)
    return [SlotSet("product", next(iter(about)))] if len(about) == 1 else []
