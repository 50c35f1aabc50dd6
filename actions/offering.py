"""Turns recommendations into utterances: what is offered, why, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import line_name, option_buttons
from actions.marks import listed
from actions.telling import told_in
from kefu.db import session_scope
from kefu.handoff.service import current
from kefu.knowledge.service import catalog
from kefu.language.numbers import money
from kefu.recommendations import service
from kefu.recommendations.offers import Offer, offers
from kefu.recommendations.ranking import Choice
from kefu.recommendations.service import Wish
from kefu.tickets.service import list_tickets

if TYPE_CHECKING:
    from actions.conversation import Turn

#: Who feels so is offered nothing unasked.
_BAD_MOODS = frozenset({"angry", "unhappy"})
#: Tickets that must be over before something is offered unasked.
_PRESSING = frozenset({"critical", "high"})
_SHOWN = 3
#: What was said last when a customer may add to their wish.
_ABOUT_A_WISH = frozenset(
    {"utter_products", "utter_ask_product_line", "utter_recommend_product", "utter_over_budget",
     "utter_recommend_offer"}
)  # fmt: skip


def wish_of(turn: Turn) -> Wish:
    """What the message says the customer wants; what they say to have is no wish."""
    has = tuple(value for name, value, weight in told_in(turn) if name == "device" and weight >= 1)
    graph = catalog().graph
    named = turn.mentions
    lines = [line for line in map(graph.line_of, named.products) if line]
    lines = [line for line in (*lines, *named.lines) if line not in {graph.line_of(one) for one in has}]
    amount = turn.first("amount")
    return Wish(
        next(iter(lines), None),
        offers().needs_in(turn.text),
        money(amount) if amount else None,
        offers().named_in(turn.text),
        has,
    )


def wish_goes_on(turn: Turn) -> Wish | None:
    """The wish told before, with the budget or the needs that this message adds; none if it adds nothing."""
    before = turn.slots.get("wish") if turn.asked in _ABOUT_A_WISH else None
    now = wish_of(turn) if before else Wish()
    if not now.says_something or turn.mentions.products:
        return None
    return Wish(
        now.line or before["line"],
        now.needs | frozenset(before["needs"]),
        now.budget if now.budget is not None else before["budget"],
    )


def keep(wish: Wish) -> EventType:
    """The event that remembers a wish for what is added to it."""
    return SlotSet("wish", {"line": wish.line, "needs": sorted(wish.needs), "budget": wish.budget})


def suggest_product(turn: Turn, say: CollectingDispatcher, wish: Wish) -> list[EventType]:
    """Recommends the product that suits a wish best, and says why; says so when the budget is too small."""
    graph, language = catalog().graph, turn.language
    found = service.products_for(wish, graph)
    # What suits none of the needs told is no advice, however cheap.
    within = bool(found) and not (wish.budget is not None and wish.needs and not found[0][1])
    if not found:
        found = service.products_for(Wish(wish.line), graph)[-1:]
    (best, suited), others = found[0], [product for product, _ in found[1:_SHOWN]]
    reasons = [offers().needs[need] for need in sorted(suited or wish.needs)]
    because = [reason.en if language == "en" else reason.zh for reason in reasons]
    if wish.budget is not None:
        because.append(offers().budget.get(language, amount=str(wish.budget)))
    say.utter_message(
        response="utter_recommend_product" if within else "utter_over_budget",
        because=listed(because, language), product=best.name, price=best.data["price"], summary=best.body,
        options=option_buttons([best, *others], language),
    )  # fmt: skip
    options = [SlotSet("options", [fact.ref for fact in (best, *others)]), SlotSet("awaiting", "choice")]
    return [keep(wish), *options, SlotSet("product", best.name), SlotSet("question", None)]


def offer_asked(turn: Turn, say: CollectingDispatcher, wish: Wish) -> list[EventType]:
    """Offers what suits a customer who asked; no events when nothing does."""
    graph = catalog().graph
    with session_scope() as session:
        choice = service.recommend(session, turn.customer, turn.key, graph, wish, asked=True)
        if choice is None:
            return []
        service.note(
            session, turn.customer, turn.customer, turn.key, "shown", choice.offer.id, graph, asked=True
        )
    return _say(turn, say, choice, wish, asked=True)


def offer_unasked(turn: Turn, say: CollectingDispatcher) -> list[EventType]:
    """Offers something to a customer whose matter is settled, if it is welcome; mostly nothing.

    Never to the upset, while a person is with them or called, or while something urgent of theirs is open.
    """
    upset = turn.mood in _BAD_MOODS or any(felt.mood in _BAD_MOODS for felt in turn.felt)
    if upset or turn.form or turn.linking:
        return []
    tickets = list_tickets(turn.customer, limit=50)
    if any(ticket.is_open and ticket.urgency in _PRESSING for ticket in tickets):
        return []
    graph = catalog().graph
    with session_scope() as session:
        if current(session, turn.conversation):
            return []
        choice = service.recommend(session, turn.customer, turn.key, graph, Wish(), asked=False)
        if choice is None:
            return []
        service.note(
            session, turn.customer, turn.customer, turn.key, "shown", choice.offer.id, graph, asked=False
        )
    return _say(turn, say, choice, Wish(), asked=False)


def note_outcome(turn: Turn, outcome: str, offer_id: str, asked: bool) -> None:
    """Records what the customer made of an offer."""
    with session_scope() as session:
        service.note(
            session, turn.customer, turn.customer, turn.key, outcome, offer_id, catalog().graph, asked
        )


def standing(turn: Turn) -> tuple[Offer | None, bool]:
    """The offer that the customer was just made, if it is still there, and whether they had asked."""
    made = turn.slots.get("recommendation") or {}
    return offers().get(made.get("offer")), bool(made.get("asked"))


def _say(turn: Turn, say: CollectingDispatcher, choice: Choice, wish: Wish, asked: bool) -> list[EventType]:
    language, graph, offer = turn.language, catalog().graph, choice.offer
    device = ""
    if choice.device:
        line = graph.facts[f"product_line:{graph.line_of(choice.device)}"]
        device = offers().device.get(language, product=choice.device, line=line_name(line, language))
    needs = [offers().needs[need] for need in sorted(wish.needs & set(choice.reason.needs))]
    said = listed([need.en if language == "en" else need.zh for need in needs], language)
    say.utter_message(
        response="utter_recommend_offer" if asked else "utter_recommend_unasked",
        reason=choice.reason.say.get(language, device=device, needs=said),
        title=offer.title.get(language), text_of_offer=offer.text.get(language),
    )  # fmt: skip
    made = {"offer": offer.id, "asked": asked, "product": choice.device}
    return [SlotSet("awaiting", "recommendation"), SlotSet("recommendation", made)]
