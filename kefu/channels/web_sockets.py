"""The web channel over socket.io: one room per visitor, so every open page sees the same."""

from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import urlsplit

from sanic import Blueprint, Sanic
from socketio import AsyncRedisManager, AsyncServer
from socketio.exceptions import ConnectionRefusedError

from kefu.channels.desk import Desk, reply_of
from kefu.channels.refusals import refuse
from kefu.channels.session import SessionError, Sessions

PATH = "/chat/socket.io"


class SocketBlueprint(Blueprint):
    """A blueprint that attaches a socket.io server when it is registered, as Rasa's own channel does."""

    def __init__(self, sockets: AsyncServer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ctx.sockets = sockets

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Registers the socket.io path beside the blueprint's routes."""
        self.ctx.sockets.attach(app, PATH)
        super().register(app, options)


def socket_server(allowed_origins: list[str], message_queue: str | None = None) -> AsyncServer:
    """A socket.io server for pages of this host and of ``allowed_origins``.

    ``message_queue`` (a redis:// address) lets several server processes reach each other's pages.
    """

    def allowed(origin: str | None, environ: dict[str, Any]) -> bool:
        if not origin:  # not a page of another site
            return True
        hosts = {environ.get("HTTP_HOST"), environ.get("HTTP_X_FORWARDED_HOST")}
        # Only the host is compared: behind a proxy that ends TLS the scheme differs.
        return origin in allowed_origins or urlsplit(origin).netloc in hosts

    return AsyncServer(
        async_mode="sanic",
        cors_allowed_origins=allowed,
        max_http_buffer_size=65_536,
        ping_interval=20,
        ping_timeout=15,
        client_manager=AsyncRedisManager(message_queue) if message_queue else None,
    )


def add_events(sockets: AsyncServer, desk: Desk, sessions: Sessions) -> None:
    """Adds every event of the channel to ``sockets``."""

    @sockets.on("connect")
    async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        try:
            sender = sessions.sender(auth.get("token") if isinstance(auth, dict) else None)
        except SessionError as error:
            refuse("web", error.code)
            raise ConnectionRefusedError(error.code, {"code": error.code}) from error
        await sockets.save_session(sid, {"sender": sender})
        entered = sockets.enter_room(sid, sender.id)
        if inspect.isawaitable(entered):  # from python-socketio 5.10 on
            await entered

    def serve(event: str, act: Any) -> None:
        async def handle(sid: str, data: Any = None, *_: Any) -> dict[str, Any]:
            sender = (await sockets.get_session(sid))["sender"]
            return await reply_of(sender.id, act(sender, {} if data is None else data))

        sockets.on(event, handle)

    serve("hello", desk.hello)
    serve("updates", desk.updates)
    serve("history", desk.history)
    serve("message", desk.say)
    serve("seen", desk.seen)
    serve("typing", desk.typing)
