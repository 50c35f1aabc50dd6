"""That something is broken, and what happens then: asked where it is not told, heard where it is."""

from __future__ import annotations

from dataclasses import replace

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import line_name
from actions.conversation import Turn
from actions.relief import missed, offer_ticket
from kefu.knowledge.categories import says_only_broken
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog
from kefu.knowledge.trust import decide

#: A fault told in so few signs, naming nothing, says only that something is wrong.
_BARE = 4
#: What is asked where nothing else is known of a fault; whatever is said then tells what happens.
_WHAT_HAPPENS = ("utter_describe_fault", "utter_what_happens")


def ask_what_happens(turn: Turn, say: CollectingDispatcher) -> list[EventType]:
    """Asks what is wrong, and remembers with what; who cannot say is offered a colleague."""
    graph = catalog().graph
    if tells_what_happens(turn) and (turn.slots.get("question") or {}).get("line") == turn.line:
        say.utter_message(response="utter_no_answer")
        return [missed(turn), *offer_ticket("report_fault", turn.text, turn.product)]
    line = graph.get(f"product_line:{turn.line}")
    products = graph.products_of(line.name) if line else []
    product = turn.product or (products[0].name if len(products) == 1 else None)
    if line:
        named = turn.product or line_name(line, turn.language)
        say.utter_message(response="utter_what_happens", product=named)
    else:
        say.utter_message(response="utter_describe_fault")
    question = {"text": "", "intent": "report_fault", "line": turn.line}
    events = [SlotSet("question", question), SlotSet("fault", None)]
    return [*events, SlotSet("product", product)] if product else events


def tells_what_happens(turn: Turn) -> bool:
    """Whether the message answers what is wrong, whatever it sounds like by itself."""
    return turn.asked in _WHAT_HAPPENS and bool(turn.text)


def of_line_told(turn: Turn) -> Turn:
    """The turn as said of the line that is broken, while it tells what happens to that."""
    line = (turn.slots.get("question") or {}).get("line")
    if not line or not tells_what_happens(turn) or turn.mentions.products or turn.mentions.lines:
        return turn
    named = {"entity": "product_line", "value": line, "start": 0, "end": 0}
    return replace(turn, entities=(*turn.entities, named))


def tells_only_broken(turn: Turn, intent: str) -> bool:
    """Whether a message says that something is wrong, and not what."""
    text = turn.text
    for entity in turn.entities:
        if entity["entity"] in ("product", "product_line"):
            text = text.replace(turn.text[entity["start"] : entity["end"]] or " ", " ")
    few = len(text) <= _BARE and not turn.names_anything and intent == "report_fault"
    return few or says_only_broken(text)


def tells_other_fault(turn: Turn, running: Fact | None) -> bool:
    """Whether a message tells of another fault than the one at hand, or than all that was to choose from."""
    graph, told = catalog().graph, turn.mentions
    signs = [node for code in told.error_codes for node in graph.named("error_code", code)]
    if running is None:
        return turn.slots.get("awaiting") == "choice" and bool(signs or told.symptoms)
    lines = {*told.lines, *map(graph.line_of, told.products)}
    if lines and running.data["line"] not in lines:
        return True
    if signs:
        return not any(running in graph.sources(node.ref, "reports") for node in signs)
    shown = [node for said in told.symptoms for node in graph.named("symptom", said)]
    if not shown or any(running in graph.sources(node.ref, "shows") for node in shown):
        return False
    found = decide(catalog(), turn.text, told, "report_fault").found
    return bool(found) and found[0].sure and all(item.fact != running for item in found)
