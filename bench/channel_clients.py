"""Customers of each channel, who send a message and wait for its answer."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import aiohttp

from simulators.wechat.platform import Account, Platform
from tests.app_client import Phone, login
from tests.web_server import Page
from tests.wechat_server import SAFE

_ANSWER_SECONDS = 60


class Client:
    """A new customer of one channel.

    Attributes:
        name: Of the channel, in the table.
    """

    name = ""

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Client:
        self.http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.http.close()

    async def turn(self, text: str) -> float:
        """Sends ``text``; the seconds until its answer was there."""
        started = time.perf_counter()
        await asyncio.wait_for(self.say(text), _ANSWER_SECONDS)
        return time.perf_counter() - started

    async def say(self, text: str) -> None:
        """Sends ``text`` and returns when the answer is there."""
        raise NotImplementedError


class Plain(Client):
    """Rasa's own REST channel."""

    name = "Rasa's REST"

    async def __aenter__(self) -> Plain:
        await super().__aenter__()
        self.sender = uuid.uuid4().hex
        return self

    async def say(self, text: str) -> None:
        body = {"sender": self.sender, "message": text}
        async with self.http.post(f"{self.url}/webhooks/rest/webhook", json=body) as answer:
            assert len(await answer.json()) == 1, "not one bubble"


class WebSocket(Client):
    """The chat page over its socket."""

    name = "web, socket"

    async def __aenter__(self) -> WebSocket:
        await super().__aenter__()
        self.page = await Page.visit(self.url)
        self.answered = asyncio.Event()
        self.page.socket.on("message", self._show)
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.page.close()
        await super().__aexit__()

    def _show(self, message: dict) -> None:
        if message["from"] == "bot":
            self.answered.set()

    async def say(self, text: str) -> None:
        self.answered.clear()
        await self.page.say(text)
        await self.answered.wait()


class WebHttp(Client):
    """A client without a socket, which waits for the answer with its message."""

    name = "web, HTTP"

    async def __aenter__(self) -> WebHttp:
        await super().__aenter__()
        async with self.http.post(f"{self.url}/chat/session") as answer:
            token = (await answer.json())["token"]
        self.address = {"url": f"{self.url}/chat/messages", "headers": {"Authorization": f"Bearer {token}"}}
        return self

    async def say(self, text: str) -> None:
        body = {"id": str(uuid.uuid4()), "text": text, "language": "zh", "wait": 20}
        async with self.http.post(**self.address, json=body) as answer:
            assert (await answer.json())["messages"]


class App(Client):
    """The company's app: sent over HTTP, answered by an event."""

    name = "app"

    async def __aenter__(self) -> App:
        await super().__aenter__()
        self.phone = Phone(self.url, login(uuid.uuid4().hex))
        self.answered = asyncio.Event()
        self.phone.on_event = self._heard
        await self.phone.follow()
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.phone.close()
        await super().__aexit__()

    def _heard(self, kind: str, data: dict) -> None:
        if kind == "message" and data["from"] == "bot":
            self.answered.set()

    async def say(self, text: str) -> None:
        self.answered.clear()
        await self.phone.say(text)
        await self.answered.wait()


class WeChat(Client):
    """A follower of the official account: WeChat calls back in safe mode, and the answer comes with it.

    The turn is that call: what the platform does before and after it is no matter of ours.
    """

    name = "WeChat"

    async def __aenter__(self) -> WeChat:
        await super().__aenter__()
        account = Account(SAFE.appid, SAFE.secret, SAFE.token, SAFE.aes_key)
        self.platform = Platform(account, f"{self.url}/wechat/callback")
        self.openid = f"o{uuid.uuid4().hex}"
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.platform.close()
        await super().__aexit__()

    async def turn(self, text: str) -> float:
        await self.platform.send(self.openid, "text", {"Content": text}, {"text": text})
        call = self.platform.callbacks[-1]
        assert call["answer"].startswith("<xml>"), "not answered in the callback"
        return call["seconds"]


#: Rasa's own first: the others are compared with it.
CLIENTS = (Plain, WebSocket, WebHttp, App, WeChat)
