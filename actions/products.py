"""Products side by side, and what there is to choose from."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import deliver, line_name, option_buttons, show_products
from actions.brands import compared_with
from actions.choosing import reply_of, tell
from actions.consulting import answer
from actions.conversation import Turn, TurnAction
from actions.marks import listed
from kefu.knowledge.service import catalog


class ActionCompareProducts(TurnAction):
    """Sets products side by side."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_compare_products"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Compares the products named, or those of the line that the turn is about."""
        graph = catalog().graph
        named = [*turn.mentions.products]
        unknown = turn.unknown_products
        if len(named) < 2 and (brand := compared_with(turn)):
            say.utter_message(response="utter_other_brand", brand=brand)
            return self._without(turn, say, named)
        if unknown:
            say.utter_message(response="utter_product_unknown", product=listed(unknown, turn.language))
            if len(named) < 2:
                return self._without(turn, say, named)
        if not unknown and (reply := reply_of(turn)):
            return tell(turn, say, reply)
        if turn.mentions.context_product and len(named) < 2:
            named.append(turn.mentions.context_product)
        if len(named) < 2 and turn.line:
            named = [product.name for product in graph.products_of(turn.line)]
        if len(named) < 2:
            return answer(turn, say, turn.text, turn.intent)
        return tell(turn, say, catalog().questions.difference(named))

    @staticmethod
    def _without(turn: Turn, say: CollectingDispatcher, named: list[str]) -> list[EventType]:
        """Tells of the one product that we do have, or what there is to choose from."""
        if named:
            return deliver(turn, say, catalog().graph.facts[f"product:{named[0]}"])
        return ActionSuggestProducts().act(turn, say)


class ActionSuggestProducts(TurnAction):
    """Shows what there is to choose from, by product line."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_suggest_products"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Shows the products of the line named, or asks for the line."""
        reply = reply_of(turn)
        if reply and reply.kind != "which_case":
            return tell(turn, say, reply)
        graph = catalog().graph
        named = turn.mentions
        line = graph.line_of(named.products[0]) if named.products else next(iter(named.lines), None)
        if line:
            return show_products(turn, say, graph.facts[f"product_line:{line}"])
        lines = graph.of_kind("product_line")
        buttons = option_buttons(lines, turn.language)
        for button, line in zip(buttons, lines, strict=True):
            button["title"] = line_name(line, turn.language)
        say.utter_message(response="utter_ask_product_line", options=buttons)
        return [
            SlotSet("options", [line.ref for line in lines]),
            SlotSet("awaiting", "choice"),
            SlotSet("question", None),
        ]
