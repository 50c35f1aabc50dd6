"""Readies the action server before it takes a message: no customer waits while the catalog is built."""

from __future__ import annotations

import asyncio
import logging
import sys

import pluggy
from rasa_sdk.plugin import plugin_manager
from sanic import Sanic

from kefu.customers.speech import speech
from kefu.handoff.patience import patience
from kefu.knowledge.service import catalog
from kefu.knowledge.trust import decide
from kefu.recommendations.offers import offers
from kefu.tickets.routing import rules

logger = logging.getLogger(__name__)

hookimpl = pluggy.HookimplMarker("rasa_sdk")


@hookimpl
def attach_sanic_app_extensions(app: Sanic) -> None:
    """Rasa SDK calls this with its server before it starts it."""
    app.register_listener(_check_rules, "before_server_start")
    app.register_listener(_build_catalog, "before_server_start")


async def _check_rules(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
    """Ends the start where every turn would fail: the error names the file's line and field."""
    patience()
    rules()
    speech()
    offers()


async def _build_catalog(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
    try:
        await asyncio.to_thread(_answer_once)
    except Exception:  # the first question will try again, and its customer hear of it
        logger.exception("knowledge.warm_up.failure")


def _answer_once() -> None:
    """Builds the catalog, and asks it something: what judges questions is learned with the first one."""
    known = next(iter(catalog().graph.of_kind("faq")), None)
    if known:
        decide(catalog(), known.name, intent="ask_product_info")


if not plugin_manager().is_registered(sys.modules[__name__]):  # an import again, when actions are reloaded
    plugin_manager().register(sys.modules[__name__])
