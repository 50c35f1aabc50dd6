"""Talks to the trained assistant: the real model, the real actions, conversations kept in memory."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import structlog
from rasa.core.agent import load_agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session

from kefu.customers import service as customers
from kefu.customers.models import Identity
from kefu.customers.service import Sender
from kefu.db import connect
from kefu.handoff.models import Agent
from kefu.tickets.routing import rules
from tests.conversations.desk import Desk
from tests.e2e.assistant import Assistant

CHANNEL = "web"
_CODE = re.compile(r"\d{6}")


@dataclass(frozen=True)
class Answer:
    """What the assistant did about one message.

    Attributes:
        intent: How it understood the message.
        entities: Pairs of entity and value.
        responses: Names of the responses said, in order.
        texts: What it said, the titles of its buttons among it.
        actions: Names of the actions it took.
        slots: All slots after the turn.
        form: The form that is open after the turn, and what it asks for.
    """

    intent: str | None
    entities: list[tuple[str, Any]]
    responses: list[str]
    texts: list[str]
    actions: list[str]
    slots: dict[str, Any] = field(repr=False)
    form: tuple[str | None, str | None]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class Talk:
    """An assistant to talk to."""

    def __init__(self, model: Path, endpoints: Path, assistant: Assistant) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        servers = AvailableEndpoints.read_endpoints(str(endpoints))
        servers.tracker_store = None
        self._assistant = assistant
        self._database = connect(f"sqlite:///{assistant.var_dir / 'kefu.db'}")
        self._loop = asyncio.new_event_loop()
        self._agent = self._loop.run_until_complete(load_agent(str(model), endpoints=servers))
        self.domain = self._agent.domain
        self._keep_in(InMemoryTrackerStore(self.domain))
        self.desk = Desk(self._database, self._agent, self._loop)

    def close(self) -> None:
        self._loop.close()
        self._database.dispose()

    def staff(self, status: str) -> None:
        """Makes the colleague of every team ``online`` or ``offline``."""
        with Session(self._database, future=True) as session, session.begin():
            colleague = session.get(Agent, 1)
            if colleague is None:
                colleague = Agent(id=1, name="小李", queues=list(rules().queues), capacity=1)
                session.add(colleague)
            colleague.status = status

    def give_level(self, identity: str, level: str) -> None:
        """Gives a customer, who may be new, a level."""
        with Session(self._database, future=True) as session, session.begin():
            customers.arrive(session, Sender(identity, CHANNEL))
            customers.set_level(session, session.get(Identity, identity).customer_id, level)

    def conversation_of(self, identity: str) -> str:
        """The conversation in which a customer's identity speaks now."""
        with Session(self._database, future=True) as session:
            return customers.conversation_of(session, identity)

    def code_sent_to(self, phone: str) -> str:
        """The code in the newest text message to a number."""
        inbox = f"{self._assistant.sms_url}/messages"
        found = requests.get(inbox, {"phone": f"+86{phone}"}, timeout=5).json()
        return _CODE.search(found[-1]["text"]).group() if found else ""

    @contextmanager
    def kept_in(self, store: TrackerStore) -> Iterator[Talk]:
        """Keeps conversations in another store within the block."""
        before = self._agent.tracker_store
        self._keep_in(store)
        try:
            yield self
        finally:
            self._keep_in(before)

    def say(self, sender: str, text: str, metadata: Mapping[str, Any] | None = None) -> Answer:
        """Sends one message and waits for all that the assistant does about it."""
        return self._loop.run_until_complete(self._say(sender, text, dict(metadata or {})))

    def hear(self, sender: str, customer: str) -> Answer:
        """What ``customer``, who speaks in the conversation ``sender``, is told without having asked."""
        news = self.desk.news(customer)
        tracker = self._loop.run_until_complete(self._tracker(sender))
        buttons = (button["title"] for _, said in news for button in said.get("buttons", ()))
        return Answer(
            intent=None,
            entities=[],
            responses=[response for response, _ in news],
            texts=[said["text"] for _, said in news] + [f"[{title}]" for title in buttons],
            actions=[],
            slots=tracker.current_slot_values(),
            form=(tracker.active_loop_name, tracker.get_slot("requested_slot")),
        )

    def copy(self, sender: str, to: str) -> None:
        """Lets another customer be at the same point of the same conversation."""
        self._loop.run_until_complete(self._copy(sender, to))

    def _keep_in(self, store: TrackerStore) -> None:
        self._agent.tracker_store = self._agent.processor.tracker_store = store

    async def _say(self, sender: str, text: str, metadata: dict[str, Any]) -> Answer:
        output = CollectingOutputChannel()
        message = UserMessage(text, output, sender, input_channel=CHANNEL, metadata=metadata)
        await self._agent.handle_message(message)
        tracker = await self._tracker(sender)
        # Not counted from before: the first message's session begins with an event that is not kept.
        newest_first = list(reversed(tracker.events))
        last = next(n for n, event in enumerate(newest_first) if isinstance(event, UserUttered))
        events = newest_first[last::-1]
        uttered = [event for event in events if isinstance(event, BotUttered)]
        buttons = (button["title"] for event in uttered for button in event.data.get("buttons") or ())
        # Not `tracker.latest_message`: an open form hides what it has taken.
        understood = events[0]
        return Answer(
            intent=understood.intent.get("name"),
            entities=[(entity["entity"], entity["value"]) for entity in understood.entities],
            responses=[event.metadata.get("utter_action") for event in uttered],
            texts=[event.text or "" for event in uttered] + [f"[{title}]" for title in buttons],
            actions=[event.action_name for event in events if isinstance(event, ActionExecuted)],
            slots=tracker.current_slot_values(),
            form=(tracker.active_loop_name, tracker.get_slot("requested_slot")),
        )

    async def _copy(self, sender: str, to: str) -> None:
        tracker = await self._tracker(sender)
        events = list(tracker.events)
        await self._agent.tracker_store.save(
            DialogueStateTracker.from_events(to, events, self.domain.slots, domain=self.domain)
        )

    async def _tracker(self, sender: str) -> DialogueStateTracker | None:
        return await self._agent.tracker_store.retrieve_full_tracker(sender)
