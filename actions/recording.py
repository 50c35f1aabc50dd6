"""What a turn leaves: its category in the event log, what it told of the customer, or that it failed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rasa_sdk.events import EventType

from actions.telling import told_in
from kefu.customers import profile
from kefu.db import session_scope
from kefu.events import record_once, source_of
from kefu.knowledge.categories import Category, classify
from kefu.knowledge.service import catalog

if TYPE_CHECKING:
    from actions.conversation import Turn

logger = logging.getLogger(__name__)


def record_category(turn: Turn, events: Iterable[EventType]) -> None:
    """Records what the turn was about, and what was told of the customer, once for each message.

    A failure is logged and costs no answer.
    """
    try:
        data = category_of(turn, events).as_dict() | {"mood": turn.mood, "language": turn.language}
        with session_scope() as session:
            kind, channel = "turn.categorised", turn.channel
            if record_once(
                session, kind, turn.key, turn.customer, intent=turn.intent, channel=channel, **data
            ) and (told := told_in(turn)):
                source = source_of(session, kind, turn.key)
                for name, value, weight in told:
                    profile.tell(session, turn.customer, name, value, weight, source)
    except Exception:
        logger.exception("turn.categorised.failure")


def record_failure(turn: Turn, action: str, error: Exception) -> None:
    """Records that an action failed; where the database is what failed, there is only the log."""
    try:
        _record(turn, "action.failed", action=action, error=type(error).__name__)
    except Exception:
        logger.exception("action.failed.not_recorded")


def category_of(turn: Turn, events: Iterable[EventType]) -> Category:
    """How a turn is classified, without a search: by its intent, what it names, and what answered it.

    Args:
        turn: The turn.
        events: What its action returned.
    """
    graph = catalog().graph
    answers = (event["value"] for event in events if event.get("name") == "answer")
    answer = graph.get(next(answers, None))
    if answer is None:
        return classify(turn.intent, turn.text, turn.line, turn.function)
    if answer.kind == "fault":
        return classify(turn.intent, turn.text, turn.line, turn.function, answer)
    lines = {graph.line_of(product) for product in graph.products_about(answer.ref)}
    line = turn.line or (lines.pop() if len(lines) == 1 else None)
    about = [answer, *graph.targets(answer.ref, "about")]
    function = turn.function or next((fact.name for fact in about if fact.kind == "function"), None)
    return classify(turn.intent, turn.text, line, function)


def _record(turn: Turn, kind: str, /, **data) -> None:
    with session_scope() as session:
        record_once(session, kind, turn.key, turn.customer, **data)
