"""The console's server: its routes, its page, and what runs beside them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from kefu.config import ROOT, settings
from kefu.console import (
    account_api,
    assignment_api,
    candidate_api,
    customer_api,
    desk_api,
    entry_api,
    knowledge_api,
    notification_api,
    privacy_api,
    refusals,
    socket,
    suggestions,
    supervisor_api,
    ticket_api,
    token_api,
    webhook_api,
)
from kefu.console.caretaker import Caretaker
from kefu.console.feed import Feed
from kefu.console.guard import allowed
from kefu.console.open import app as open_api
from kefu.console.ticket_feed import TicketFeed
from kefu.jobs.scheduler import Scheduler
from kefu.webhooks.sender import Sender

logger = logging.getLogger(__name__)

PAGE = ROOT / "web" / "dist" / "console"
NOT_BUILT = "The console's page is not built yet: run `npm ci && npm run build` in web/, then reload.\n"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create(page: Path = PAGE, warm: bool = True) -> FastAPI:
    """Makes the server.

    Args:
        page: The folder of the built page.
        warm: Whether the knowledge's index is built at the start, not at the first question.
    """
    feed = Feed()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seconds = settings().assign_seconds, settings().take_back_seconds
        caretaker = Caretaker(feed, *(timedelta(seconds=number) for number in seconds))
        working = (feed, TicketFeed(feed), caretaker, Sender(), Scheduler())
        tasks = [asyncio.create_task(worker.forever()) for worker in working]
        if warm:
            tasks.append(asyncio.create_task(_warm_up()))
        yield
        for desk in list(feed.desks):
            desk.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(title="Kefu console", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.feed = feed
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.middleware("http")(_with_headers)
    refusals.install(app)
    for module in (
        account_api, desk_api, customer_api, knowledge_api, entry_api, candidate_api,
        assignment_api, ticket_api, supervisor_api, notification_api, privacy_api, socket,
    ):  # fmt: skip
        app.include_router(module.router)
    app.include_router(token_api.router)
    app.include_router(webhook_api.routes(), prefix="/api", dependencies=[allowed("api")])
    app.mount(open_api.PATH, open_api.create())
    _serve(app, page)
    return app


async def _with_headers(request: Request, call_next) -> Response:
    answer = await call_next(request)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.url.path.startswith("/api"):
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer


async def _warm_up() -> None:
    # First the server listens: loading the encoder leaves other threads little time.
    await asyncio.sleep(1)
    try:
        await asyncio.to_thread(suggestions.warm_up)
    except Exception as error:  # without knowledge the console still serves
        logger.error("console.warm_up.failed: %s", type(error).__name__)


def _serve(app: FastAPI, page: Path) -> None:
    @app.get("/health", include_in_schema=False)
    def health() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        if not (page / "index.html").is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        return FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/assets", StaticFiles(directory=page / "assets", check_dir=False), name="assets")
