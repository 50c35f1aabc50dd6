"""What a message means to the ticket form: an answer, a wish of its own, the end of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actions.conversation import Turn
from kefu.knowledge.categories import second_wish, ticket_kind_of, urgency_of
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog
from kefu.language.normalize import normalize
from kefu.tickets import answers

#: Understood as a wish to end the form, if the words say so too.
_ENDS = ("cancel_ticket", "goodbye", "deny")
#: Understood as one of these, so few characters say nothing but that.
_BARE, _FEW = ("affirm", "answer_helpful", "deny"), 6
#: So few characters say nothing to a colleague, unless they name a symptom.
_HARDLY_ANYTHING = 3
#: Below this, a message of someone's own was perhaps misread as a question or small talk.
_SURE = 0.5


def tells_of_danger(text: str) -> bool:
    """Whether a text tells of danger."""
    return urgency_of("report_fault", text)[1] is not None


def leaves(turn: Turn) -> bool:
    """Whether the customer clearly says to leave the form; at the phone, 算了 means the phone."""
    if not turn.text or tells_of_danger(turn.text):
        return False
    if turn.slots.get("requested_slot") == "ticket_phone" and answers.is_refusal(turn.text):
        return False
    if answers.calls_off_first(turn.text) and wanted_instead(turn):
        return True
    return answers.calls_off(turn.text, sure=turn.intent in _ENDS)


def wanted_instead(turn: Turn) -> str | None:
    """The intent of another ticket that a message wishes for: 先不报修了，我要投诉."""
    kind = ticket_kind_of(turn.slots.get("ticket_intent") or "")
    wish = second_wish(turn.text, kind, joined=False)
    return wish[0] if wish else None


def digresses(turn: Turn, confidence: float, digressions: Iterable[str]) -> bool:
    """Whether a typed message is no answer to the form, but for the rules to handle.

    Args:
        turn: The message.
        confidence: How sure its intent is.
        digressions: The intents that the form ignores.
    """
    if tells_of_danger(turn.text) or answers.is_digits(turn.text):
        return False
    if turn.intent in digressions and turn.intent not in _ENDS:
        return confidence >= _SURE or answers.is_question(turn.text)
    return turn.intent in ("affirm", "answer_helpful") and len(turn.text) <= _FEW


def asks_what_to_change(turn: Turn) -> bool:
    """Whether the customer wants something changed in the summary, and does not say what."""
    if turn.entities or answers.phone_in(turn.text) or answers.refuses_phone(turn.text):
        return False
    return (turn.intent == "deny" and len(turn.text) <= _FEW) or answers.wants_change(turn.text)


def tells_more(turn: Turn) -> bool:
    """Whether a message that answers no question of the form tells a colleague something."""
    if tells_of_danger(turn.text) or turn.values("symptom"):
        return True
    if turn.values("product") and answers.only_corrects_name(_beside_names(turn)[1]):
        return False
    if turn.intent in _BARE and len(turn.text) <= _FEW:
        return False
    told = turn.intent == "complain" or any(turn.values(kind) for kind in ("date", "time", "address"))
    said = len(turn.text) > _HARDLY_ANYTHING and not answers.wants_change(turn.text)
    return said and (told or not answers.is_question(turn.text))


def products_asked(turn: Turn) -> list[Fact]:
    """The products that the ticket may be about: those of the line that its problem names, else all."""
    graph, said = catalog().graph, normalize(turn.slots.get("ticket_problem") or "").text
    named = [
        line
        for line in graph.of_kind("product_line")
        if any(len(name) > 1 and normalize(name).text in said for name in line.names)
    ]
    return graph.products_of(named[0].name) if len(named) == 1 else graph.of_kind("product")


def with_more(turn: Turn) -> str:
    """The problem with the message added."""
    return "\n".join(filter(None, [turn.slots.get("ticket_problem"), turn.text]))[:2000]


def bare_name(turn: Turn) -> str | None:
    """The product or line that a message names, when it says nothing else."""
    named, rest = _beside_names(turn)
    return str(named[0]["value"]) if named and answers.is_bare_name(rest) else None


def _beside_names(turn: Turn) -> tuple[list[dict[str, Any]], str]:
    """The products and lines that a message names, and what stands beside them."""
    named = [entity for entity in turn.entities if entity["entity"] in ("product", "product_line")]
    rest = turn.text
    for entity in sorted(named, key=lambda entity: entity["start"], reverse=True):
        rest = rest[: entity["start"]] + rest[entity["end"] :]
    return named, rest
