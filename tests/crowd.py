"""Fifty customers of three channels at once, who keep what was not acknowledged and send it again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from socketio.exceptions import SocketIOError

from simulators.wechat.platform import Platform
from tests.app_client import Phone, login
from tests.web_server import Page

_LOST = (SocketIOError, aiohttp.ClientError, asyncio.TimeoutError, OSError, KeyError, ValueError)


class OnPage:
    """A customer of the chat page: a socket, opened again when it is lost."""

    channel = "web"

    def __init__(self, url: str, number: int) -> None:
        self._url, self._page = url, None
        self.number = number

    async def say(self, texts: Sequence[str]) -> None:
        """Sends each message until it is acknowledged, in order."""
        await self._until_done(self._open)
        for text in texts:
            id = str(uuid.uuid4())
            await self._until_done(lambda text=text, id=id: self._say(text, id))

    async def shown(self) -> list[str]:
        """What the page shows of the bot, after catching up."""
        await self._until_done(self._open)
        caught_up = await self._ask("hello")
        return [message["text"] for message in caught_up["messages"] if message["from"] == "bot"]

    async def close(self) -> None:
        """Closes the page."""
        await self._page.close()

    async def _open(self) -> None:
        if self._page is None:
            self._page = await Page.visit(self._url)
        elif not self._page.socket.connected:
            await self._page.connect()

    async def _say(self, text: str, id: str) -> None:
        await self._open()
        assert (await self._ask("message", id=id, text=text))["ok"]

    async def _ask(self, event: str, **data: Any) -> dict:
        return await self._page.socket.call(event, data, timeout=3)

    @staticmethod
    async def _until_done(act: Callable) -> None:
        while True:
            with contextlib.suppress(*_LOST):
                return await act()
            await asyncio.sleep(0.3)


class OnPhone:
    """A customer of the company's app, whose events resume."""

    channel = "app"

    def __init__(self, url: str, number: int) -> None:
        self._phone = Phone(url, login(f"account-{number}"))
        self.number = number

    async def say(self, texts: Sequence[str]) -> None:
        """Sends each message until it is acknowledged, in order."""
        await self._phone.follow()
        for text in texts:
            assert (await self._phone.say(text))["ok"]

    async def shown(self) -> list[str]:
        """What the events have told of the bot; `Phone` refuses to be told twice."""
        stored = (await self._phone.call("GET", "/messages"))[1]["messages"]
        expected = len([message for message in stored if message["from"] == "bot"])
        await self._phone.until(lambda: len(self._phone.bot_texts()) == expected, 15)
        return self._phone.bot_texts()

    async def close(self) -> None:
        """Closes the app."""
        await self._phone.close()


class OnWeChat:
    """A follower of the official account: WeChat itself sends again."""

    channel = "wechat"

    def __init__(self, platform: Platform, number: int) -> None:
        self._platform, self._openid = platform, f"oFollower{number:03d}"
        self._sending: list[asyncio.Task] = []
        self.number = number

    async def say(self, texts: Sequence[str]) -> None:
        """Sends the messages one after the other, without waiting for answers."""
        for text in texts:
            sending = self._platform.send(self._openid, "text", {"Content": text}, {"text": text})
            self._sending.append(asyncio.create_task(sending))
            await asyncio.sleep(0.2)

    async def shown(self) -> list[str]:
        """What the chat shows of the account, once nothing the follower sent is under way."""
        await asyncio.gather(*self._sending)
        return self.arrived()

    def arrived(self) -> list[str]:
        """What the chat shows now; several bubbles may have come as one message."""
        return "\n\n".join(self._platform.follower(self._openid).texts()).split("\n\n")

    async def close(self) -> None:
        """Nothing is open."""


class Book:
    """The ledger's file, read from outside."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def counts(self) -> tuple[int, int]:
        """How many messages are stored, and how many of them answered."""
        query = "SELECT count(*), count(answered_at) FROM messages WHERE direction = 'in'"
        return self._read(query)[0] if self._path.exists() else (0, 0)

    def stored(self, channel: str) -> int:
        """How many messages of a channel are stored."""
        query = "SELECT count(*) FROM messages WHERE direction = 'in' AND channel = ?"
        return self._read(query, channel)[0][0]

    def given(self, channel: str) -> set[str]:
        """Texts that have been given to a platform to deliver, or are just being given."""
        query = "SELECT body FROM messages WHERE channel = ? AND delivery IN ('sent', 'sending')"
        return {json.loads(body)["text"] for (body,) in self._read(query, channel)}

    def to_deliver(self, channel: str) -> int:
        """How many bubbles have still to be given to a platform."""
        query = "SELECT count(*) FROM messages WHERE channel = ? AND delivery IN ('due', 'taken', 'sending')"
        return self._read(query, channel)[0][0]

    def answers(self) -> dict[str, list[tuple[int, int]]]:
        """By conversation, in order of the answers: (number of the message, number of its answer)."""
        query = "SELECT conversation_id, reply_to, seq FROM messages WHERE direction = 'out' ORDER BY seq"
        found = defaultdict(list)
        for conversation, reply_to, seq in self._read(query):
            found[conversation].append((reply_to, seq))
        return found

    def asked(self) -> dict[str, list[int]]:
        """By conversation, the numbers of the customer's messages."""
        query = "SELECT conversation_id, seq FROM messages WHERE direction = 'in' ORDER BY seq"
        found = defaultdict(list)
        for conversation, seq in self._read(query):
            found[conversation].append(seq)
        return found

    async def until(self, condition: Callable[[], Any], seconds: float) -> None:
        """Waits until ``condition`` holds."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(sqlite3.OperationalError):  # no tables yet
                if condition():
                    return
            assert time.monotonic() < deadline, f"stored, answered: {self.counts()}"
            await asyncio.sleep(0.05)

    def _read(self, query: str, *values: Any) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self._path, timeout=10)) as database:
            return database.execute(query, values).fetchall()
