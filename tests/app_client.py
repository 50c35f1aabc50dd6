"""What a company's app does: log in, send until acknowledged, follow the events, resume, acknowledge.

`Phone` needs nothing but aiohttp and the addresses of docs/channels/app.md. `login` stands in for the
company's identity provider.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp
import jwt

SECRET = "a secret of the tests, long enough for HS256"
ISSUER = "https://login.example.com"
AUDIENCE = "kefu"
#: Under what a server takes this module's logins.
ENVIRON = {"KEFU_APP_SECRET": SECRET, "KEFU_APP_ISSUER": ISSUER, "KEFU_APP_AUDIENCE": AUDIENCE}


def login(account: str, seconds: float = 600, **claims: Any) -> str:
    """A login token of ``account``, as the company's identity provider gives it to the app."""
    now = time.time()
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": account, "iat": int(now), "exp": int(now + seconds)}
    return jwt.encode(told | claims, SECRET, algorithm="HS256")


class Phone:
    """A customer's app.

    Args:
        url: Of the server.
        token: The login.

    Attributes:
        shown: Messages as they arrived, by (thread, seq).
        events: Every event as it arrived: (kind, data).
        resent: How often a message was sent again because it was not acknowledged.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.shown: dict[tuple[str, int], dict] = {}
        self.events: list[tuple[str, dict]] = []
        self.resent = 0
        self.on_event: Callable[[str, dict], None] = lambda kind, data: None
        self._last_event: str | None = None
        self._http = aiohttp.ClientSession()
        self._following: asyncio.Task | None = None
        self._connected = asyncio.Event()

    async def __aenter__(self) -> Phone:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the app."""
        await self.pause()
        await self._http.close()

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, dict]:
        """Sends one request; gives its status and body."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        address = f"{self.url}/app/v1{path}"
        async with self._http.request(method, address, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    async def say(self, text: str | None = None, id: str | None = None, **more: Any) -> dict:
        """Sends a message until it is acknowledged, always under the same id."""
        body = {"id": id or str(uuid.uuid4()), "language": "zh", **more}
        if text is not None:
            body["text"] = text
        wait = 0.2
        while True:
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, ValueError):
                timeout = aiohttp.ClientTimeout(total=10)
                status, reply = await self.call("POST", "/messages", json=body, timeout=timeout)
                if status < 429:
                    return reply
                wait = reply["error"].get("retry_after", wait)
            self.resent += 1
            await asyncio.sleep(wait)
            wait = min(wait * 2, 2)

    async def seen(self, seq: int, state: str = "read", **more: Any) -> dict:
        """Says that messages up to ``seq`` are shown, or only have arrived."""
        return (await self.call("POST", "/seen", json={"seq": seq, "state": state, **more}))[1]

    async def follow(self) -> None:
        """Begins to receive events, from the last one on; comes back by itself when it is cut off."""
        self._connected.clear()
        self._following = asyncio.create_task(self._follow())
        await asyncio.wait_for(self._connected.wait(), 10)

    async def pause(self) -> None:
        """Receives no more events, as in a tunnel."""
        if self._following:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
            self._following = None

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        """Waits until ``condition`` holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not happen in time; the phone got {self.events[-20:]}")
            await asyncio.sleep(0.01)

    def messages(self, side: str) -> list[dict]:
        """What this phone shows of ``customer`` or ``bot``, in order of arrival."""
        return [message for message in self.shown.values() if message["from"] == side]

    def bot_texts(self) -> list[str]:
        """What the bot has said to this phone."""
        return [message.get("text") for message in self.messages("bot")]

    def told(self, kind: str) -> list[dict]:
        """The events of one kind."""
        return [data for name, data in self.events if name == kind]

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError):
                await self._read_events()
            await asyncio.sleep(0.2)

    async def _read_events(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
        if self._last_event:
            headers["Last-Event-ID"] = self._last_event
        timeout = aiohttp.ClientTimeout(total=None, sock_read=40)
        address = f"{self.url}/app/v1/events"
        async with self._http.get(address, headers=headers, timeout=timeout) as answer:
            if answer.status != 200:
                await asyncio.sleep(0.5)
                return
            fields: dict[str, str] = {}
            async for line in answer.content:
                self._connected.set()
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif fields:
                    self._take(fields)
                    fields = {}

    def _take(self, fields: dict[str, str]) -> None:
        if "event" not in fields:
            return
        data = json.loads(fields["data"])
        self.events.append((fields["event"], data))
        if fields["event"] == "message":
            self._last_event = fields["id"]
            key = data["thread"], data["seq"]
            assert key not in self.shown, "shown twice"
            self.shown[key] = data
        self.on_event(fields["event"], data)
