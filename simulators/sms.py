"""A local SMS gateway, for people without one and for the tests: its page looks like a phone.

``KEFU_SMS_TOKEN=... python -m simulators.sms --port 5060`` listens on this machine only.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
from collections import deque
from datetime import datetime, timezone
from html import escape
from typing import Any

from aiohttp import web

#: What a real gateway keeps as approved texts.
TEMPLATES = {
    "verification_code": {
        "zh": "【云栖智家】验证码 {code}，{minutes} 分钟内有效。请勿告诉他人。",
        "en": "[Yunqi Home] Your code is {code}, valid for {minutes} minutes. Tell nobody.",
    }
}
_KEPT = 200
_INBOX = web.AppKey("inbox", deque)
_TOKEN = web.AppKey("token", str)
_PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<meta name="viewport" content="width=device-width"><title>短信模拟器</title>
<style>body{{font:16px system-ui;max-width:26em;margin:1em auto;background:#f2f2f7}}
article{{background:#fff;border-radius:1em;padding:.7em 1em;margin:.6em}}small{{color:#777}}</style>
<h1>短信</h1>{messages}</html>"""
_MESSAGE = "<article><small>{phone} · {at}</small><p>{text}</p></article>"
_EMPTY = "<p>还没有短信。在聊天里说“绑定手机号”，验证码会出现在这里。</p>"


class Refused(Exception):
    """A message that no gateway takes; names the field."""


def read(message: Any) -> dict[str, str]:
    """Checks what a client posts; gives what arrives on the phone."""
    if not isinstance(message, dict):
        raise Refused("message: must be an object")
    for name in ("id", "phone", "template"):
        if not isinstance(message.get(name), str) or not message[name]:
            raise Refused(f"{name}: must be a text")
    if not (message["phone"].startswith("+") and message["phone"][1:].isdigit()):
        raise Refused("phone: must be + and digits")
    texts = TEMPLATES.get(message["template"])
    if texts is None:
        raise Refused("template: is not known")
    try:
        text = texts["en" if message.get("language") == "en" else "zh"].format(**message.get("params") or {})
    except (KeyError, TypeError):
        raise Refused("params: do not fill the template") from None
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {"id": message["id"], "phone": message["phone"], "text": text, "at": at}


async def take(request: web.Request) -> web.Response:
    """``POST /messages``: delivers a message; the same id again is the same message."""
    expected = f"Bearer {request.app[_TOKEN]}" if request.app[_TOKEN] else ""
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
        return web.json_response({"error": "token: is wrong"}, status=401)
    try:
        message = read(await request.json())
    except (Refused, json.JSONDecodeError) as error:
        return web.json_response({"error": str(error)}, status=400)
    inbox = request.app[_INBOX]
    if all(known["id"] != message["id"] for known in inbox):
        inbox.append(message)
    return web.json_response({"id": message["id"]}, status=202)


async def show(request: web.Request) -> web.Response:
    """``GET /messages?phone=+86...``: what arrived, newest last."""
    phone = request.query.get("phone")
    found = [message for message in request.app[_INBOX] if phone in (None, message["phone"])]
    return web.json_response(found)


async def page(request: web.Request) -> web.Response:
    """``GET /``: the phone."""
    shown = "".join(
        _MESSAGE.format(**{name: escape(value) for name, value in message.items()})
        for message in reversed(request.app[_INBOX])
    )
    return web.Response(text=_PAGE.format(messages=shown or _EMPTY), content_type="text/html")


def application(token: str) -> web.Application:
    """The gateway, which takes messages from who knows ``token``."""
    app = web.Application(client_max_size=16 * 1024)
    app[_INBOX], app[_TOKEN] = deque(maxlen=_KEPT), token
    app.add_routes([web.get("/", page), web.get("/messages", show), web.post("/messages", take)])
    return app


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=5060)
    arguments = parser.parse_args()
    app = application(os.environ.get("KEFU_SMS_TOKEN", ""))
    web.run_app(app, host="127.0.0.1", port=arguments.port, print=None)


if __name__ == "__main__":
    main()
