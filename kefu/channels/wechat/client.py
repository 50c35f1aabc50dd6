"""WeChat's API, as far as the channel needs it: asynchronous, with one token, and errors by what to do next.

Return codes: https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import aiohttp
import structlog
from sqlalchemy.orm import Session

from kefu.channels.wechat.options import Account
from kefu.channels.wechat.tokens import Run, Tokens

log = structlog.get_logger()

TIMEOUT = aiohttp.ClientTimeout(total=5, sock_connect=3)

TOKEN_REFUSED = {40001, 40014, 42001}
ALREADY_TYPING = {45080, 45081}
#: The account is of a kind that may not send this, such as message menus.
NOT_FOR_ACCOUNT = {40200}


class ApiError(Exception):
    """A call failed.

        ApiError
        +-- NotSent       certainly nothing arrived: try again later
        |   +-- Limited   the account's calls of the day are used up (45009), or too fast (45011)
        +-- Unsure        it may have arrived or not
        +-- NoQuota       this customer must write first (45015: too long ago, 45047: too many already)
        +-- NotAllowed    the account may not push at all (48001: not verified, 48004: withdrawn)
        +-- Denied        WeChat refuses it for good

    Attributes:
        code: WeChat's ``errcode``; 0 if there was no answer.
    """

    def __init__(self, code: int = 0, message: str = "") -> None:
        super().__init__(f"{code} {message}".strip())
        self.code = code


class NotSent(ApiError):
    """See ``ApiError``."""


class Limited(NotSent):
    """See ``ApiError``."""


class Unsure(ApiError):
    """See ``ApiError``."""


class NoQuota(ApiError):
    """See ``ApiError``."""


class NotAllowed(ApiError):
    """See ``ApiError``."""


class Denied(ApiError):
    """See ``ApiError``."""


_ERRORS = {-1: NotSent, 45009: Limited, 45011: Limited, 45015: NoQuota, 45047: NoQuota}
_ERRORS |= {48001: NotAllowed, 48004: NotAllowed}


class WeChatApi:
    """Calls the API of one account.

    Args:
        account: The account.
        scope: Opens a session that commits at its end.
        threads: Runs blocking calls beside the event loop.
    """

    def __init__(
        self, account: Account, scope: Callable[[], AbstractContextManager[Session]], threads: Run
    ) -> None:
        self._account = account
        self._tokens = Tokens(account.appid, self.fetch_token, scope, threads)
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Closes the connections."""
        if self._http:
            await self._http.close()

    async def send_text(self, openid: str, text: str) -> None:
        """Sends a text as a customer-service message."""
        await self._custom(openid, "text", {"content": text})

    async def send_menu(self, openid: str, text: str, entries: list[tuple[str, str]]) -> None:
        """Sends a text with entries to click, each with its id."""
        listed = [{"id": id, "content": title} for id, title in entries]
        await self._custom(openid, "msgmenu", {"head_content": text, "list": listed, "tail_content": ""})

    async def typing(self, openid: str) -> None:
        """Shows the customer for 15 seconds that someone is writing; not possible is no error."""
        try:
            await self._post("/cgi-bin/message/custom/typing", {"touser": openid, "command": "Typing"})
        except ApiError as error:
            if error.code not in ALREADY_TYPING:
                log.info("wechat.typing.failed", code=error.code, error=type(error).__name__)

    async def send_template(
        self, openid: str, template: str, data: dict[str, str], subscribed: bool = False
    ) -> None:
        """Sends a template message, or one that the customer subscribed to."""
        path = "/cgi-bin/message/subscribe/bizsend" if subscribed else "/cgi-bin/message/template/send"
        fields = {name: {"value": value} for name, value in data.items()}
        await self._post(path, {"touser": openid, "template_id": template, "data": fields})

    async def create_qr(self, scene: str, seconds: int = 600) -> str:
        """The content of a QR code which, scanned in WeChat, sends us ``scene``.

        https://developers.weixin.qq.com/doc/offiaccount/Account_Management/Generating_a_Parametric_QR_Code.html
        """
        wish = {
            "expire_seconds": seconds,
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        return str((await self._post("/cgi-bin/qrcode/create", wish))["url"])

    async def callback_addresses(self) -> list[str]:
        """Addresses from which the platform calls back; asks the API something that changes nothing."""
        return (await self._post("/cgi-bin/getcallbackip", None)).get("ip_list", [])

    async def publish_menu(self, buttons: list[dict[str, str]]) -> None:
        """Makes ``buttons`` the account's menu."""
        await self._post("/cgi-bin/menu/create", {"button": buttons})

    async def fetch_token(self, force: bool = False) -> tuple[str, float]:
        """A token and for how many seconds it lasts; ``force`` voids the one before (20 times a day)."""
        wish = {
            "grant_type": "client_credential",
            "appid": self._account.appid,
            "secret": self._account.secret,
            "force_refresh": force,
        }
        try:
            answer = await self._request("/cgi-bin/stable_token", wish, {})
        except ApiError as error:  # nothing was to be sent yet
            raise NotSent(error.code, "no token") from None
        log.info("wechat.token.fetched", forced=force, seconds=answer.get("expires_in"))
        return str(answer["access_token"]), float(answer["expires_in"])

    async def _custom(self, openid: str, kind: str, content: dict[str, Any]) -> None:
        await self._post("/cgi-bin/message/custom/send", {"touser": openid, "msgtype": kind, kind: content})

    async def _post(self, path: str, payload: dict[str, Any] | None) -> dict[str, Any]:
        """Calls with the token; once more with a new one if it is refused."""
        token = await self._tokens.get()
        try:
            return await self._request(path, payload, {"access_token": token})
        except Denied as error:
            if error.code not in TOKEN_REFUSED:
                raise
        log.warning("wechat.token.refused", path=path)
        token = await self._tokens.get(refused=token)
        try:
            return await self._request(path, payload, {"access_token": token})
        except Denied as error:
            raise NotSent(error.code) if error.code in TOKEN_REFUSED else error from None

    async def _request(
        self, path: str, payload: dict[str, Any] | None, query: dict[str, str]
    ) -> dict[str, Any]:
        if self._http is None:
            # A connection that the platform closes while we write would leave us unsure: keep none for long.
            connector = aiohttp.TCPConnector(keepalive_timeout=5)
            self._http = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, trust_env=True)
        # The platform shows \\u escapes as they are.
        body = None if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        method = "GET" if body is None else "POST"
        try:
            async with self._http.request(
                method, self._account.api_url + path, params=query, data=body, allow_redirects=False
            ) as answer:
                if answer.status == 504:  # a proxy does not know, either
                    raise Unsure(message="HTTP 504")
                if answer.status >= 500:
                    raise NotSent(message=f"HTTP {answer.status}")
                answered = json.loads(await answer.text())
        # Of timeouts, those of connecting: TIMEOUT sets no `sock_read`, which would raise the same.
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError) as error:
            raise NotSent(message=type(error).__name__) from None
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise Unsure(message=type(error).__name__) from None
        code = answered.get("errcode", 0) if isinstance(answered, dict) else None
        if code != 0:
            raise _ERRORS.get(code, Denied)(code or 0, "")
        return answered
