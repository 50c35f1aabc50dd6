"""How a turn is classified: kind, category path, urgency (`data/knowledge/categories.yml`)."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kefu.config import settings
from kefu.knowledge.files import KnowledgeError, load_yaml, parse
from kefu.knowledge.graph import Fact
from kefu.knowledge.schema import CategoryFile, Label
from kefu.language.normalize import normalize

logger = logging.getLogger(__name__)

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
def _rules(path: Path, changed: int) -> CategoryFile:
    """The file's content; ``changed`` is its time of change, so that an edit is read again."""
    return parse(CategoryFile, load_yaml(path, _FILE), _FILE)


_last_good: dict[Path, CategoryFile] = {}


def rules() -> CategoryFile:
    """The rules in force; while the file is faulty, those before it became so.

    Raises:
        KnowledgeError: The file is missing or faulty, and was never right in this process.
    """
    path = settings().knowledge_dir / _FILE
    try:
        _last_good[path] = _rules(path, path.stat().st_mtime_ns)
    except (KnowledgeError, FileNotFoundError) as error:
        if path not in _last_good:
            named = error if isinstance(error, KnowledgeError) else KnowledgeError(f"{_FILE}: is missing")
            raise named from None
        logger.error("categories.read.failure: %s", error)
    return _last_good[path]


def kind_of(intent: str) -> str:
    """consult, complaint, suggestion or other."""
    return next((kind for kind, intents in rules().kinds.items() if intent in intents), "consult")


def ticket_kind_of(intent: str) -> str:
    """What a ticket that comes out of ``intent`` is for."""
    found = (kind for kind, intents in rules().ticket_kinds.items() if intent in intents)
    return next(found, "consultation")


def second_wish(text: str, kind: str, joined: bool = True) -> tuple[str, Label] | None:
    """What a message wishes for beside a ticket of ``kind``: 退货，另外开张发票.

    Args:
        text: As typed.
        kind: Of the ticket that the message is known to be about; its own wish is none.
        joined: Whether a word has to say that there are two.

    Returns:
        The wish's intent, and how it is called.
    """
    told, found = rules().second_wishes, normalize(text).text
    if joined and not _said(told.joins, found, []):
        return None
    others = (wish for wish in told.wishes if ticket_kind_of(wish.intent) != kind)
    wish = next((wish for wish in others if _said(wish.words, found, [])), None)
    return (wish.intent, wish.called) if wish else None


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
    normal, urgency = normalize(text).text, rules().urgency
    for danger in urgency.critical:
        if _said(danger.words, normal, urgency.negations):
            return "critical", danger.safety
    pressing = _said(urgency.high, normal, urgency.negations)
    if pressing and intent.startswith("check_"):  # 很急,钱怎么还没退
        return "high", None
    if intent.startswith(_QUESTIONS) or kind_of(intent) == "suggestion":
        return "low", None
    return ("high" if pressing or intent == "urge_ticket" else "normal"), None


def without_people(text: str) -> str:
    """Normal text without the people it tells of, who alone are no danger (锁太吵, 孩子睡不着)."""
    found = normalize(text).text
    for expression in rules().urgency.people:
        found = _compiled(expression).sub("", found)
    return found


def says_only_broken(text: str) -> bool:
    """Whether a text, names left out, says that something is wrong and not what: 坏了怎么办."""
    broken, found = rules().broken, normalize(text).text
    if not _said(broken.wrong, found, []):
        return False
    for expression in (*broken.wrong, *broken.beside):
        found = _compiled(expression).sub(" ", found)
    return re.search(r"\w", found) is None


def _said(expressions: list[str], text: str, negations: list[str]) -> bool:
    """Whether one of the expressions is said, and not right behind a negation."""
    matches = (match for expression in expressions for match in _compiled(expression).finditer(text))
    return any(not text[: match.start()].endswith(tuple(negations)) for match in matches)


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)
