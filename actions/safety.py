"""What to do first for safety: in a product's own words where its file has some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa_sdk.executor import CollectingDispatcher

from kefu.knowledge.categories import urgency_of
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog
from kefu.language.normalize import fold

if TYPE_CHECKING:
    from actions.conversation import Turn


def say_safety(turn: Turn, say: CollectingDispatcher, danger: str) -> None:
    """Says what to do first about a danger; no plug is to be pulled of a lock that has none.

    The files' own words are Chinese; others hear what holds for every product.
    """
    own = _own_safety(turn, danger) if turn.language == "zh" else None
    if own:
        say.utter_message(response="utter_fault_safety", safety=own)
    else:
        say.utter_message(response=f"utter_safety_{danger}")


def _own_safety(turn: Turn, danger: str) -> str | None:
    """What the fault says that is most about this danger, of the product or line that is spoken of."""
    graph = catalog().graph

    def share(fault: Fact) -> float:
        symptoms = [symptom.name for symptom in graph.targets(fault.ref, "shows")]
        return sum(urgency_of("report_fault", name)[1] == danger for name in symptoms) / (len(symptoms) or 1)

    said = fold(turn.text)

    def is_told(fault: Fact) -> bool:
        names = {fold(name) for symptom in graph.targets(fault.ref, "shows") for name in symptom.names}
        return any(name in said for name in names) or not names.isdisjoint(map(fold, turn.mentions.symptoms))

    faults = [
        fault
        for fault in graph.of_kind("fault")
        if fault.data.get("safety")
        and is_told(fault)
        and fault.data["line"] == turn.line
        and (turn.product is None or turn.product in graph.products_about(fault.ref))
    ]
    best = max(faults, key=share, default=None)
    return best.data["safety"] if best and share(best) else None
