"""The test box: what would be answered to a question now, and why."""

from __future__ import annotations

from typing import Any

from kefu.console.suggestions import mentions, shown
from kefu.knowledge.live import name_matcher
from kefu.knowledge.service import catalog

_LIMIT = 6


def attempt(question: str, language: str) -> dict[str, Any]:
    """Asks the knowledge as a customer would.

    Args:
        question: As typed.
        language: ``zh`` or ``en``, for the labels.

    Returns:
        ``outcome``: ``sure`` (the first is the answer), ``choices`` (those that are possible are offered) or
        ``none``; ``names``: what was recognised in the question; ``candidates``: what was found, the best
        first, each with its ``score``, ``confidence`` and whether it is ``possible``.
    """
    current, matches = catalog(), name_matcher()(question)
    found = current.find(question, mentions(matches, question), limit=_LIMIT)
    candidates = [
        {**shown(item, current.graph, language), "score": round(float(item.score), 3),
         "possible": bool(item.possible), "fact_kind": item.fact.kind}
        for item in found
    ]  # fmt: skip
    if not found or not found[0].possible:
        outcome = "none"
    else:
        outcome = "sure" if found[0].sure else "choices"
    names = [
        {"said": question[one.start : one.end], "entity": one.entity, "value": one.value} for one in matches
    ]
    return {"outcome": outcome, "names": names, "candidates": candidates}
