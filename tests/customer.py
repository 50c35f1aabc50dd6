"""A customer who talks to actions directly: keeps slots and messages as Rasa does between turns."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from kefu.db import session_scope
from kefu.events import Event

_ids = count(1)


@dataclass
class Customer:
    """One conversation.

    Attributes:
        name: Conversation id.
        slots: What the conversation remembers.
        said: What the last action uttered, in order, as ``rasa_sdk`` collects it.
        channel: Where the customer speaks.
    """

    name: str = "web-me"
    slots: dict[str, Any] = field(default_factory=dict)
    said: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    message: dict[str, Any] = field(default_factory=dict)
    loop: dict[str, Any] = field(default_factory=dict)
    channel: str = "web"

    def feels(self, mood: str) -> Customer:
        """Gives the latest message a mood, as understanding does."""
        parsed = {"name": mood, "confidence": 0.99}
        self.message["mood"] = self.events[-1]["parse_data"]["mood"] = parsed
        return self

    def says(self, text: str, intent: str = "", **entities: str | tuple[str, str]) -> Customer:
        """Takes a message; an entity is what was said, or ``(said, value)`` where they differ."""
        found = []
        for entity, told in entities.items():
            said, value = told if isinstance(told, tuple) else (told, told)
            start = text.index(said)
            found.append({"entity": entity, "value": value, "start": start, "end": start + len(said)})
            if entity == "product":  # as its slot's mapping in domain.yml
                self.slots["product"] = value
        self.message = {
            "text": text, "intent": {"name": intent}, "entities": found, "message_id": str(next(_ids)),
            "metadata": {},
        }  # fmt: skip
        parsed = {"intent": {"name": intent}}
        self.events.append(
            {"event": "user", "text": text, "input_channel": self.channel, "parse_data": parsed}
        )
        return self

    def presses(self, payload: str, intent: str, **values: str) -> Customer:
        """Takes a button."""
        self.says(payload, intent)
        self.message["entities"] = [
            {"entity": e, "value": v, "start": 0, "end": 0} for e, v in values.items()
        ]
        return self

    def gets(self, action: Action, domain: dict[str, Any] | None = None) -> Customer:
        """Runs an action on the latest message and remembers what it sets."""
        dispatcher = CollectingDispatcher()
        for event in asyncio.run(action.run(dispatcher, self.tracker, domain or {})):
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            self.events.append(event)
        self.said = dispatcher.messages
        for message in self.said:
            said = {"utter_action": message.get("response")}
            self.events.append({"event": "bot", "text": "", "metadata": said})
        return self

    @property
    def tracker(self) -> Tracker:
        """The conversation as an action sees it."""
        slots = {"language": None, "misses": 0, **self.slots}
        return Tracker(self.name, slots, self.message, self.events, False, None, self.loop, None)

    @property
    def responses(self) -> list[str]:
        """Names of the responses just uttered."""
        return [message["response"] for message in self.said]

    @property
    def titles(self) -> list[str]:
        """Titles of the options just offered."""
        return [button["title"] for message in self.said for button in _options(message)]

    @property
    def payloads(self) -> list[str]:
        """Payloads of the options just offered."""
        return [button["payload"] for message in self.said for button in _options(message)]

    def told(self, name: str) -> Any:
        """A value that the last response was given."""
        return next(message[name] for message in reversed(self.said) if name in message)


def recorded(kind: str) -> list[dict[str, Any]]:
    """Data of the facts of a kind in the event log."""
    with session_scope() as session:
        return [event.data for event in session.query(Event).filter_by(kind=kind)]


def _options(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [*message.get("options", ()), *message.get("options_after", ())]
