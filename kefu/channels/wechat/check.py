"""``make check-wechat``: says what is wrong with the set-up of an official account, step by step.

``URL=https://.../wechat/callback`` also calls the server as WeChat would; ``ARGS=--publish-menu`` makes the
menu of credentials.yml the account's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from rasa.shared.exceptions import RasaException
from ruamel.yaml import YAML
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from kefu.channels.wechat.client import ApiError, WeChatApi
from kefu.channels.wechat.options import Account, Options
from kefu.channels.wechat.webhook import SELF_CHECK, SUCCESS
from kefu.config import ROOT
from kefu.db import migrate, session_scope

#: What WeChat's codes mean for who sets the account up.
CODES = {
    0: "WeChat's API did not answer: check the network, a proxy, and KEFU_WECHAT_API_URL.",
    40001: "WeChat refuses the AppSecret: copy it again into KEFU_WECHAT_SECRET.",
    40013: "WeChat does not know this AppID: check KEFU_WECHAT_APPID.",
    40125: "WeChat refuses the AppSecret: copy it again into KEFU_WECHAT_SECRET.",
    40164: "This machine's address is not on the account's IP whitelist: add it on the developer platform.",
    40243: "The AppSecret is frozen: unfreeze it on the developer platform.",
    41002: "KEFU_WECHAT_APPID is empty.",
    41004: "KEFU_WECHAT_SECRET is empty.",
    45009: "The account's calls of the day are used up: wait until tomorrow or clear them on the platform.",
    48001: "The account may not use this API: it needs verification (微信认证) on the platform.",
    50002: "The account is restricted: look at the notices on the platform.",
}
#: What the server's refusals mean.
REFUSALS = {
    "forged": "The server knows another Token: KEFU_WECHAT_TOKEN must be the same there and here.",
    "stale": "The server's clock and this one's differ by more than five minutes.",
    "not_encrypted": "The server expects safe mode, and there is no KEFU_WECHAT_AES_KEY here.",
    "encrypted_without_key": "The server has no KEFU_WECHAT_AES_KEY: set it there, or choose plain mode.",
    "wrong_appid": "The server runs with another KEFU_WECHAT_APPID.",
    "malformed": "The server could not decrypt: KEFU_WECHAT_AES_KEY differs there.",
}
CLOCK = 60


class Problem(Exception):
    """A step failed; the message is one sentence that says what to do."""


async def variables(_: WeChatApi, account: Account, __: str) -> str:
    """The account's variables are there and well-formed."""
    if not account.appid:
        raise Problem("KEFU_WECHAT_APPID is not set: see docs/channels/wechat.md.")
    problems = account.problems()
    if problems:
        raise Problem(" ".join(problems))
    return "safe mode" if account.aes_key else "plain mode; safe mode is better: set KEFU_WECHAT_AES_KEY"


async def clock(_: WeChatApi, account: Account, __: str) -> str:
    """This machine's clock agrees with WeChat's."""
    async with _session() as http, http.get(account.api_url, allow_redirects=False) as answer:
        told = answer.headers.get("Date")
    if told is None:
        return "WeChat told no time"
    apart = abs(parsedate_to_datetime(told).timestamp() - time.time())
    if apart > CLOCK:
        raise Problem(f"This machine's clock is {apart:.0f} s off: set it by NTP.")
    return f"{apart:.0f} s apart"


async def token(api: WeChatApi, _: Account, __: str) -> str:
    """WeChat gives a token for AppID and AppSecret."""
    _, seconds = await api.fetch_token()
    return f"lasts {seconds:.0f} s"


async def access(api: WeChatApi, _: Account, __: str) -> str:
    """The API can be used from here."""
    return f"callbacks come from {len(await api.callback_addresses())} addresses"


async def address(_: WeChatApi, account: Account, url: str) -> str:
    """The server answers when its address is entered on the platform."""
    word = secrets.token_hex(8)
    query = _signed(account, secrets.token_hex(4)) | {"echostr": word}
    status, answer = await _call("GET", url, query)
    if status != 200:
        raise Problem(_refusal(status, answer))
    if answer != word:
        raise Problem("Something else than this server answers at the address: check path and proxy.")
    query["signature"] = "0" * 40
    status, _ = await _call("GET", url, query)
    if status != 403:
        raise Problem("A forged signature is not refused: a proxy answers instead of the server.")
    return "answers, and refuses a forged signature"


