"""The customer's web page as a Rasa channel; `kefu.channels.web.WebChannel:` in credentials.yml.

A message goes: socket or HTTP -> desk (checked, stored, acknowledged) -> turns (in order, once) ->
Rasa -> web_output -> desk (stored, sent). docs/channels/web.md describes the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, UserUtteranceReverted
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic

from kefu.channels.desk import Desk
from kefu.channels.ledger import Entry, Ledger
from kefu.channels.limits import RateLimit
from kefu.channels.protocol import neutralise
from kefu.channels.session import Sessions
from kefu.channels.turns import Threads, Turns
from kefu.channels.web_output import WebOutput
from kefu.channels.web_page import Page
from kefu.channels.web_routes import add_routes
from kefu.channels.web_sockets import SocketBlueprint, add_events, socket_server
from kefu.config import ROOT, settings
from kefu.db import engine, migrate

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class Options:
    """What credentials.yml may set under ``kefu.channels.web.WebChannel``.

    Attributes:
        allowed_origins: Sites, besides this one, that may frame the page and open its socket.
        brand: The company's name in the page's heading, one for all or {zh: ..., en: ...}.
        session_days: How long a browser that stays away keeps its conversation.
        message_queue: redis:// address shared by several Rasa servers; ``None`` for one.
        page_dir: The built page.
        turn_seconds: How long one answer may take before it is tried again.
        lease_seconds: How long after a server's death others wait before taking over its customers.
    """

    allowed_origins: tuple[str, ...] | None = None
    brand: str | dict[str, str] | None = None
    session_days: float = 90
    message_queue: str | None = None
    page_dir: str = str(ROOT / "web" / "dist")
    turn_seconds: float = 45
    lease_seconds: float = 15


class Unanswered(Exception):
    """Rasa had nothing to say to a message: something failed on the way."""


class WebChannel(InputChannel):
    """The input channel of the web page.

    Args:
        options: As in credentials.yml.
        ledger: The ledger; tests give one on a database of their own.
    """

    @classmethod
    def name(cls) -> str:
        """Rasa's name of the channel, also for ``channel: web`` variants of responses."""
        return "web"

    def url_prefix(self) -> str:
        """An absolute path, so the page is at /chat/ and not below /webhooks/."""
        return "/chat"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Builds the channel from credentials.yml; an unknown key is an error that names it."""
        credentials = dict(credentials or {})
        unknown = set(credentials) - set(Options.__dataclass_fields__)
        if unknown:
            raise RasaException(
                f"credentials.yml: {', '.join(sorted(unknown))}: no such option of {cls.__name__}"
            )
        return cls(Options(**{key: value for key, value in credentials.items() if value not in (None, "")}))

    def __init__(self, options: Options = Options(), ledger: Ledger | None = None) -> None:
        self._options = options
        self._own_database = ledger is None
        self._ledger = ledger or Ledger()
        self._app: Sanic | None = None
        self._desk: Desk | None = None
        self._handle: OnNewMessage | None = None

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Builds page, HTTP routes and socket; answering begins when the server has started."""
        origins = self._options.allowed_origins
        origins = list(settings().allowed_origins if origins is None else origins)
        sessions = Sessions(settings().secret, days=self._options.session_days)
        sockets = socket_server(origins, self._options.message_queue)
        blueprint = SocketBlueprint(sockets, "web_chat", url_prefix=self.url_prefix())

        async def emit(conversation: str, event: str, data: dict) -> None:
            await sockets.emit(event, data, room=conversation)

        # SQLite takes one writer at a time: more threads would only wait for each other.
        sqlite = self._own_database and engine().dialect.name == "sqlite"
        threads = Threads(1 if sqlite else 8)
        desk = Desk(self._ledger, threads, RateLimit(), emit)
        desk.turns = Turns(
            self._ledger,
            threads,
            answer=self._answer,
            give_up=self._give_up,
            ready=self._ready,
            lease_seconds=self._options.lease_seconds,
        )
        self._desk, self._handle, self._emit = desk, on_new_message, emit
        add_events(sockets, desk, sessions)
        page = Page(Path(self._options.page_dir), origins)
        add_routes(blueprint, desk, sessions, page, self._options.brand)

        @blueprint.listener("before_server_start")
        async def prepare(app: Sanic, _loop: Any) -> None:
            self._app = app
            if self._own_database:
                migrate()

        @blueprint.listener("after_server_start")
        async def begin(_app: Sanic, _loop: Any) -> None:
            desk.turns.start()

        @blueprint.listener("before_server_stop")
        async def end(_app: Sanic, _loop: Any) -> None:
            await desk.turns.stop()
            threads.close()

        return blueprint

    def get_output_channel(self) -> OutputChannel | None:
        """Lets Rasa push outside a turn (external events, reminders): kept in the ledger, then sent."""
        if self._desk is None:
            return None
        return WebOutput(lambda conversation, body, _: self._desk.post(conversation, body, None, None))

    def _ready(self) -> bool:
        """Rasa drops messages silently while no model is loaded; they wait in the ledger instead."""
        agent = getattr(self._app.ctx, "agent", None) if self._app else None
        return agent is None or agent.is_ready()

    async def _answer(self, entry: Entry, owner: str) -> None:
        """Has Rasa answer one message."""

        async def post(conversation: str, body: dict, reply_to: int | None) -> None:
            await self._desk.post(conversation, body, reply_to, owner if reply_to is not None else None)

        output = WebOutput(post, reply_to=entry.seq)
        body = entry.body
        message = UserMessage(
            # Only payloads that the bot itself put under a button may be commands.
            body.get("payload") or neutralise(body["text"]),
            output,
            entry.conversation,
            input_channel=self.name(),
            message_id=entry.client_id,
            metadata={"language": body["language"], "message_id": entry.client_id, "channel": self.name()},
        )
        await self._emit(entry.conversation, "typing", {"on": True})
        try:
            await asyncio.wait_for(self._handle(message), self._options.turn_seconds)
            if not output.sent:
                await self._take_back(entry.conversation)
                raise Unanswered(entry.conversation)
        finally:
            output.end_turn()
            await self._emit(entry.conversation, "typing", {"on": False})

    async def _take_back(self, conversation: str) -> None:
        """Takes the last message out of Rasa's dialogue, so that it can be tried again afresh.

        When an action fails (its server is away, its database locked), Rasa goes on without a word.
        """
        agent = getattr(self._app.ctx, "agent", None) if self._app else None
        if agent is None:
            return
        async with agent.lock_store.lock(conversation):
            tracker = await agent.tracker_store.retrieve(conversation)
            if tracker is not None and tracker.latest_message is not None:
                taken_back = [UserUtteranceReverted(), ActionExecuted(ACTION_LISTEN_NAME)]
                tracker.update_with_events(taken_back, agent.domain)
                await agent.tracker_store.save(tracker)

    async def _give_up(self, entry: Entry, owner: str) -> None:
        """Tells the customer honestly that this message could not be answered; the page words it."""
        await self._desk.post(entry.conversation, {"notice": "not_answered"}, entry.seq, owner)
