"""The customer's web page as a Rasa channel; `kefu.channels.web.WebChannel:` in credentials.yml.

A message goes: socket or HTTP -> desk (checked) -> hub (stored, acknowledged, answered in order, once) ->
every open page. docs/channels/web.md describes the wire.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint

from kefu.channels.desk import Desk, receipt, view
from kefu.channels.hub import Hub, shared_hub
from kefu.channels.own_data import OwnData
from kefu.channels.session import Sessions
from kefu.channels.web_page import Page
from kefu.channels.web_routes import add_routes
from kefu.channels.web_sockets import SocketBlueprint, add_events, socket_server
from kefu.channels.wishes import Wishes
from kefu.config import ROOT, settings
from kefu.conversations.ledger import Entry

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
    """

    allowed_origins: tuple[str, ...] | None = None
    brand: str | dict[str, str] | None = None
    session_days: float = 90
    message_queue: str | None = None
    page_dir: str = str(ROOT / "web" / "dist")


class WebPages:
    """The hub's view of this channel: sends to every open page of the customer.

    Args:
        sockets: The socket.io server; a visitor's pages are in the room of their identity.
    """

    name, pushed = "web", False

    def __init__(self, sockets: Any) -> None:
        self._sockets = sockets

    async def show(self, entry: Entry) -> None:
        """Sends the message to the customer's pages, whatever channel it is of."""
        for identity in entry.audience:
            if identity.startswith("web-"):
                await self._sockets.emit("message", view(entry), room=identity)

    async def typing(self, entry: Entry, on: bool) -> None:
        """Shows or hides the dots, and that the message is being worked on."""
        await self._sockets.emit("typing", {"on": on}, room=entry.identity)
        if on:
            await self._sockets.emit("receipt", receipt(entry, "processing"), room=entry.identity)

    async def forgotten(self, identity: str) -> None:
        """Lets the visitor's pages drop what they have."""
        await self._sockets.emit("forgotten", {}, room=identity)

    async def person_types(self, identity: str) -> None:
        """Shows the dots for a moment."""
        if identity.startswith("web-"):
            await self._sockets.emit("typing", {"on": True, "person": True}, room=identity)

    async def turn_ended(self, entry: Entry) -> None:
        """Says that the message was dealt with."""
        await self._sockets.emit("receipt", receipt(entry, "answered"), room=entry.identity)


class WebChannel(InputChannel):
    """The input channel of the web page.

    Args:
        options: As in credentials.yml.
        hub: Where the channels meet; tests give one on a database of their own.
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

    def __init__(self, options: Options = Options(), hub: Hub | None = None) -> None:
        self._options = options
        self._hub = hub or shared_hub()

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Builds page, HTTP routes and socket; answering begins when the server has started."""
        origins = self._options.allowed_origins
        origins = list(settings().allowed_origins if origins is None else origins)
        sessions = Sessions(settings().secret, days=self._options.session_days)
        sockets = socket_server(origins, self._options.message_queue)
        blueprint = SocketBlueprint(sockets, "web_chat", url_prefix=self.url_prefix())
        self._hub.join(WebPages(sockets), on_new_message)
        desk = Desk(self._hub)
        add_events(sockets, desk, sessions)
        page = Page(Path(self._options.page_dir), origins)
        own, wishes = OwnData(self._hub), Wishes(self._hub)
        add_routes(blueprint, desk, wishes, own, sessions, page, self._options.brand)
        self._hub.attend(blueprint)
        return blueprint

    def get_output_channel(self) -> OutputChannel | None:
        """Lets Rasa push outside a turn (external events, reminders): kept in the ledger, then sent."""
        return self._hub.push_output(self.name())
