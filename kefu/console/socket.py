"""The one socket of an operator's page: what changes is pushed; the page says what it watches."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from kefu.console.accounts import Me
from kefu.console.feed import Desk, Feed
from kefu.console.guard import same_origin, sender
from kefu.console.permissions import may
from kefu.console.reach import circle
from kefu.console.refusals import Refusal
from kefu.db import session_scope
from kefu.handoff import service as handoffs

logger = logging.getLogger(__name__)
router = APIRouter()

#: A page says that it is alive three times within this.
_ALIVE_SECONDS = 30
_MAX_TEXT = 1000
#: Who writes on says so this often at most.
_TYPING_SECONDS = 2
LOGGED_OUT, FORBIDDEN = 4401, 4403


@router.websocket("/api/live")
async def live(socket: WebSocket) -> None:
    """Serves one page until it is closed or says nothing for long."""
    me = await asyncio.to_thread(sender, socket)
    if me is None or not same_origin(socket):
        return await socket.close(LOGGED_OUT)
    if me.must_change or not may(me.role, "desk"):
        return await socket.close(FORBIDDEN)
    await socket.accept()
    feed: Feed = socket.app.state.feed
    desk = Desk(me)
    await feed.join(desk)
    sending = asyncio.create_task(_send(socket, desk))
    try:
        await _listen(socket, feed, desk)
    except (WebSocketDisconnect, asyncio.TimeoutError):
        pass
    finally:
        feed.leave(desk)
        sending.cancel()
        with suppress(Exception):
            await socket.close()


async def _send(socket: WebSocket, desk: Desk) -> None:
    while (frame := await desk.outbox.get()) is not None:
        await socket.send_text(frame)
    await socket.close(LOGGED_OUT)


async def _listen(socket: WebSocket, feed: Feed, desk: Desk) -> None:
    told_at = 0.0
    while True:
        text = await asyncio.wait_for(socket.receive_text(), _ALIVE_SECONDS)
        try:
            data = json.loads(text) if len(text) <= _MAX_TEXT else None
        except ValueError:
            data = None
        if not isinstance(data, dict):
            continue  # what it sent still says that it is alive
        if isinstance(data.get("watch"), str):
            if await asyncio.to_thread(_may_see, desk.me, data["watch"]):
                desk.watched = {data["watch"]}
                desk.put([json.dumps({"type": "watching", "conversation": data["watch"]})])
        elif "watch" in data:
            desk.watched = set()
        row = feed.rows.get(data["typing"]) if isinstance(data.get("typing"), int) else None
        if row and row.state == "human" and row.agent_id == desk.me.agent_id:
            now = time.monotonic()
            if now - told_at >= _TYPING_SECONDS:
                told_at = now
                await asyncio.to_thread(_types, row.conversation)


def _types(conversation: str) -> None:
    with session_scope() as session:
        handoffs.types(session, conversation, "agent")


def _may_see(me: Me, conversation: str) -> bool:
    with session_scope() as session:
        try:
            circle(session, me, conversation)
        except Refusal:
            return False
    return True
