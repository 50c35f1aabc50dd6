"""Where all channels of a server meet: messages are stored, answered in order, and shown to every client.

A message goes: channel (who is it, is it well formed) -> ``Hub.receive`` (stored, acknowledged) -> turns (in
order, once) -> Rasa -> ``Hub.post`` (stored) -> every channel's ``show``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import takewhile
from typing import Any, Protocol

import structlog
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    Restarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, Sanic
from sqlalchemy.orm import Session

from kefu.channels.messages import Inbound
from kefu.channels.news import News
from kefu.channels.output import ChannelOutput
from kefu.channels.protocol import neutralise
from kefu.channels.turns import Threads, Turns
from kefu.conversations.ledger import Entry, Ledger
from kefu.customers import proofs
from kefu.customers.answers import link_code_in
from kefu.db import engine, migrate
from kefu.handoff import service as handoffs
from kefu.language.detect import conversation_language, language_of

log = structlog.get_logger()

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

#: How often to look for what other processes have said, in seconds.
DUE_SECONDS = 0.25

#: Responses that say where the conversation stood, when a customer comes over from another channel.
REMINDERS = {"form": "utter_where_we_were_form", "ticket": "utter_where_we_were_ticket"}
REMINDER = "utter_where_we_were"
#: What was understood as one of these is nothing to be reminded of: a number, a code, a yes.
NO_MATTER = frozenset({"inform", "affirm", "deny", "link_account", "unlink_account"})


#: What is answered to a code that was scanned and is none.
LINK_REFUSED = "utter_link_code_bad"


class Unanswered(Exception):
    """Rasa had nothing to say to a message: something failed on the way."""


class Adapter(Protocol):
    """How a channel shows messages to its customers; each call must return soon and never fail a turn.

    Attributes:
        name: Of the channel, as in ``Sender.channel``.
        pushed: Whether its bubbles have to be pushed (``Message.delivery``); clients of others fetch what
            they have not seen.
    """

    name: str
    pushed: bool

    async def show(self, entry: Entry) -> None:
        """Shows a message that was just stored, on whatever channel it came or goes."""

    async def typing(self, entry: Entry, on: bool) -> None:
        """Says that the answer to ``entry`` is being worked on, or no longer."""

    async def turn_ended(self, entry: Entry) -> None:
        """Says that the answer to ``entry`` is complete."""


class Hub:
    """Has the messages of every channel answered.

    Args:
        ledger: Where messages are kept; ``None`` for that of the settings' database, which is then migrated.
        lease_seconds: How long after a server's death others wait before taking over its customers.
        turn_seconds: How long one answer may take before it is tried again.
    """

    def __init__(
        self, ledger: Ledger | None = None, lease_seconds: float = 15, turn_seconds: float = 45
    ) -> None:
        self._own_database = ledger is None
        self.ledger = ledger or Ledger()
        self.threads: Threads | None = None
        self.adapters: dict[str, Adapter] = {}
        self._handlers: dict[str, OnNewMessage] = {}
        self._turn_seconds = turn_seconds
        self._lease_seconds = lease_seconds
        self._app: Sanic | None = None
        self.turns: Turns | None = None
        self._running = 0
        self._listening: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._watch: asyncio.Future | None = None

    def join(self, adapter: Adapter, handle: OnNewMessage) -> None:
        """Adds a channel, before the server starts."""
        self.adapters[adapter.name] = adapter
        self._handlers[adapter.name] = handle
        if adapter.pushed:
            self.ledger.pushed.add(adapter.name)

    def prepare(self, app: Sanic) -> None:
        """Makes it ready to take messages; only the first channel's call does something."""
        self._running += 1
        if self._running > 1:
            return
        self._app = app
        if self._own_database:
            migrate()
        # SQLite takes one writer at a time: more threads would only wait for each other.
        sqlite = self._own_database and engine().dialect.name == "sqlite"
        self.threads = Threads(1 if sqlite else 8)
        self.turns = Turns(
            self.ledger,
            self.threads,
            answer=self._answer,
            give_up=self._give_up,
            ready=self._ready,
            lease_seconds=self._lease_seconds,
            ended=self._ended,
        )

    async def stop(self) -> None:
        """Ends running turns when the last channel stops."""
        self._running -= 1
        if self._running == 0:
            if self._watch:
                self._watch.cancel()
            await self.turns.stop()
            self.threads.close()

    def attend(self, blueprint: Blueprint) -> None:
        """Lets the hub live as long as the server that ``blueprint`` belongs to."""

        @blueprint.listener("before_server_start")
        async def prepare(app: Sanic, _loop: Any) -> None:
            self.prepare(app)

        @blueprint.listener("after_server_start")
        async def start(_app: Sanic, _loop: Any) -> None:
            self.turns.start()
            if self._watch is None:
                self._watch = asyncio.gather(*self._watchers())

        @blueprint.listener("before_server_stop")
        async def stop(_app: Sanic, _loop: Any) -> None:
            await self.stop()

    async def receive(self, inbound: Inbound) -> tuple[Entry, bool]:
        """Stores a message and has it answered; a repeated one is only given back.

        Returns:
            The message as stored, and whether it was new.
        """
        lease = self.turns.lease()
        entry, fresh = await self.threads(
            self.ledger.accept, inbound.sender, inbound.id, inbound.body, *(lease or ())
        )
        log.info(
            "message.received",
            channel=entry.channel,
            identity=entry.identity,
            conversation=entry.conversation,
            seq=entry.seq,
            fresh=fresh,
        )
        if fresh:
            await self._show(entry)
            self.turns.wake(entry.conversation, entry if entry.begun else None)
        return entry, fresh

    async def post(
        self, conversation: str, body: dict, reply_to: int | None = None, owner: str | None = None
    ) -> Entry:
        """Stores a bubble of the bot, then shows it.

        Args:
            conversation: Where it is said.
            body: What is said.
            reply_to: ``seq`` of the message it answers; ``None`` for a push, which goes where the customer
                spoke last.
            owner: Who must still hold the conversation's lease.

        Raises:
            LeaseLost: Another process answers this conversation now.
        """
        entry = await self.threads(self.ledger.record, conversation, body, reply_to, owner)
        await self._show(entry)
        return entry

    @contextmanager
    def listening(self, conversation: str) -> Iterator[Callable[[float], Awaitable[None]]]:
        """Lets the block wait, so many seconds at most, for what a conversation is shown since it began."""
        news = asyncio.Event()

        async def wait(seconds: float) -> None:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(news.wait(), seconds)

        self._listening[conversation].add(news)
        try:
            yield wait
        finally:
            self._listening[conversation].discard(news)
            if not self._listening[conversation]:
                del self._listening[conversation]

    async def conversation_of(self, identity: str) -> str:
        """The conversation in which an identity speaks now."""
        return await self.threads(self.ledger.conversation_of, identity)

    def push_output(self, channel: str) -> ChannelOutput | None:
        """For Rasa's own pushes outside a turn (external events, reminders); ``None`` before the start."""
        if self.turns is None:
            return None

        async def post(conversation: str, body: dict, _: int | None) -> None:
            await self.post(conversation, body)

        return ChannelOutput(post, channel)

    @property
    def agent(self) -> Any | None:
        """Rasa's agent; ``None`` where something else stands in for Rasa."""
        return getattr(self._app.ctx, "agent", None) if self._app else None

    def _watchers(self) -> list[Awaitable[None]]:
        watchers = [self._keep_showing()]
        if hasattr(self.agent, "nlg"):
            watchers.append(News(self.ledger, self._words, self._resume, self.threads).forever())
        return watchers

    async def show_due(self) -> None:
        """Shows what other processes have said (a colleague at the console)."""
        for entry in await self.threads(self.ledger.take_due):
            await self._show(entry)

    async def _keep_showing(self) -> None:
        while True:
            try:
                await self.show_due()
            except Exception as error:
                log.error("message.due.failed", error=type(error).__name__)
            await asyncio.sleep(DUE_SECONDS)

    def _ready(self) -> bool:
        """Rasa drops messages silently while no model is loaded; they wait in the ledger instead."""
        return self.agent is None or self.agent.is_ready()

    async def _show(self, entry: Entry) -> None:
        for news in self._listening.get(entry.conversation, ()):
            news.set()
        for adapter in self.adapters.values():
            try:
                await adapter.show(entry)
            except Exception as error:  # stored is stored: what could not be shown is fetched or sent later
                log.exception("message.not_shown", channel=adapter.name, error=type(error).__name__)

    async def _answer(self, entry: Entry, owner: str) -> str | None:
        """Has Rasa answer one message; gives the form that it leaves open."""
        if await self.threads(self._is_taken_over, entry):
            return None  # a colleague answers; the message is in the ledger, where they read it
        adapter = self.adapters.get(entry.channel)

        async def post(conversation: str, body: dict, reply_to: int | None) -> None:
            await self.post(conversation, body, reply_to, owner if reply_to is not None else None)

        if entry.restart:
            await self._restart(entry.conversation)
        elif entry.came_from is not None and entry.attempts == 1 and not entry.body.get("event"):
            await self._remind(entry, owner)
        output = ChannelOutput(post, entry.channel, reply_to=entry.seq)
        body = entry.body
        message = UserMessage(
            # Only payloads that the bot itself put under a button may be commands.
            body.get("payload") or neutralise(body["text"]),
            output,
            entry.conversation,
            input_channel=entry.channel,
            message_id=entry.client_id,
            metadata={
                "language": body["language"],
                "message_id": entry.client_id,
                "channel": entry.channel,
                "identity": entry.identity,
            },
        )
        if body.get("response"):
            return await self._respond(entry, output)
        if adapter:
            await adapter.typing(entry, True)
        try:
            handle = self._handlers.get(entry.channel) or next(iter(self._handlers.values()))
            await asyncio.wait_for(handle(message), self._turn_seconds)
            if not output.sent:
                await self._take_back(entry.conversation)
                raise Unanswered(entry.conversation)
        finally:
            output.end_turn()
            if adapter:
                await adapter.typing(entry, False)
        return self._open_form(entry.conversation)

    def _is_taken_over(self, entry: Entry) -> bool:
        """Whether a colleague has the conversation, and answers; notes that the customer has spoken to them.

        A code that links accounts, typed or scanned, is none of theirs: they see what the assistant answers.
        """
        with self.ledger.scope() as session:
            if not handoffs.is_taken_over(session, entry.conversation):
                return False
            if _links(session, entry):
                return False
            handoff = handoffs.current(session, entry.conversation)
            if handoff is not None:
                handoffs.spoke(session, handoff, "customer")
            return True

    async def _ended(self, entry: Entry) -> None:
        adapter = self.adapters.get(entry.channel)
        if adapter:
            await adapter.turn_ended(entry)

    async def _respond(self, entry: Entry, output: ChannelOutput) -> str | None:
        """Says the response that the channel asks for; Rasa's dialogue learns nothing of it."""
        tracker = await self._tracker(entry.conversation) or DialogueStateTracker(entry.conversation, [])
        said = await self.agent.nlg.generate(entry.body["response"], tracker, entry.channel)
        if said is None:
            raise Unanswered(entry.body["response"])
        await output.send_response(entry.conversation, said)
        return self._open_form(entry.conversation)

    def wording(self, response: str, channel: str, like: str = "") -> str:
        """The words of a response in the language of the text ``like``; empty where Rasa has none."""
        say = getattr(getattr(self.agent, "nlg", None), "generate_from_slots", None)
        said = say(response, {"language": language_of(like) or "zh"}, channel) if say else None
        return (said or {}).get("text", "")

    def _open_form(self, conversation: str) -> str | None:
        store = getattr(self.agent, "tracker_store", None)
        peek = getattr(store, "open_form", None)
        return peek(conversation) if peek else None

    async def _remind(self, entry: Entry, owner: str) -> None:
        """Says in a line where the conversation stood, to a customer who has come over to another channel."""
        tracker = await self._tracker(entry.conversation)
        if tracker is None or tracker.latest_message is None:
            return
        number = tracker.get_slot("ticket_number")
        form = tracker.active_loop_name
        if form == "link_form":  # a matter aside, which is not gone back to
            form = tracker.get_slot("suspended_form")
        kind = "form" if form else "ticket" if number else ""
        # What was said before a restart may have been somebody else's.
        present = takewhile(lambda event: not isinstance(event, Restarted), reversed(tracker.events))
        heard = (event for event in present if isinstance(event, UserUttered))
        texts = (event.text for event in heard if event.intent_name not in NO_MATTER)
        asked = next((text for text in texts if text and not text.startswith("/")), None)
        if not kind and asked is None:
            return
        facts = {"number": number, "asked": _short(asked or "")}
        said = await self.agent.nlg.generate(REMINDERS.get(kind, REMINDER), tracker, entry.channel, **facts)
        # No reply: a message whose only bubble is this one still needs its answer.
        await self.post(entry.conversation, {"text": said["text"], "aside": True}, None, owner)

    async def _words(self, customer: str, response: str, facts: dict[str, dict]) -> str:
        """Words a push in the customer's language; ``facts`` are by language."""
        conversation = await self.conversation_of(customer)
        tracker = await self._tracker(conversation) or DialogueStateTracker(conversation, [])
        texts = (event.text or "" for event in reversed(tracker.events) if isinstance(event, UserUttered))
        language = conversation_language(tracker.get_slot("language"), texts)
        channel = conversation.partition("-")[0]
        return (await self.agent.nlg.generate(response, tracker, channel, **facts[language]))["text"]

    async def _tracker(self, conversation: str) -> DialogueStateTracker | None:
        store = getattr(self.agent, "tracker_store", None)
        return await store.retrieve(conversation) if store else None

    async def _resume(self, conversation: str) -> None:
        """Lets the bot go on after a colleague: what it was asking is settled or told to them."""
        over = [SlotSet(slot, None) for slot in (REQUESTED_SLOT, "awaiting", "person")]
        await self._add(conversation, [ActiveLoop(None), *over, ActionExecuted(ACTION_LISTEN_NAME)])

    async def _restart(self, conversation: str) -> None:
        """Begins the dialogue afresh: what it remembers is no longer only this customer's."""
        await self._add(conversation, [Restarted(), ActionExecuted(ACTION_LISTEN_NAME)])
        # Not before: if the server dies here, its successor does it again.
        await self.threads(self.ledger.restarted, conversation)

    async def _take_back(self, conversation: str) -> None:
        """Takes the last message out of Rasa's dialogue, so that it can be tried again afresh.

        When an action fails (its server is away, its database locked), Rasa goes on without a word.
        """
        await self._add(conversation, [UserUtteranceReverted(), ActionExecuted(ACTION_LISTEN_NAME)])

    async def _add(self, conversation: str, events: list) -> None:
        agent = self.agent
        if agent is None or not hasattr(agent, "lock_store"):
            return
        async with agent.lock_store.lock(conversation):
            tracker = await agent.tracker_store.retrieve(conversation)
            if tracker is not None and tracker.latest_message is not None:
                tracker.update_with_events(events, agent.domain)
                await agent.tracker_store.save(tracker)

    async def _give_up(self, entry: Entry, owner: str) -> None:
        """Tells the customer honestly that this message could not be answered; each channel words it."""
        await self.post(entry.conversation, {"notice": "not_answered"}, entry.seq, owner)


@lru_cache(maxsize=1)
def shared_hub() -> Hub:
    """The hub of this process: all its channels meet there."""
    return Hub()


def _links(session: Session, entry: Entry) -> bool:
    """Whether a message is a code that links accounts: one that is good, or any that was scanned."""
    if entry.body.get("response") == LINK_REFUSED:
        return True
    code = link_code_in(entry.body["text"])
    return code is not None and (bool(entry.body.get("event")) or proofs.is_good_link_code(session, code))


def _short(text: str, longest: int = 20) -> str:
    return text if len(text) <= longest else text[:longest] + "…"
