"""What a message tells of the customer: what they have, where they live, their orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kefu.customers.learning import FAULT, NAMED, TOLD
from kefu.customers.speech import speech
from kefu.knowledge.service import catalog

if TYPE_CHECKING:
    from actions.conversation import Turn

Told = tuple[str, str, float]


def told_in(turn: Turn) -> list[Told]:
    """Facts of a message, each with its kind, its value and how much it says."""
    found: dict[tuple[str, str], float] = {}
    for entity in turn.entities if turn.text else ():
        for name, value, weight in _of_entity(turn, entity):
            found[name, value] = max(weight, found.get((name, value), 0.0))
    return [(name, value, weight) for (name, value), weight in found.items()]


def _of_entity(turn: Turn, entity: dict) -> list[Told]:
    kind, value, span = entity["entity"], str(entity["value"]), (entity["start"], entity["end"])
    if kind in ("product", "product_line"):
        product = _product(turn, kind, value)
        weight = _having(turn, span, named=kind == "product")
        return [("device", product, weight)] if product and weight else []
    if kind == "city":
        return [("city", value, TOLD if speech().home(turn.text, *span) else NAMED)]
    return [("order", value, TOLD)] if kind == "order_number" else []


def _product(turn: Turn, kind: str, value: str) -> str | None:
    """The product named; a line's name says which where the line has but one."""
    graph = catalog().graph
    if kind == "product":
        return value if graph.get(f"product:{value}") else None
    products = graph.products_of(value) if graph.get(f"product_line:{value}") else ()
    return products[0].name if len(products) == 1 and not turn.other_brand else None


def _having(turn: Turn, span: tuple[int, int], named: bool) -> float:
    """How much speaks for the product named there being the customer's: their words, or a fault of it."""
    if speech().owned(turn.text, *span):
        return TOLD
    faulty = named and turn.intent == "report_fault" and not speech().hypothetical(turn.text, *span)
    return FAULT if faulty else 0.0
