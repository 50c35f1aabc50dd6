"""Recommendations asked for, offers of the company, and the customer's yes or no to what was offered."""

from __future__ import annotations

import re

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import deliver
from actions.brands import is_of_any_brand
from actions.choosing import reply_of, tell
from actions.consulting import answer
from actions.conversation import Turn, TurnAction
from actions.offering import keep, note_outcome, offer_asked, standing, suggest_product, wish_of
from actions.products import ActionSuggestProducts
from actions.relief import offer_ticket
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.categories import rules
from kefu.knowledge.graph import Fact
from kefu.knowledge.service import catalog
from kefu.language.normalize import normalize


class ActionRecommend(TurnAction):
    """Recommends what suits the customer: a product for what they tell, else something for what they have."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_recommend"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Recommends with a reason, or asks the one question that is needed."""
        wish = wish_of(turn)
        if wish.offers:
            return offer_asked(turn, say, wish) or answer(turn, say, turn.text, turn.intent)
        reply = None if wish.has else reply_of(turn)
        if reply and reply.kind == "most":  # the cheapest is a fact, no advice
            return [keep(wish), *tell(turn, say, reply)]
        if wish.says_something and not wish.has:
            return suggest_product(turn, say, wish)
        offered = [] if wish.line else offer_asked(turn, say, wish)
        return offered or [keep(wish), *ActionSuggestProducts().act(turn, say)]


def _tells_of_less(fact: Fact) -> bool:
    """Whether a fact is about what makes things cheaper, by its name or by the ways to ask for it."""
    named = normalize(" ".join(fact.names)).text
    return fact.kind in ("policy", "faq") and any(re.search(words, named) for words in rules().cheaper)


class ActionTellPromotions(TurnAction):
    """Tells what the company offers at a lower price."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_tell_promotions"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Answers from policies and questions; where they have nothing to it, offers what suits."""
        found = catalog().find(turn.text, turn.mentions, turn.intent) if turn.text else []
        # A price, or news of promotions, is no promotion: what is told has to be about paying less.
        told = next((item.fact for item in found if item.sure and _tells_of_less(item.fact)), None)
        if (
            turn.other_brand
            and not turn.mentions.products
            and not (told and is_of_any_brand(told, turn.other_brand))
        ):
            say.utter_message(response="utter_other_brand", brand=turn.other_brand)
            return []
        if told:
            with session_scope() as session:
                record(session, "question.asked", turn.customer, best=told.ref, score=0.0)
            question = SlotSet("question", {"text": turn.text, "intent": turn.intent})
            return [question, *deliver(turn, say, told)]
        say.utter_message(response="utter_no_promotion")
        return offer_asked(turn, say, wish_of(turn)) or ActionSuggestProducts().act(turn, say)


class ActionTakeOffer(TurnAction):
    """Goes on with what was recommended and is wanted."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_take_offer"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Shows how it works or how to get it, and offers to have a colleague see to it."""
        offer, asked = standing(turn)
        if offer is None:
            return ActionRecommend().act(turn, say)
        made = turn.slots["recommendation"]
        fact = catalog().graph.get(offer.answer)
        if fact:
            note_outcome(turn, "accepted", offer.id, asked)
            return [SlotSet("recommendation", None), *deliver(turn, say, fact)]
        note_outcome(turn, "clicked", offer.id, asked)
        title = offer.title.get(turn.language)
        say.utter_message(
            response="utter_offer_details", title=title, details=offer.details.get(turn.language)
        )
        return [SlotSet("recommendation", made), *offer_ticket("ask_recommendation", title, made["product"])]


class ActionRefuseOffer(TurnAction):
    """Takes a no to what was recommended: it is never recommended to them again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_refuse_offer"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Notes the no; who had asked is asked what else they are looking for."""
        offer, asked = standing(turn)
        if offer is None:
            say.utter_message(response="utter_ok")
            return [SlotSet("recommendation", None)]
        note_outcome(turn, "refused", offer.id, asked)
        say.utter_message(response="utter_offer_refused", title=offer.title.get(turn.language))
        events = ActionSuggestProducts().act(turn, say) if asked else []
        return [SlotSet("recommendation", None), *events]