async def callback(_: WeChatApi, account: Account, url: str) -> str:
    """The server understands a callback in this mode."""
    nonce = secrets.token_hex(4)
    query = _signed(account, nonce)
    xml = "<xml><ToUserName>gh_check</ToUserName><FromUserName>check</FromUserName>"
    xml += f"<CreateTime>{query['timestamp']}</CreateTime><MsgType>event</MsgType>"
    xml += f"<Event>{SELF_CHECK}</Event></xml>"
    if account.aes_key:
        crypto = WeChatCrypto(account.token, account.aes_key, account.appid)
        xml = crypto.encrypt_message(xml, nonce, query["timestamp"])
        sealed = xml.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        query |= {"encrypt_type": "aes", "msg_signature": sealed}
    started = time.monotonic()
    status, answer = await _call("POST", url, query, xml)
    took = time.monotonic() - started
    if status != 200:
        raise Problem(_refusal(status, answer))
    if answer != SUCCESS:
        raise Problem("The server answered something else than expected: check path and proxy.")
    if took > 1:
        raise Problem(
            f"The server took {took:.1f} s for nothing; WeChat waits 5 s: look at its load and proxy."
        )
    return f"{took * 1000:.0f} ms"


Step = Callable[[WeChatApi, Account, str], Awaitable[str]]


async def check(account: Account, url: str = "", say: Callable[[str], Any] = print) -> bool:
    """Goes through all steps until one fails; says what each found, and returns whether all is well."""

    async def threads(function: Callable, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, function, *args)

    steps: list[Step] = [variables, clock, token, access, *([address, callback] if url else [])]
    api = WeChatApi(account, session_scope, threads)
    try:
        for step in steps:
            try:
                found = await step(api, account, url)
            except Problem as problem:
                say(f"  problem  {step.__doc__} {problem}")
                return False
            except ApiError as error:
                say(f"  problem  {step.__doc__} {explain(error)}")
                return False
            except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                at = "The server can't be reached." if step in (address, callback) else CODES[0]
                say(f"  problem  {step.__doc__} {at} ({type(error).__name__})")
                return False
            say(f"  ok       {step.__doc__} ({found})")
        if not url:
            say("  skipped  The callback: give its address, URL=https://.../wechat/callback.")
        return True
    finally:
        await api.close()


def explain(error: ApiError) -> str:
    """What a code of WeChat's means."""
    return CODES.get(error.code, f"WeChat's code {error.code}: look it up in its list of return codes.")


async def publish_menu(account: Account) -> None:
    """Makes the menu of credentials.yml the account's."""
    credentials = YAML(typ="safe").load((ROOT / "credentials.yml").read_text(encoding="utf-8"))
    options = Options.of(credentials.get("kefu.channels.wechat.WeChatChannel"))

    async def threads(function: Callable, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, function, *args)

    api = WeChatApi(account, session_scope, threads)
    try:
        entries = options.menu.items()
        await api.publish_menu([{"type": "click", "name": e["title"], "key": key} for key, e in entries])
    finally:
        await api.close()


def _signed(account: Account, nonce: str) -> dict[str, str]:
    stamp, signer = str(int(time.time())), WeChatSigner()
    signer.add_data(account.token, stamp, nonce)
    return {"signature": signer.signature, "timestamp": stamp, "nonce": nonce}


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), trust_env=True)


async def _call(method: str, url: str, query: dict[str, str], body: str | None = None) -> tuple[int, str]:
    data = None if body is None else body.encode()
    async with _session() as http, http.request(method, url, params=query, data=data) as answer:
        return answer.status, await answer.text()


def _refusal(status: int, answer: str) -> str:
    known = next((meaning for code, meaning in REFUSALS.items() if f'"{code}"' in answer), None)
    if status == 404:
        return (
            "There is no callback at the address: is KEFU_WECHAT_APPID set at the server, is the path right?"
        )
    return known or f"The server answered with status {status}."


def main() -> int:
    """Checks; 0 if all is well."""
    parser = argparse.ArgumentParser(description="Checks the set-up of a WeChat official account.")
    parser.add_argument("--url", default=os.environ.get("URL", ""), help="https://.../wechat/callback")
    parser.add_argument(
        "--publish-menu", action="store_true", help="make credentials.yml's menu the account's"
    )
    wish = parser.parse_args()
    account = Account.read()
    migrate()
    try:
        if not asyncio.run(check(account, wish.url)):
            return 1
        if wish.publish_menu:
            asyncio.run(publish_menu(account))
            print("  done     The account's menu is that of credentials.yml.")
    except (ApiError, RasaException) as error:
        print(f"  problem  {explain(error) if isinstance(error, ApiError) else error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
