"""Where all channels of a server meet: messages are stored, answered in order, and shown to every client.

A message goes: channel (who is it, is it well formed) -> ``Hub.receive`` (stored, acknowledged) -> turns (in
order, once) -> Rasa -> the whole answer stored -> every channel's ``show``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Protocol

import structlog
from rasa.core.channels.channel import UserMessage
from sanic import Blueprint, Sanic
from sqlalchemy.orm import Session

from kefu.channels.dialogue import Dialogue
from kefu.channels.forgetting import Forgetting
from kefu.channels.messages import Inbound
from kefu.channels.news import News
from kefu.channels.notices import sender
from kefu.channels.output import ChannelOutput
from kefu.channels.protocol import neutralise
from kefu.channels.turns import Said, Threads, Turns
from kefu.conversations.ledger import Along, Entry, Ledger
from kefu.customers import proofs
from kefu.customers.answers import link_code_in
from kefu.customers.service import circle
from kefu.db import engine, migrate
from kefu.handoff import service as handoffs
from kefu.language.detect import language_of

log = structlog.get_logger()

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]
Listen = Callable[[float], Awaitable[list[Entry]]]

#: How often to look for what other processes have said, in seconds.
DUE_SECONDS = 0.25
#: Customers see that an answer is being written only if it takes longer, in seconds.
TYPING_AFTER = 0.2
#: A person who has written at something within this is writing.
PERSON_TYPES = timedelta(seconds=4)


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

    async def person_types(self, identity: str) -> None:
        """Says that a person is writing to the customer at this moment."""

    async def turn_ended(self, entry: Entry) -> None:
        """Says that the answer to ``entry`` is complete."""

    async def forgotten(self, identity: str) -> None:
        """Lets the clients of an identity know that nothing of it is kept any more."""

    def stored(self, entry: Entry, session: Session) -> None:
        """Does what belongs into the transaction that stores the answer to ``entry``; only if ``pushed``."""

    def may_push(self, session: Session, identity: str) -> bool:
        """Whether something that nobody asked for can be pushed now; only if ``pushed``."""


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
        self.ledger.has_person = _has_person
        self.dialogue = Dialogue(lambda: self.agent)
        self.threads: Threads | None = None
        self.adapters: dict[str, Adapter] = {}
        self._handlers: dict[str, OnNewMessage] = {}
        self._turn_seconds = turn_seconds
        self._lease_seconds = lease_seconds
        self._app: Sanic | None = None
        self.turns: Turns | None = None
        self._running = 0
        self._dots: dict[tuple[str, int], asyncio.Task] = {}
        self._listening: dict[str, list[tuple[list[Entry], asyncio.Event]]] = defaultdict(list)
        self._watch: asyncio.Future | None = None
        #: When a person was last seen writing, by conversation.
        self._typed: dict[str, datetime] = {}

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
            ready=lambda: self.dialogue.is_ready,
            lease_seconds=self._lease_seconds,
            ended=self._ended,
            during=self._typing,
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

    async def receive(self, inbound: Inbound, along: Along | None = None) -> tuple[Entry, bool]:
        """Stores a message and has it answered; a repeated one is only given back.

        Args:
            inbound: The message.
            along: Stores what the channel keeps with it (see ``Ledger.accept``).

        Returns:
            The message as stored, and whether it was new.
        """
        lease = self.turns.lease() or ("", 0)
        entry, fresh = await self.threads(
            self.ledger.accept, inbound.sender, inbound.id, inbound.body, *lease, along
        )
        if fresh:
            await self._show(entry)
            self.turns.wake(entry.conversation, entry if entry.begun else None)
        return entry, fresh

    async def post(self, conversation: str, body: dict, owner: str | None = None) -> None:
        """Stores a bubble of the bot that answers nothing, then shows it where the customer spoke last.

        Args:
            conversation: Where it is said.
            body: What is said.
            owner: Whose turn it is, who must still hold the conversation's lease.

        Raises:
            LeaseLost: Another process answers this conversation now.
        """
        await self._show(await self.threads(self.ledger.record, conversation, body, owner))

    @contextmanager
    def listening(self, identity: str) -> Iterator[Listen]:
        """Lets the block wait, so many seconds at most, for what a customer is shown since it began.

        It is given what came since it waited last. What other processes say may be missing: the numbers tell.
        """
        told: list[Entry] = []
        news = asyncio.Event()

        async def wait(seconds: float) -> list[Entry]:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(news.wait(), seconds)
            news.clear()
            new = told.copy()
            told.clear()
            return new

        self._listening[identity].append((told, news))
        try:
            yield wait
        finally:
            self._listening[identity].remove((told, news))
            if not self._listening[identity]:
                del self._listening[identity]

    async def conversation_of(self, identity: str) -> str:
        """The conversation in which an identity speaks now."""
        return await self.threads(self.ledger.conversation_of, identity)

    def push_output(self, channel: str) -> ChannelOutput | None:
        """For Rasa's own pushes outside a turn (external events, reminders); ``None`` before the start."""
        return ChannelOutput(self.post, channel) if self.turns else None

    @property
    def agent(self) -> Any | None:
        """Rasa's agent; ``None`` where something else stands in for Rasa."""
        return getattr(self._app.ctx, "agent", None) if self._app else None

    def _watchers(self) -> list[Awaitable[None]]:
        watchers = [self._keep_showing()]
        if self.dialogue.has_words:
            dialogue = self.dialogue
            news = News(self.ledger, self._words, dialogue.resume, dialogue.ask, self.threads)
            watchers += [news.forever(), sender(self).forever()]
        if self._own_database:
            watchers.append(Forgetting(self.threads, self.dialogue.alone, self._tell_forgotten).forever())
        return watchers

    async def _tell_forgotten(self, identity: str) -> None:
        for adapter in self.adapters.values():
            await adapter.forgotten(identity)

    async def show_due(self) -> None:
        """Shows what other processes have said (a colleague at the console)."""
        for entry in await self.threads(self.ledger.take_due):
            await self._show(entry)

    def writes(self, identity: str) -> None:
        """Notes for the person who talks with a customer that they are writing; what, nobody keeps."""
        with self.ledger.scope() as session:
            handoffs.types(session, identity, "customer")

    async def show_typing(self) -> None:
        """Shows customers that the person they talk with is writing."""
        found = await self.threads(self._typing_agents)
        for conversation, at, identities in found:
            if self._typed.get(conversation) == at:
                continue
            for adapter in self.adapters.values():
                for identity in identities:
                    await adapter.person_types(identity)
        self._typed = {conversation: at for conversation, at, _ in found}

    def _typing_agents(self) -> list[tuple[str, datetime, list[str]]]:
        with self.ledger.scope() as session:
            found = handoffs.typing_agents(session, PERSON_TYPES)
            return [(where, at, circle(session, where)) for where, at in found]

    async def _keep_showing(self) -> None:
        while True:
            try:
                await self.show_due()
                await self.show_typing()
            except Exception as error:
                log.error("message.due.failed", error=type(error).__name__)
            await asyncio.sleep(DUE_SECONDS)

    async def _show(self, *entries: Entry) -> None:
        for entry in entries:
            for identity in entry.audience:
                for told, news in self._listening.get(identity, ()):
                    told.append(entry)
                    news.set()
        for entry in entries:
            for adapter in self.adapters.values():
                try:
                    await adapter.show(entry)
                except (
                    Exception
                ) as error:  # stored is stored: what could not be shown is fetched or sent later
                    log.exception("message.not_shown", channel=adapter.name, error=type(error).__name__)

    async def _answer(self, entry: Entry, owner: str) -> Said:
        """Has Rasa answer one message."""
        if entry.by_person:
            return Said()  # the message is in the ledger, where they read it
        if entry.restart:
            await self.dialogue.restart(entry.conversation)
            # Not before: if the server dies here, its successor does it again.
            await self.threads(self.ledger.restarted, entry.conversation)
        elif entry.came_from is not None and entry.attempts == 1 and not entry.body.get("event"):
            await self._remind(entry, owner)
        output, form = ChannelOutput(self.post, entry.channel, turn=True), self.dialogue.open_form
        try:
            if entry.body.get("response"):
                await self._respond(entry, output)
                form = self.dialogue.kept_form
            elif entry.attempts > 1 and (said := await self._said_before(entry)):
                for response in said:
                    await output.send_response(entry.conversation, response)
                form = self.dialogue.kept_form
            else:
                await self._ask_rasa(entry, output)
        finally:
            output.end_turn()
            if dots := self._dots.pop((entry.conversation, entry.seq), None):
                dots.cancel()
        adapter = self.adapters.get(entry.channel)
        along = partial(adapter.stored, entry) if adapter and adapter.pushed else None
        return Said(output.said, await form(entry.conversation), along)

    async def _said_before(self, entry: Entry) -> list[dict]:
        return await self.dialogue.answer_to(entry.client_id, entry.conversation)

    async def _ask_rasa(self, entry: Entry, output: ChannelOutput) -> None:
        body = entry.body
        language, style = await self.threads(self.ledger.choices_of, entry.identity)
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
                "chosen": {"language": language, "style": style},
            },
        )
        handle = self._handlers.get(entry.channel) or next(iter(self._handlers.values()))
        await asyncio.wait_for(handle(message), self._turn_seconds)
        if not output.said:
            await self.dialogue.take_back(entry.conversation)
            raise Unanswered(entry.conversation)

    async def _respond(self, entry: Entry, output: ChannelOutput) -> None:
        """Says the response that the channel asks for; Rasa's dialogue learns nothing of it."""
        said = await self.dialogue.response(entry.conversation, entry.body["response"], entry.channel)
        if said is None:
            raise Unanswered(entry.body["response"])
        await output.send_response(entry.conversation, said)

    @asynccontextmanager
    async def _typing(self, entry: Entry) -> AsyncIterator[None]:
        """Shows while the block lasts that an answer is being written, if that takes a while."""
        adapter = None if entry.by_person else self.adapters.get(entry.channel)

        async def show() -> None:
            await asyncio.sleep(TYPING_AFTER)
            shown.append(True)
            await adapter.typing(entry, True)

        shown: list[bool] = []
        showing = asyncio.create_task(show()) if adapter else None
        if showing:
            self._dots[entry.conversation, entry.seq] = showing
        try:
            yield
        finally:
            if showing:
                showing.cancel()
                self._dots.pop((entry.conversation, entry.seq), None)
            if shown:
                await adapter.typing(entry, False)

    async def _ended(self, entry: Entry, answer: list[Entry]) -> None:
        await self._show(*answer)
        adapter = self.adapters.get(entry.channel)
        if adapter:
            await adapter.turn_ended(entry)
        log.info(
            "message.answered",
            channel=entry.channel,
            identity=entry.identity,
            conversation=entry.conversation,
            seq=entry.seq,
            attempt=entry.attempts,
            bubbles=len(answer),
        )

    async def _remind(self, entry: Entry, owner: str) -> None:
        """Says in a line where the conversation stood, to a customer who has come over to another channel."""
        text = await self.dialogue.reminder(entry)
        if text:
            await self.post(entry.conversation, {"text": text, "aside": True}, owner)

    async def _words(self, customer: str, response: str, facts: dict[str, dict]) -> dict[str, Any]:
        language, style = await self.threads(self.ledger.choices_of, customer)
        chosen = {"language": language, "style": style}
        return await self.dialogue.words(await self.conversation_of(customer), response, facts, chosen)

    def _give_up(self, entry: Entry) -> Said:
        """Tells the customer honestly that this message could not be answered; each channel words it."""
        language = language_of(entry.body["text"]) or entry.body["language"]
        return Said([{"notice": "not_answered", "language": language}])


def _has_person(session: Session, entry: Entry) -> bool:
    """Whether a colleague has the conversation, and answers; notes that the customer has spoken to them.

    A code that links accounts, typed or scanned, is none of theirs: they see what the assistant answers.
    """
    if not handoffs.is_taken_over(session, entry.conversation) or _links(session, entry):
        return False
    handoff = handoffs.current(session, entry.conversation)
    if handoff is not None:
        handoffs.spoke(session, handoff, "customer")
    return True


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
