"""A real server of the web channel and the app's, with a stand-in for Rasa."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kefu.channels.app import AppChannel, Options
from tests.app_client import AUDIENCE, ISSUER, SECRET
from tests.web_server import Bot, serving

OPTIONS = Options(issuer=ISSUER, audience=AUDIENCE, secret=SECRET)


@asynccontextmanager
async def serving_app(bot: Bot, database: Path, **options: Any) -> AsyncIterator[str]:
    """Serves ``bot`` on a free port; gives the base address."""
    also = [lambda hub: AppChannel(OPTIONS, hub)]
    async with serving(bot, database, also=also, **options) as (url, _):
        yield url
