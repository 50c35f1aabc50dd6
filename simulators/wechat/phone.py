"""The phone: a page to chat with the account, and what it asks of the platform."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.wechat.platform import Follower, Platform

PAGE = Path(__file__).with_name("page")
#: A small picture that the simulator has for everyone who "sends a photo".
PICTURE = "/page/photo.svg"


def add_phone(app: web.Application, platform: Platform) -> None:
    """Adds page and routes of the phone to ``app``."""

    async def index(_: web.Request) -> web.Response:
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-store"})

    async def look(request: web.Request) -> web.Response:
        """What is new on a phone; waits a while for it."""
        follower = platform.follower(_openid(request))
        after = int(request.query.get("after", 0))
        if len(follower.chat) <= after and "typing" not in request.query:
            try:
                await asyncio.wait_for(follower.changed.wait(), 20)
            except asyncio.TimeoutError:
                pass
        return web.json_response(_view(follower, after, platform))

    async def act(request: web.Request) -> web.Response:
        follower = platform.follower(_openid(request))
        wish = await request.json()
        acting = _acts(platform, follower, wish, f"http://{request.host}")
        if acting is None:
            raise web.HTTPBadRequest(text="what: no such act")
        task = asyncio.create_task(acting)
        app["acting"].add(task)
        task.add_done_callback(app["acting"].discard)
        return web.json_response({"ok": True})

    app["acting"] = set()
    app.router.add_get("/", index)
    app.router.add_static("/page", PAGE)
    app.router.add_get("/phone/{openid}", look)
    app.router.add_post("/phone/{openid}", act)


def _acts(
    platform: Platform, follower: Follower, wish: dict[str, Any], origin: str
) -> Awaitable[None] | None:
    """What someone does with the phone."""
    openid = follower.openid

    def text() -> Awaitable[None]:
        said = str(wish["text"])[:600]
        clicked = {"bizmsgmenuid": str(wish["menu"])} if wish.get("menu") else {}
        return platform.send(openid, "text", {"Content": said, **clicked}, {"text": said})

    def voice() -> Awaitable[None]:
        heard = str(wish.get("text") or "")[:600]
        fields = {"MediaId": "voice", "Format": "amr", **({"Recognition": heard} if heard else {})}
        return platform.send(openid, "voice", fields, {"text": heard})

    def image() -> Awaitable[None]:
        fields = {"PicUrl": origin + PICTURE, "MediaId": "image"}
        return platform.send(openid, "image", fields, {"text": "", "image": PICTURE})

    def location() -> Awaitable[None]:
        label = str(wish.get("text") or "杭州市余杭区云栖路 1 号")
        fields = {"Location_X": "30.12", "Location_Y": "120.08", "Scale": "16", "Label": label}
        return platform.send(openid, "location", fields, {"text": label})

    acts: dict[str, Callable[[], Awaitable[None]]] = {
        "text": text,
        "voice": voice,
        "image": image,
        "location": location,
        "follow": lambda: platform.follow(openid),
        "unfollow": lambda: platform.unfollow(openid),
        "scan": lambda: platform.scan(openid, str(wish["scene"])[:64]),
        "menu": lambda: platform.happen(openid, "CLICK", EventKey=str(wish["key"])[:128]),
    }
    chosen = acts.get(wish.get("what"))
    return chosen() if chosen else None


def _view(follower: Follower, after: int, platform: Platform) -> dict[str, Any]:
    return {
        "messages": follower.chat[after:],
        "typing": follower.typing_until > time.time(),
        "following": follower.following,
        "menu": platform.menu,
    }


def _openid(request: web.Request) -> str:
    openid = request.match_info["openid"]
    if not re.fullmatch(r"[0-9A-Za-z_-]{6,64}", openid):
        raise web.HTTPBadRequest(text="openid: 6 to 64 letters and digits")
    return openid
