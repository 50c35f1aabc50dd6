"""The device that a question is about though it names none: the one that the customer has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kefu.customers.profile import devices_of
from kefu.db import session_scope
from kefu.knowledge.entries import Found
from kefu.knowledge.service import catalog

if TYPE_CHECKING:
    from actions.conversation import Turn

#: Questions about what one has; who asks for a price or a comparison may be about to buy another.
_ABOUT_OWN = frozenset({"ask_how_to", "ask_product_info", "report_fault", "ask_policy"})


def owned_device(turn: Turn, intent: str, found: Sequence[Found]) -> str | None:
    """The one device of the customer's that a question is about which names none; none if that is open.

    Args:
        turn: The turn; it names no product, and none was spoken of.
        intent: What the question asks for.
        found: What was found for it: tells which products it may be about.
    """
    if intent not in _ABOUT_OWN or turn.product or turn.unknown_products or turn.other_brand:
        return None
    graph = catalog().graph
    about = [graph.products_about(item.fact.ref) for item in found if item.possible]
    if not about or not about[0]:
        return None  # what answers is about no product in particular
    lines = [turn.line] if turn.line else {graph.line_of(product) for product in about[0]}
    with session_scope() as session:
        devices = devices_of(session, turn.customer)
    fitting = [device for device in devices if graph.line_of(device) in lines]
    return fitting[0] if len(fitting) == 1 and any(fitting[0] in one for one in about) else None
