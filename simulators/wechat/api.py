"""The platform's API, as far as the channel calls it."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import web

from simulators.wechat.platform import Platform

MAX_BYTES = 2048


def add_api(app: web.Application, platform: Platform) -> None:
    """Adds the API's routes to ``app``."""

    async def stable_token(request: web.Request) -> web.Response:
        wish = await request.json()
        account = platform.account
        if wish.get("appid") != account.appid:
            return _error(40013)
        if wish.get("secret") != account.secret:
            return _error(40125)
        if platform.faults.refusal:
            return _error(platform.faults.refusal)
        if platform.faults.down:
            return web.Response(status=502)
        now = time.time()
        if wish.get("force_refresh"):
            platform.tokens.clear()
        # The platform makes a new one five minutes early and takes both until then.
        good = [token for token, ends in platform.tokens.items() if ends > now + 300]
        platform.fetched += 1
        token = good[-1] if good else secrets.token_urlsafe(64)
        ends = platform.tokens.setdefault(token, now + platform.faults.token_seconds)
        return web.json_response({"access_token": token, "expires_in": int(ends - now)})

    def guarded(act: Any) -> Any:
        async def handle(request: web.Request) -> web.Response:
            await asyncio.sleep(platform.faults.api_seconds)
            if platform.faults.down:
                return web.Response(status=502)
            ends = platform.tokens.get(request.query.get("access_token", ""))
            if ends is None:
                return _error(40001)
            if ends < time.time():
                return _error(42001)
            try:
                wish = json.loads(await request.read() or b"{}")
            except ValueError:
                return _error(47001)
            return await act(request, wish)

        return handle

    async def send(request: web.Request, wish: dict[str, Any]) -> web.Response:
        follower = platform.followers.get(wish.get("touser"))
        if follower is None:
            return _error(40003)
        code = platform.faults.codes.pop(0) if platform.faults.codes else 0
        kind = wish.get("msgtype")
        content = wish.get(kind) or {}
        text = content.get("content") if kind == "text" else content.get("head_content")
        if kind not in ("text", "msgmenu"):
            code = code or 40008
        elif not text or len(text.encode()) > MAX_BYTES:
            code = code or 45002
        code = code or platform.allow(follower)
        if code:
            return _error(code)
        menu = content.get("list") if kind == "msgmenu" else None
        follower.see("account", kind, text=text, via="push", **({"menu": menu} if menu else {}))
        if platform.faults.drop:
            platform.faults.drop -= 1
            request.transport.close()
        return _error(0)

    async def typing(_: web.Request, wish: dict[str, Any]) -> web.Response:
        follower = platform.followers.get(wish.get("touser"))
        if follower is None:
            return _error(40003)
        if follower.typing_until > time.time():
            return _error(45081)
        follower.typing_until = time.time() + 15
        follower.tell()
        return _error(0)

    async def template(request: web.Request, wish: dict[str, Any]) -> web.Response:
        follower = platform.followers.get(wish.get("touser"))
        if follower is None or not follower.following:
            return _error(43004)
        values = [field.get("value", "") for field in (wish.get("data") or {}).values()]
        if not values or any(len(value) > 20 for value in values):
            return _error(47003)
        platform.templates.append(wish)
        follower.see("account", "template", text="\n".join(values), via="template")
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": len(platform.templates)})

    async def qrcode(request: web.Request, wish: dict[str, Any]) -> web.Response:
        scene = wish["action_info"]["scene"]["scene_str"]
        answer = {"ticket": secrets.token_urlsafe(32), "expire_seconds": wish.get("expire_seconds", 60)}
        return web.json_response({**answer, "url": f"http://{request.host}/?scan={scene}"})

    async def menu(_: web.Request, wish: dict[str, Any]) -> web.Response:
        platform.menu = wish["button"]
        return _error(0)

    async def addresses(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.json_response({"ip_list": ["127.0.0.1"]})

    app.router.add_post("/cgi-bin/stable_token", stable_token)
    for path, act in {
        "/cgi-bin/message/custom/send": send,
        "/cgi-bin/message/custom/typing": typing,
        "/cgi-bin/message/template/send": template,
        "/cgi-bin/message/subscribe/bizsend": template,
        "/cgi-bin/qrcode/create": qrcode,
        "/cgi-bin/menu/create": menu,
    }.items():
        app.router.add_post(path, guarded(act))
    app.router.add_get("/cgi-bin/getcallbackip", guarded(addresses))


def _error(code: int) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": "ok" if code == 0 else "simulated"})
