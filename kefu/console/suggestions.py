"""Answers that the knowledge suggests for what a customer wrote, for an operator to send or edit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kefu.knowledge.categories import rules
from kefu.knowledge.entries import Found, Mentions
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.live import name_matcher
from kefu.knowledge.matcher import Match
from kefu.knowledge.service import catalog

_LIMIT, _LENGTH = 4, 800


def warm_up() -> None:
    """Builds the index, so that no first customer waits for it."""
    suggest("你好", "zh")


def suggest(question: str, language: str) -> list[dict[str, Any]]:
    """What may answer a question, the likeliest first.

    Args:
        question: As the customer typed it.
        language: ``zh`` or ``en``, for the labels.

    Returns:
        Of each its ``ref``, ``title``, ``text``, ``kind``, ``source`` (its file), ``confidence`` 0 to 1 and
        whether it is ``sure``. Nothing where nothing fits.
    """
    current = catalog()
    found = current.find(question, mentions(name_matcher()(question), question), limit=_LIMIT)
    return [shown(item, current.graph, language) for item in found if item.possible or item is found[0]]


def mentions(matches: Iterable[Match], question: str) -> Mentions:
    """What a question names, for the search."""
    named: dict[str, list[str]] = {}
    said = []
    for match in matches:
        # What the graph calls symptoms and the like is looked up by how it is said.
        by_name = match.entity in ("product", "product_line")
        value = match.value if by_name else question[match.start : match.end]
        named.setdefault(match.entity, []).append(value)
        if match.entity == "product":
            said.append((question[match.start : match.end], match.value))

    def of(entity: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(named.get(entity, ())))

    return Mentions(
        of("product"), of("product_line"), of("function"), of("symptom"), of("error_code"), said=tuple(said)
    )


def shown(item: Found, graph: Graph, language: str) -> dict[str, Any]:
    """A fact found, as the page shows it."""
    fact = item.fact
    return {
        "ref": fact.ref,
        "title": fact.name,
        "text": _text(fact, graph)[:_LENGTH],
        "kind": rules().labels.sources[fact.kind].get(language)
        if fact.kind in rules().labels.sources
        else "",
        "source": fact.source,
        "confidence": round(float(item.confidence), 2),
        "sure": bool(item.sure),
    }


def text_of(fact: Fact) -> str:
    """What a fact says, as it is suggested."""
    return _text(fact, catalog().graph)[:_LENGTH]


def _text(fact: Fact, graph: Graph) -> str:
    """What a fact says, as a message to a customer: a fault says how to mend each of its causes."""
    if fact.kind == "fault":
        causes = [
            "\n".join([cause.name, *_numbered(solution.data["steps"])])
            for cause in graph.targets(fact.ref, "caused_by")
            for solution in graph.targets(cause.ref, "solved_by")
        ]
        return "\n\n".join(filter(None, [fact.data.get("safety"), *causes]))
    return "\n".join([fact.body, *_numbered(fact.data.get("how_to") or ())])


def _numbered(steps) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
