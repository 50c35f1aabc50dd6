"""The platform: followers, their chats, and what it allows an account to send.

Callbacks: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html
Quota: https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import xmltodict
from wechatpy.crypto import WeChatCrypto

#: How long the platform waits for an answer, and how often it calls.
WAIT, TRIES = 5.0, 3
GRANTS = {"message": (5, 48 * 3600), "event": (3, 60)}
GRANTING = {"subscribe", "SCAN", "CLICK"}
BROKEN = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(frozen=True)
class Account:
    """The account, as its owner has set it up; the names of the variables are those of the channel."""

    appid: str
    secret: str
    token: str
    aes_key: str = ""
    original_id: str = "gh_0123456789ab"

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Account:
        names = ("APPID", "SECRET", "TOKEN")
        return cls(
            *(environ[f"KEFU_WECHAT_{name}"] for name in names), environ.get("KEFU_WECHAT_AES_KEY", "")
        )


@dataclass
class Follower:
    """Someone with a phone: what they see of the account."""

    openid: str
    following: bool = True
    chat: list[dict[str, Any]] = field(default_factory=list)
    typing_until: float = 0
    granted: dict[str, list[float]] = field(default_factory=dict)  # source: messages left, until
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def see(self, who: str, kind: str, **shown: Any) -> None:
        """Adds a bubble: ``who`` is me, account or system."""
        self.chat.append({"n": len(self.chat) + 1, "from": who, "kind": kind, "at": time.time(), **shown})
        if who == "account":
            self.typing_until = 0
        self.tell()

    def tell(self) -> None:
        """Wakes pages that wait."""
        self.changed.set()
        self.changed = asyncio.Event()

    def texts(self, who: str = "account") -> list[str]:
        """What was said by ``who``, in order."""
        return [bubble["text"] for bubble in self.chat if bubble["from"] == who]


@dataclass
class Faults:
    """What goes wrong, for tests.

    Attributes:
        answers_lost: How many answers to callbacks do not reach the platform.
        codes: Error codes of the next calls of the API for sending, in order; 0 is none.
        drop: How many calls for sending are cut without an answer, after the message went out.
        down: The API answers 502.
        token_seconds: How long new tokens last.
        api_seconds: How long the API takes.
        refusal: Error code with which every token is refused; 0 is none.
    """

    answers_lost: int = 0
    codes: list[int] = field(default_factory=list)
    drop: int = 0
    down: bool = False
    token_seconds: float = 7200
    api_seconds: float = 0
    refusal: int = 0


class Platform:
    """WeChat, for one account.

    Args:
        account: The account.
        callback: The address that it has entered.
        wait: Seconds that a callback is waited for.
        pause: Seconds from try to try at least; ``None`` for ``wait``, as if each try took that long.
        menu: Entries of its menu: ``{"type", "name", "key" | "url"}``.
    """

    def __init__(
        self,
        account: Account,
        callback: str,
        wait: float = WAIT,
        menu: list[dict] | None = None,
        pause: float | None = None,
    ) -> None:
        self.account, self.callback, self.wait = account, callback, wait
        self.pause = wait if pause is None else pause
        self.menu = menu or []
        self.followers: dict[str, Follower] = {}
        self.faults = Faults()
        self.tokens: dict[str, float] = {}
        self.fetched = 0
        self.callbacks: list[dict[str, Any]] = []
        self.templates: list[dict[str, Any]] = []
        self._numbers = itertools.count(int(time.time() * 1000) * 1000)
        self._crypto = (
            WeChatCrypto(account.token, account.aes_key, account.appid) if account.aes_key else None
        )
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._http:
            await self._http.close()

    def follower(self, openid: str | None = None) -> Follower:
        """A follower, new if there is none of this openid."""
        openid = openid or f"o{secrets.token_hex(13)}"
        return self.followers.setdefault(openid, Follower(openid))

    async def send(self, openid: str, kind: str, fields: dict[str, Any], shown: dict[str, Any]) -> None:
        """Someone sends a message; ``shown`` is how their own phone shows it."""
        follower = self.follower(openid)
        follower.see("me", kind, **shown)
        self._grant(follower, "event" if "bizmsgmenuid" in fields else "message")
        await self._call(follower, {"MsgType": kind, **fields, "MsgId": next(self._numbers)})

    async def happen(self, openid: str, event: str, **fields: Any) -> None:
        """Someone does what sends an event."""
        follower = self.follower(openid)
        if event in GRANTING:
            self._grant(follower, "event")
        await self._call(follower, {"MsgType": "event", "Event": event, **fields})

    async def follow(self, openid: str, scene: str = "") -> None:
        """Someone follows the account, perhaps by scanning."""
        self.follower(openid).following = True
        self.follower(openid).see("system", "note", text="已关注")
        await self.happen(openid, "subscribe", EventKey=f"qrscene_{scene}" if scene else "")

    async def unfollow(self, openid: str) -> None:
        """Someone turns away."""
        self.follower(openid).following = False
        self.follower(openid).see("system", "note", text="已取消关注")
        await self.happen(openid, "unsubscribe", EventKey="")

    async def scan(self, openid: str, scene: str) -> None:
        """Someone scans a code of the account."""
        follower = self.follower(openid)
        if not follower.following:
            return await self.follow(openid, scene)
        follower.see("system", "note", text="已扫描二维码")
        await self.happen(openid, "SCAN", EventKey=scene, Ticket="simulated")

    def allow(self, follower: Follower) -> int:
        """Counts a message of the account to a follower; gives the error code."""
        now = time.time()
        running = [granted for granted in follower.granted.values() if granted[1] > now]
        if not follower.following:
            return 43004
        if not running:
            return 45015
        if max(granted[0] for granted in running) < 1:
            return 45047
        for granted in running:
            granted[0] = max(0, granted[0] - 1)
        return 0

    def _grant(self, follower: Follower, source: str) -> None:
        count, seconds = GRANTS[source]
        follower.granted[source] = [count, time.time() + seconds]

    def signed(self, xml: str) -> tuple[dict[str, str], str]:
        """The query and body of a callback with ``xml``."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(6)
        query = {"signature": self._sign(stamp, nonce), "timestamp": stamp, "nonce": nonce}
        if self._crypto is None:
            return query, xml
        sealed = xmltodict.parse(self._crypto.encrypt_message(xml, nonce, stamp))["xml"]
        body = f"<xml><ToUserName><![CDATA[{self.account.original_id}]]></ToUserName>"
        body += f"<Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>"
        return {**query, "encrypt_type": "aes", "msg_signature": sealed["MsgSignature"]}, body

    def _sign(self, *parts: str) -> str:
        return hashlib.sha1("".join(sorted([self.account.token, *parts])).encode()).hexdigest()

    def xml(self, openid: str, fields: dict[str, Any]) -> str:
        """A callback's XML."""
        head = {
            "ToUserName": self.account.original_id,
            "FromUserName": openid,
            "CreateTime": int(time.time()),
        }
        lines = [f"<{name}>{_value(value)}</{name}>" for name, value in {**head, **fields}.items()]
        return f"<xml>{''.join(lines)}</xml>"

    async def _call(self, follower: Follower, fields: dict[str, Any]) -> None:
        """Calls the account's server, up to three times, and shows what it answers."""
        xml = self.xml(follower.openid, fields)
        for attempt in range(1, TRIES + 1):
            query, body = self.signed(xml)
            started = time.monotonic()
            status, answer = await self._post(query, body)
            call = {"id": fields.get("MsgId"), "event": fields.get("Event"), "try": attempt}
            call |= {"status": status, "seconds": time.monotonic() - started, "answer": answer}
            if status == 200 and self.faults.answers_lost:
                self.faults.answers_lost -= 1
                status = 0
            self.callbacks.append(call)
            if status == 200:
                return self._show(follower, answer)
            if attempt < TRIES:
                await asyncio.sleep(max(0.0, self.pause - call["seconds"]))
        follower.see("system", "note", text=BROKEN)

    async def _post(self, query: dict[str, str], body: str) -> tuple[int, str]:
        self._http = self._http or aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=self.wait)
        try:
            async with self._http.post(
                self.callback, params=query, data=body.encode(), timeout=timeout
            ) as answer:
                return answer.status, await answer.text()
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return 0, ""

    def _show(self, follower: Follower, answer: str) -> None:
        if answer in ("", "success"):
            return
        try:
            fields = xmltodict.parse(answer)["xml"]
            if self._crypto is not None:
                signed = fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"]
                fields = xmltodict.parse(self._crypto.decrypt_message(answer, *signed))["xml"]
            assert fields["ToUserName"] == follower.openid and fields["MsgType"] == "text"
            follower.see("account", "text", text=fields["Content"], via="reply")
        except Exception:  # the platform, too, only says that something is wrong
            follower.see("system", "note", text=BROKEN)


def _value(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, int)
        else "<![CDATA[" + str(value).replace("]]>", "]]]]><![CDATA[>") + "]]>"
    )
