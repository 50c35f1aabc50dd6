"""How a turn is classified: kind, category path, urgency (`data/knowledge/categories.yml`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kefu.config import settings
from kefu.knowledge.files import KnowledgeError, load_yaml, parse
from kefu.knowledge.graph import Fact
from kefu.knowledge.schema import CategoryFile
from kefu.language.normalize import fold

_FILE = "categories.yml"
_QUESTIONS = ("ask_", "compare_", "check_", "set_", "subscribe_", "unsubscribe_", "link_")


@dataclass(frozen=True)
class Category:
    """What a turn is about.

    Attributes:
        kind: consult, complaint, suggestion or other.
        line, function, problem_type: The category path; none where unknown.
        urgency: critical, high, normal or low.
        safety: Which danger, when there is one: the suffix of the response that says what to do first.
    """

    kind: str
    line: str | None
    function: str | None
    problem_type: str | None
    urgency: str
    safety: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For events and slots."""
        return {**vars(self), "path": "/".join(p for p in (self.line, self.function, self.problem_type) if p)}


@lru_cache(maxsize=4)
def _rules(changed: int) -> CategoryFile:
    """The file's content; ``changed`` is its time of change, so that an edit is read again."""
    path = settings().knowledge_dir / _FILE
    return parse(CategoryFile, load_yaml(path, _FILE), _FILE)


def rules() -> CategoryFile:
    """The rules in force.

    Raises:
        KnowledgeError: The file is missing or faulty.
    """
    path = settings().knowledge_dir / _FILE
    if not path.exists():
        raise KnowledgeError(f"{_FILE}: is missing")
    return _rules(path.stat().st_mtime_ns)


def kind_of(intent: str) -> str:
    """consult, complaint, suggestion or other."""
    return next((kind for kind, intents in rules().kinds.items() if intent in intents), "consult")


def ticket_kind_of(intent: str) -> str:
    """What a ticket that comes out of ``intent`` is for."""
    found = (kind for kind, intents in rules().ticket_kinds.items() if intent in intents)
    return next(found, "consultation")


def classify(
    intent: str, text: str, line: str | None, function: str | None, fault: Fact | None = None
) -> Category:
    """Classifies a turn.

    Args:
        intent: What the customer wants.
        text: As typed.
        line: Product line concerned, if known.
        function: Function concerned, if known.
        fault: The fault that it turned out to be, if any; it decides path and danger.
    """
    urgency, safety = urgency_of(intent, text)
    if fault is None:
        types = rules().problem_types_of_intents.items()
        problem_type = next((name for name, intents in types if intent in intents), None)
        return Category(kind_of(intent), line, function, problem_type, urgency, safety)
    if fault.data["urgency"] == "critical":
        urgency = "critical"
    elif urgency == "normal" and fault.data["urgency"] in ("high", "low"):
        urgency = fault.data["urgency"]
    data = fault.data
    return Category(
        kind_of(intent), data["line"], data["function"] or function, data["problem_type"], urgency, safety
    )


def urgency_of(intent: str, text: str) -> tuple[str, str | None]:
    """How long it can wait, and which danger there is, if any."""
    folded = fold(text)
    for danger in rules().urgency.critical:
        if any(fold(word) in folded for word in danger.words):
            return "critical", danger.safety
    if intent.startswith(_QUESTIONS) or kind_of(intent) == "suggestion":
        return "low", None
    if intent == "urge_ticket" or any(fold(word) in folded for word in rules().urgency.high):
        return "high", None
    return "normal", None
