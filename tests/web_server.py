"""A real server of the web channel with a stand-in for Rasa, and clients of it, for the tests.

Run as a program it serves a small scripted bot, to look at the page without a model:
`python -m tests.web_server PORT DATABASE`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from rasa.core.channels.channel import InputChannel, UserMessage, register
from sanic import Sanic
from sqlalchemy.orm import Session, sessionmaker

from kefu.channels.hub import Hub
from kefu.channels.web import Options, WebChannel
from kefu.conversations.ledger import Ledger
from kefu.db import Base, connect

Bot = Callable[[UserMessage], Awaitable[Any]]
Sanic.test_mode = True  # lets several servers follow each other in one process
_names = iter(range(10_000))

if not hasattr(aiohttp, "ClientWSTimeout"):  # engineio's client is newer than the aiohttp that Rasa pins
    aiohttp.ClientWSTimeout = lambda ws_receive=None, ws_close=None: ws_close


def ledger_on(path: Path) -> Ledger:
    """A ledger on an SQLite file, its tables created."""
    engine = connect(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    make = sessionmaker(engine, future=True, expire_on_commit=False)

    @contextmanager
    def scope() -> Iterator[Session]:
        with make() as session, session.begin():
            yield session

    return Ledger(scope)


def build_app(
    bot: Bot,
    database: Path,
    lease_seconds: float = 1.0,
    turn_seconds: float = 45,
    also: Sequence[Callable[[Hub], InputChannel]] = (),
    **options: Any,
) -> tuple[Sanic, WebChannel]:
    """A Sanic application that serves the web channel, and those that ``also`` makes; ``bot`` is its Rasa."""
    app = Sanic(f"web_test_{next(_names)}", configure_logging=False)
    hub = Hub(ledger_on(database), lease_seconds, turn_seconds)
    channel = WebChannel(Options(**options), hub)
    app.ctx.bot = bot
    register([channel, *(make(hub) for make in also)], app, "/webhooks/")
    return app, channel


class _Agent:
    """Has the one method of Rasa's agent that the channel's handler calls."""

    def __init__(self, bot: Bot) -> None:
        self.handle_message = bot
        self.loaded = True

    def is_ready(self) -> bool:
        return self.loaded


@asynccontextmanager
async def serving(bot: Bot, database: Path, **options: Any) -> AsyncIterator[tuple[str, WebChannel]]:
    """Serves ``bot`` on a free port; gives the base address and the channel."""
    app, channel = build_app(bot, database, **options)
    app.ctx.agent = _Agent(bot)
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    server = await app.create_server(sock=free, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        yield f"http://127.0.0.1:{free.getsockname()[1]}", channel
    finally:
        await server.before_stop()
        await server.close()
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()
        for task in asyncio.all_tasks():  # engineio's pings sleep on; a process that ends takes them along
            if "engineio" in task.get_coro().cr_code.co_filename:
                task.cancel()


class Page:
    """A customer's page over real socket.io: what it sent and what it was shown."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.shown: dict[int, dict] = {}
        self.typing: list[bool] = []

    @classmethod
    async def visit(cls, url: str, token: str | None = None) -> Page:
        """Opens the page as a new visitor, or with an old token."""
        async with aiohttp.ClientSession() as http:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with http.post(f"{url}/chat/session", headers=headers) as answer:
                token = (await answer.json())["token"]
        page = cls(url, token)
        await page.connect()
        return page

    async def connect(self, transports: tuple[str, ...] = ("websocket",)) -> None:
        """Connects with the token."""
        self.socket = socketio.AsyncClient(reconnection=False)
        self.socket.on("message", self._show)
        self.socket.on("typing", lambda data: self.typing.append(data["on"]))
        await self.socket.connect(
            self.url, socketio_path="/chat/socket.io", auth={"token": self.token}, transports=list(transports)
        )

    def _show(self, message: dict) -> None:
        assert message["seq"] not in self.shown, "shown twice"
        self.shown[message["seq"]] = message

    async def ask(self, event: str, **data: Any) -> dict:
        """Sends an event and returns the server's acknowledgement."""
        return await self.socket.call(event, data, timeout=10)

    async def say(self, text: str, id: str | None = None) -> dict:
        """Sends a typed message."""
        return await self.ask("message", id=id or str(uuid.uuid4()), text=text, language="zh")

    def bot_texts(self) -> list[str]:
        """What the bot has said to this page, in order."""
        return [m.get("text") for _, m in sorted(self.shown.items()) if m["from"] == "bot"]

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        """Waits until `condition` holds."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not happen in time; the page shows {list(self.shown.values())}")

    async def close(self) -> None:
        """Closes the page."""
        await self.socket.disconnect()


class EchoBot:
    """Answers `回声 1: text`, and remembers what it was asked."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked: list[UserMessage] = []
        self.seconds = seconds

    async def __call__(self, message: UserMessage) -> None:
        self.asked.append(message)
        await asyncio.sleep(self.seconds)
        await message.output_channel.send_response(message.sender_id, {"text": f"echo: {message.text}"})

    @property
    def texts(self) -> list[str]:
        """What it was asked, in order."""
        return [message.text for message in self.asked]


async def scripted_bot(message: UserMessage) -> None:
    """A few answers of every shape, to look at the page without a model."""
    send, sender = message.output_channel.send_response, message.sender_id
    await asyncio.sleep(0.6)
    if message.text == "/greet":
        buttons = [("查订单", "check_order"), ("产品故障", "report_fault"), ("预约上门", "book_appointment")]
        await send(
            sender,
            {
                "text": "您好,我是云栖智家的客服小云。\n可以直接描述您的问题,也可以从下面选一个。",
                "buttons": [{"title": title, "payload": f"/{intent}"} for title, intent in buttons],
            },
        )
    elif message.text == "/report_fault":
        steps = "请按下面的步骤试一试:\n\n1. 长按 **复位键** 10 秒,指示灯变红后松开\n2. 等 2 分钟\n"
        steps += "3. 重新打开「云栖智家」App 连接\n\n说明书:https://example.com/manuals/r3-pro?lang=zh。"
        await send(
            sender,
            {
                "text": steps + "\n\n问题解决了吗?",
                "buttons": [
                    {"title": "解决了", "payload": "/answer_helpful"},
                    {"title": "还没有", "payload": "/answer_unhelpful"},
                ],
            },
        )
    elif message.text == "/check_order":
        await send(
            sender,
            {
                "custom": {
                    "title": "订单 20261122-8841",
                    "text": "智能门锁 L3 · 1 件",
                    "fields": [
                        {"label": "状态", "value": "运输中"},
                        {"label": "预计送达", "value": "明天 18:00 前"},
                    ],
                    "buttons": [{"title": "查看物流", "payload": "/track_delivery"}],
                }
            },
        )
    elif "<" in message.text:
        await send(sender, {"text": f"收到:{message.text} <img src=x onerror=alert(1)> javascript:alert(1)"})
    else:
        await send(sender, {"text": f"收到:{message.text}"})


def main() -> None:
    """Serves the scripted bot until stopped."""
    port, database = int(sys.argv[1]), Path(sys.argv[2])
    app, _ = build_app(scripted_bot, database, brand={"zh": "云栖智家", "en": "Yunqi Home"})
    app.ctx.agent = _Agent(scripted_bot)
    app.run(host="127.0.0.1", port=port, access_log=False)


if __name__ == "__main__":
    main()
