"""A real server of the WeChat channel with a stand-in for Rasa, beside a local WeChat, for the tests.

Run as a program it serves a bot that echoes after a while:
`python -m tests.wechat_server PORT DATABASE API SECONDS`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import register
from rasa.shared.core.domain import Domain
from sanic import Sanic
from sqlalchemy import select

from kefu.channels.hub import Hub
from kefu.channels.wechat.channel import WeChatChannel
from kefu.channels.wechat.options import Account, Options
from kefu.config import ROOT
from kefu.conversations.models import Message
from kefu.events import Event
from kefu.nlu.responses import LanguageAwareResponses
from simulators.wechat import platform as simulated
from simulators.wechat.server import serving as serving_platform
from tests.web_server import Bot, EchoBot, ledger_on

SAFE = Account(
    appid="wx0123456789abcdef",
    secret="0123456789abcdef0123456789abcdef",
    token="callbackToken",
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
)
PLAIN = replace(SAFE, aes_key="")
_names = iter(range(10_000))


@lru_cache(maxsize=1)
def wording() -> LanguageAwareResponses:
    """What domain.yml says."""
    return LanguageAwareResponses(None, Domain.from_path(str(ROOT / "domain.yml")))


class FakeAgent:
    """Has of Rasa's agent what the channel uses."""

    def __init__(self, bot: Bot) -> None:
        self.handle_message = bot
        self.nlg = wording()

    def is_ready(self) -> bool:
        return True


@dataclass
class WeChat:
    """A local WeChat with the channel behind it.

    Attributes:
        platform: The simulator.
        hub: The server's hub.
        url: The server's address.
    """

    platform: simulated.Platform
    hub: Hub
    url: str

    async def say(self, text: str, openid: str = "oCustomer", **fields: Any) -> None:
        """The customer types; returns when the callback is over."""
        await self.platform.send(openid, "text", {"Content": text, **fields}, {"text": text})

    def said(self, openid: str = "oCustomer") -> list[str]:
        """What the account has said to the customer."""
        return self.platform.follower(openid).texts()

    def notes(self, openid: str = "oCustomer") -> list[str]:
        """What WeChat itself has told the customer."""
        return self.platform.follower(openid).texts("system")

    def via(self, openid: str = "oCustomer") -> list[str]:
        """How each answer came: by ``reply`` or ``push``."""
        chat = self.platform.follower(openid).chat
        return [bubble["via"] for bubble in chat if bubble["from"] == "account"]

    def alarms(self, kind: str = "wechat.") -> list[Event]:
        """Rows of the event log."""
        with self.hub.ledger.scope() as session:
            query = select(Event).where(Event.kind.startswith(kind)).order_by(Event.id)
            return list(session.execute(query).scalars())

    def rows(self, direction: str = "out") -> list[Message]:
        """The ledger's rows."""
        with self.hub.ledger.scope() as session:
            query = select(Message).where(Message.direction == direction).order_by(Message.seq)
            return list(session.execute(query).scalars())

    async def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        """Waits until ``condition`` holds."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not happen in time; the customer sees {self.said()} {self.notes()}")


@asynccontextmanager
async def server_of(
    bot: Bot, database: Path, account: Account, options: Options | None = None, lease_seconds: float = 1.0
) -> AsyncIterator[tuple[str, Hub]]:
    """Serves the channel alone on a free port."""
    app = Sanic(f"wechat_test_{next(_names)}", configure_logging=False)
    hub = Hub(ledger_on(database), lease_seconds)
    app.ctx.bot = bot
    register([WeChatChannel(options, account, hub)], app, "/webhooks/")
    app.ctx.agent = FakeAgent(bot)
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    server = await app.create_server(sock=free, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        yield f"http://127.0.0.1:{free.getsockname()[1]}", hub
    finally:
        await server.before_stop()
        await server.close()
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()


@asynccontextmanager
async def wechat(
    bot: Bot, folder: Path, account: Account = SAFE, options: Options | None = None, wait: float = 5.0
) -> AsyncIterator[WeChat]:
    """Serves ``bot`` behind a local WeChat."""
    platform = simulated.Platform(
        simulated.Account(account.appid, account.secret, account.token, account.aes_key), "", wait, pause=0.2
    )
    async with serving_platform(platform) as api:
        account = replace(account, api_url=api)
        async with server_of(bot, folder / "kefu.db", account, options) as (url, hub):
            platform.callback = f"{url}/wechat/callback"
            yield WeChat(platform, hub, url)


def main() -> None:
    """Serves an echoing bot until stopped."""
    port, database, api, seconds = sys.argv[1:]
    bot = EchoBot(float(seconds))
    app = Sanic("wechat_test", configure_logging=False)
    hub = Hub(ledger_on(Path(database)), lease_seconds=1.0)
    app.ctx.bot = bot
    register([WeChatChannel(Options(), replace(SAFE, api_url=api), hub)], app, "/webhooks/")
    app.ctx.agent = FakeAgent(bot)
    app.run(host="127.0.0.1", port=int(port), access_log=False)


if __name__ == "__main__":
    main()
