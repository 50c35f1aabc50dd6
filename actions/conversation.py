"""What every action needs: the turn as plain values, and a thread to work in."""

from __future__ import annotations

import asyncio
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.history import felt, misses, mood, response_of, texts
from actions.recording import record_category, record_failure
from actions.relief import by_mood, relieve
from actions.ticket_details import still_waited_for, take_detail
from kefu.handoff.patience import Felt
from kefu.knowledge.categories import rules
from kefu.knowledge.entries import Mentions
from kefu.knowledge.service import catalog
from kefu.language.detect import conversation_language

logger = logging.getLogger(__name__)

_RECENT_TEXTS = 10
#: Channels that send a message again when nothing at all was said to it (kefu.channels).
_TRY_AGAIN = frozenset({"web", "app", "wechat"})
#: What an assistant's question leaves behind for the answer to it.
_QUESTION_SLOTS = frozenset({"awaiting", "options", "ticket_offer", "fault", "question"})
#: The form in which accounts are linked: a matter aside, which any other matter ends.
LINK_FORM = "link_form"
#: What it leaves behind.
LINK_SLOTS = ("link_phone", "link_code", "link_with", "suspended_form", "requested_slot")

#: What reads like a model, whether understanding saw one or not.
_MODEL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\d{1,2}(?:\s?(?:Pro|Max|Plus))?(?![A-Za-z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """One message of a customer, as an action reads it.

    Attributes:
        text: As typed; empty when a button was pressed (channels let no typed text begin with a slash).
        customer: The identity that speaks; the only key to anything that is somebody's.
        conversation: Where they speak: their own conversation, or that of another identity of theirs.
        key: Identifies the message, the same when it is handled again.
        language: ``zh`` or ``en``: what the answer will be in.
        slots: All slots of the conversation.
        form: The form that is being filled, if any; while accounts are linked, the one put aside for that.
        linking: Whether accounts are being linked.
        entities: What understanding found, in order.
        misses: How many messages in a row, up to the one before this, the assistant could not help with.
        felt: The moods of the last messages, the newest first; buttons have none.
        mood: How the customer feels: ``angry``, ``unhappy``, ``neutral`` or ``happy``. Anger lasts for one
            message more, unless that is a happy one.
        intent_before: What the customer's message before this one wanted; empty for the first.
        asked: Name of the response said last before this message.
        replies: Names of the responses said to this message already.
        ranking: The likeliest intents of the message, each with its probability.
    """

    text: str
    intent: str
    customer: str
    conversation: str
    channel: str
    key: str
    language: str
    slots: dict[str, Any]
    form: str | None
    linking: bool
    entities: tuple[dict[str, Any], ...]
    misses: int
    felt: tuple[Felt, ...]
    mood: str
    intent_before: str
    asked: str
    replies: tuple[str, ...]
    ranking: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, tracker: Tracker) -> Turn:
        """Reads the latest message of a conversation."""
        message = tracker.latest_message
        text = message.get("text") or ""
        metadata = message.get("metadata") or {}
        customer = metadata.get("identity") or tracker.sender_id
        recent = list(islice(texts(tracker.events), _RECENT_TEXTS))
        newest_first = iter(reversed(tracker.events))
        since = list(takewhile(lambda event: event.get("event") != "user", newest_first))
        before = list(newest_first)
        user = next((event for event in before if event.get("event") == "user"), {})
        bot = next((event for event in before if event.get("event") == "bot"), {})
        loop = (tracker.active_loop or {}).get("name")
        linking = loop == LINK_FORM
        return cls(
            text="" if text.startswith("/") else text,
            intent=(message.get("intent") or {}).get("name") or "",
            # Channels that know no identities have a conversation for each customer.
            customer=customer,
            conversation=tracker.sender_id,
            channel=tracker.get_latest_input_channel() or "",
            key=f"{customer}:{message.get('message_id')}",
            language=conversation_language(_chosen(tracker, since), recent, metadata.get("language")),
            slots=tracker.slots,
            form=tracker.slots.get("suspended_form") if linking else loop,
            linking=linking,
            entities=tuple(message.get("entities") or ()),
            misses=misses(before),
            felt=tuple(islice(felt(message, before), _RECENT_TEXTS)),
            mood=mood(message, user.get("parse_data") or {}),
            intent_before=((user.get("parse_data") or {}).get("intent") or {}).get("name") or "",
            asked=response_of(bot),
            replies=tuple(response_of(event) for event in reversed(since) if event.get("event") == "bot"),
            ranking=_ranking(message),
        )

    @property
    def confidence(self) -> float:
        """How likely the message is what it was taken for; certain for a button."""
        return dict(self.ranking).get(self.intent, 1.0) if self.text else 1.0

    @property
    def answered(self) -> bool:
        """Whether anything was said to this message already."""
        return bool(self.replies)

    def values(self, entity: str) -> tuple[str, ...]:
        """Canonical values of an entity in this message, each once."""
        found = (str(e["value"]) for e in self.entities if e.get("entity") == entity)
        return tuple(dict.fromkeys(found))

    def said(self, entity: str) -> tuple[str, ...]:
        """An entity as the customer said it: a name may lead to several nodes of the graph."""
        found = (e for e in self.entities if e.get("entity") == entity)
        return tuple(dict.fromkeys(self.text[e["start"] : e["end"]] or str(e["value"]) for e in found))

    def first(self, entity: str) -> str | None:
        """First value of an entity in this message."""
        return next(iter(self.values(entity)), None)

    @property
    def mentions(self) -> Mentions:
        """What the message names, and the product the conversation is about.

        A product spoken of before is dropped when another line is named (那门锁呢, after a router).
        """
        graph = catalog().graph
        # Understanding may have learned of products that the company does not have (V6).
        products = tuple(name for name in self.values("product") if graph.get(f"product:{name}"))
        lines = tuple(name for name in self.values("product_line") if graph.get(f"product_line:{name}"))
        context = None if products else self.slots.get("product")
        line = graph.line_of(context) if context else None
        if line is None or (lines and line not in lines):
            context = None
        said = tuple(
            (self.text[entity["start"] : entity["end"]], entity["value"])
            for entity in self.entities
            if entity["entity"] == "product" and entity["value"] in products and self.text
        )
        return Mentions(
            products,
            lines,
            self.said("function"),
            self.said("symptom"),
            self.said("error_code"),
            context,
            said,
        )

    @property
    def unknown_products(self) -> list[str]:
        """What the message calls by a model's name and the company does not have (V6)."""
        graph = catalog().graph
        taken = [(e["start"], e["end"]) for e in self.entities if e["entity"] != "product"]
        models = (found for found in _MODEL.finditer(self.text) if found.span() not in taken)
        names = [*self.values("product"), *(found.group() for found in models)]
        return [name for name in dict.fromkeys(names) if not graph.named("product", name)]

    @property
    def other_brand(self) -> str | None:
        """Whose product the message is about, if it names another company's (华为门锁)."""
        before = [self.text[: e["start"]].lower() for e in self.entities if e["entity"] == "product_line"]
        # One character may stand between, as Chinese puts one behind an owner.
        brands = rules().other_brands
        return next((b for b in brands if any(b.lower() in text[~len(b) :] for text in before)), None)

    @property
    def names_anything(self) -> bool:
        """Whether the message names a product, a function, a symptom or a code."""
        named = self.mentions
        return any((named.products, named.lines, named.functions, named.symptoms, named.error_codes))

    @property
    def product(self) -> str | None:
        """The product that this turn is about."""
        mentions = self.mentions
        return mentions.products[0] if mentions.products else mentions.context_product

    @property
    def line(self) -> str | None:
        """The product line that this turn is about."""
        if self.product:
            return catalog().graph.line_of(self.product)
        return next(iter(self.mentions.lines), None)

    @property
    def function(self) -> str | None:
        """The function that this turn names, of the line that it is about if one is known."""
        graph, line = catalog().graph, self.line
        named = (node for said in self.said("function") for node in graph.named("function", said))
        return next((node.name for node in named if line in (None, node.data["line"])), None)


def _ranking(message: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """The likeliest intents, first the one that was decided on, which need not be what was learned."""
    decided = message.get("intent") or {}
    ranked = {decided["name"]: decided.get("confidence", 1.0)} if decided.get("name") else {}
    for one in message.get("intent_ranking") or ():
        ranked.setdefault(one["name"], one["confidence"])
    return tuple(ranked.items())


def _chosen(tracker: Tracker, since: list[dict[str, Any]]) -> str | None:
    """The language chosen: within this turn, for all the customer's channels, or in this conversation."""
    just = next((event.get("value") for event in since if event.get("name") == "language"), None)
    kept = ((tracker.latest_message.get("metadata") or {}).get("chosen") or {}).get("language")
    return just or kept or tracker.get_slot("language")


class TurnAction(Action, ABC):
    """An action that works in a thread: databases and searches must not hold the server's event loop.

    Attributes:
        of_form: Whether the action belongs to the form it runs in. Any other is a digression there: it
            answers, but must not ask, since the next message answers the form's question.
        keeps_question: Whether the assistant's last question still stands after the action.
        of_people: Whether it is itself about waiting for a person, so that none is offered beside it.
        needs_people: Whether it is for what only people can do, by a ticket if nobody is there.
        gives_way: Whether it has nothing to say to a customer who is upset.
    """

    of_form = False
    keeps_question = False
    of_people = False
    needs_people = False
    gives_way = False

    @abstractmethod
    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Handles the turn: utters by ``say`` and returns events."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Runs `act` (see parent class)."""
        return await asyncio.to_thread(self._take, tracker, dispatcher)

    def _take(self, tracker: Tracker, say: CollectingDispatcher) -> list[EventType]:
        turn = Turn.of(tracker)
        try:
            events = self._act(turn, say)
        except Exception as error:
            record_failure(turn, self.name(), error)
            if turn.channel in _TRY_AGAIN and not turn.answered:
                raise  # Rasa says nothing then, and the channel tries the message again
            logger.exception("action.failed: %s, message %s", self.name(), turn.key)
            say.utter_message(response="utter_action_failed")
            return []
        record_category(turn, events)
        closed = back_from_linking(say, turn.form) if turn.linking and not self.of_form else []
        if turn.form and not self.of_form:
            for message in say.messages:
                message["plain"] = True
            return closed + [event for event in events if event.get("name") not in _QUESTION_SLOTS]
        if closed:
            return [*closed, SlotSet("awaiting", None), *events]
        if self.keeps_question or turn.form:
            return events
        # What was asked before is over, unless this action asks again or a colleague waits for the answer.
        return [SlotSet("awaiting", still_waited_for(turn)), *events]

    def _act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Acts, and sees to it that a person comes when one is needed; linking goes on undisturbed."""
        if self.of_people or self.of_form or turn.linking:
            return self.act(turn, say)
        upset = by_mood(turn)
        if upset:
            say.utter_message(response="utter_sorry")
        told = take_detail(turn, say)
        if told is not None:
            return relieve(turn, say, told, upset, False)
        events = [] if upset and self.gives_way else self.act(turn, say)
        return relieve(turn, say, events, upset, self.needs_people)


def back_from_linking(say: CollectingDispatcher, form: str | None) -> list[EventType]:
    """Ends the linking of accounts; ``form``, put aside for it, goes on."""
    closed: list[EventType] = [ActiveLoop(None), *(SlotSet(slot, None) for slot in LINK_SLOTS)]
    if not form:
        return closed
    say.utter_message(response="utter_back_to_form")
    return [*closed, FollowupAction(form)]
