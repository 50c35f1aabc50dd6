"""Rasa's side of a conversation, beside the turns that it answers: what it remembers, and its words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import takewhile
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Restarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.channels.output import kept_buttons
from kefu.conversations.ledger import Entry
from kefu.language.detect import conversation_language

#: Responses that say where the conversation stood, when a customer comes over from another channel.
_REMINDERS = {"form": "utter_where_we_were_form", "ticket": "utter_where_we_were_ticket"}
_REMINDER = "utter_where_we_were"
#: What was understood as one of these is nothing to be reminded of: a number, a code, a yes.
_NO_MATTER = frozenset({"inform", "affirm", "deny", "link_account", "unlink_account"})


class Dialogue:
    """What the hub asks of Rasa.

    Args:
        agent: Gives Rasa's agent; ``None`` where something else stands in for Rasa.
    """

    def __init__(self, agent: Callable[[], Any | None]) -> None:
        self._agent = agent

    @property
    def is_ready(self) -> bool:
        """Rasa drops messages silently while no model is loaded; they wait in the ledger instead."""
        agent = self._agent()
        return agent is None or agent.is_ready()

    @property
    def has_words(self) -> bool:
        """Whether responses of the domain can be said."""
        return hasattr(self._agent(), "nlg")

    async def response(self, conversation: str, name: str, channel: str) -> dict[str, Any] | None:
        """A response, with the conversation's slots; ``None`` if there is none of that name."""
        tracker = await self._tracker(conversation) or DialogueStateTracker(conversation, [])
        return await self._agent().nlg.generate(name, tracker, channel)

    async def words(
        self, conversation: str, response: str, facts: dict[str, dict], chosen: dict[str, str | None]
    ) -> dict[str, Any]:
        """Words a push in the customer's language, as a bubble's body.

        Args:
            conversation: Where it is said.
            response: Its name.
            facts: What it needs, by language.
            chosen: The language and the style that the customer chose for all channels, if they did.
        """
        tracker = await self._tracker(conversation) or DialogueStateTracker(conversation, [])
        texts = (event.text or "" for event in reversed(tracker.events) if isinstance(event, UserUttered))
        chosen = {name: value for name, value in chosen.items() if value}
        language = conversation_language(chosen.get("language") or tracker.get_slot("language"), texts)
        channel = conversation.partition("-")[0]
        said = await self._agent().nlg.generate(response, tracker, channel, chosen=chosen, **facts[language])
        buttons = kept_buttons(said.get("buttons") or [])
        return {"text": said["text"], "buttons": buttons} if buttons else {"text": said["text"]}

    def wording(self, response: str, channel: str, language: str) -> str:
        """The words of a response in a language (``zh``, ``en``); empty where Rasa has none."""
        say = getattr(getattr(self._agent(), "nlg", None), "generate_from_slots", None)
        said = say(response, {"language": language}, channel) if say else None
        return (said or {}).get("text", "")

    async def answer_to(self, message: str, conversation: str) -> list[dict[str, Any]]:
        """What was said to the message of that id, if the dialogue ends with it.

        A server handled it then, and died before the answer was stored. Handled again, it could do harm:
        a form would take it for the next field.
        """
        tracker = await self._tracker(conversation)
        said: list[dict[str, Any]] = []
        for event in reversed(tracker.events if tracker else ()):
            if isinstance(event, BotUttered):
                said.append({"text": event.text, **{k: v for k, v in event.data.items() if v}})
            elif isinstance(event, UserUttered):
                return said[::-1] if event.message_id == message else []
            elif isinstance(event, UserUtteranceReverted | Restarted):
                break
        return []

    async def reminder(self, entry: Entry) -> str | None:
        """Where the conversation stood, in a line, for a customer who has come over from another channel."""
        tracker = await self._tracker(entry.conversation)
        if tracker is None or tracker.latest_message is None:
            return None
        number = tracker.get_slot("ticket_number")
        form = tracker.active_loop_name
        if form == "link_form":  # a matter aside, which is not gone back to
            form = tracker.get_slot("suspended_form")
        kind = "form" if form else "ticket" if number else ""
        # What was said before a restart may have been somebody else's.
        present = takewhile(lambda event: not isinstance(event, Restarted), reversed(tracker.events))
        heard = (event for event in present if isinstance(event, UserUttered))
        texts = (event.text for event in heard if event.intent_name not in _NO_MATTER)
        asked = next((text for text in texts if text and not text.startswith("/")), None)
        if not kind and asked is None:
            return None
        facts = {"number": number, "asked": _short(asked or "")}
        nlg = self._agent().nlg
        return (await nlg.generate(_REMINDERS.get(kind, _REMINDER), tracker, entry.channel, **facts))["text"]

    async def kept_form(self, conversation: str) -> str | None:
        """The form that is open, where no turn was taken just now."""
        tracker = await self._tracker(conversation)
        return tracker.active_loop_name if tracker else None

    async def open_form(self, conversation: str) -> str | None:
        """The form that the last turn left open."""
        store = getattr(self._agent(), "tracker_store", None)
        peek = getattr(store, "open_form", None)
        return peek(conversation) if peek else None

    async def resume(self, conversation: str) -> None:
        """Lets the bot go on after a colleague: what it was asking is settled or told to them."""
        settled = ("awaiting", "question", "fault", "ticket_offer")
        over = [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None), *(SlotSet(slot, None) for slot in settled)]
        await self._add(conversation, [*over, ActionExecuted(ACTION_LISTEN_NAME)])

    async def ask(self, conversation: str, slots: dict[str, Any]) -> None:
        """Lets the dialogue know what a push asks, so that a bare answer is understood; not within a form."""
        asked = [SlotSet(*slot) for slot in slots.items()]
        await self._add(conversation, [*asked, ActionExecuted(ACTION_LISTEN_NAME)], in_form=False)

    @asynccontextmanager
    async def alone(self, conversation: str) -> AsyncIterator[None]:
        """Lets nobody else write to the dialogue within the block; what is in memory of it is dropped."""
        agent = self._agent()
        if not hasattr(agent, "lock_store"):
            yield
            return
        async with agent.lock_store.lock(conversation):
            yield
            drop = getattr(agent.tracker_store, "drop", None)
            if drop:
                drop(conversation)

    async def restart(self, conversation: str) -> None:
        """Begins afresh: what is remembered is no longer only this customer's."""
        await self._add(conversation, [Restarted(), ActionExecuted(ACTION_LISTEN_NAME)])

    async def take_back(self, conversation: str) -> None:
        """Takes the last message out, so that it can be tried again afresh.

        When an action fails (its server is away, its database locked), Rasa goes on without a word.
        """
        await self._add(conversation, [UserUtteranceReverted(), ActionExecuted(ACTION_LISTEN_NAME)])

    async def _tracker(self, conversation: str) -> DialogueStateTracker | None:
        store = getattr(self._agent(), "tracker_store", None)
        return await store.retrieve(conversation) if store else None

    async def _add(self, conversation: str, events: list, in_form: bool = True) -> None:
        agent = self._agent()
        if agent is None or not hasattr(agent, "lock_store"):
            return
        async with agent.lock_store.lock(conversation):
            tracker = await agent.tracker_store.retrieve(conversation)
            if tracker is None or tracker.latest_message is None:
                return
            if in_form or tracker.active_loop_name is None:
                tracker.update_with_events(events, agent.domain)
                await agent.tracker_store.save(tracker)


def _short(text: str, longest: int = 20) -> str:
    return text if len(text) <= longest else text[:longest] + "…"
