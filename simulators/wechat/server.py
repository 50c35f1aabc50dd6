"""Serves the simulator; also within the tests' own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from simulators.wechat.api import add_api
from simulators.wechat.phone import add_phone
from simulators.wechat.platform import Platform


def build(platform: Platform) -> web.Application:
    """The application: API, page, and a health check."""
    app = web.Application()

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def close(_: web.Application) -> None:
        await platform.close()

    add_api(app, platform)
    add_phone(app, platform)
    app.router.add_get("/health", health)
    app.on_cleanup.append(close)
    return app


@asynccontextmanager
async def serving(platform: Platform, port: int = 0) -> AsyncIterator[str]:
    """Serves on this machine only; gives the address."""
    runner = web.AppRunner(build(platform), access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
