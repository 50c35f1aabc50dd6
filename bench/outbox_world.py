"""What the outbox is measured against: a platform that fails, customers, senders that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web
from sqlalchemy import select

from kefu.channels.wechat.models import WechatGrant
from kefu.config import ROOT
from kefu.conversations.models import Message
from kefu.customers.models import Customer, Identity
from kefu.db import session_scope, utcnow
from kefu.notifications import outbox
from kefu.notifications.models import OPEN, Choice, Manner, Notification
from kefu.notifications.outbox import News

#: What the platform lets be sent to one customer (as WeChat does after a message of theirs).
QUOTA = 5
#: How long the platform keeps silent where it times out; longer than senders wait.
SILENCE = 3.0
#: How long senders wait.
PATIENCE = 1.0


@dataclass
class Platform:
    """The channel API: takes one of each id, and often fails.

    Attributes:
        seen: How often each customer saw each id.
        calls, failures, silences: How many there were.
        early: How many came in a customer's quiet hours.
    """

    fails: float = 0.2
    silent: float = 0.05
    quiet_until: dict[str, float] = field(default_factory=dict)
    seen: Counter = field(default_factory=Counter)
    shown: set[str] = field(default_factory=set)
    calls: int = 0
    failures: int = 0
    silences: int = 0
    early: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(7))

    async def take(self, request: web.Request) -> web.Response:
        sent = await request.json()
        self.calls += 1
        if self.random.random() < self.fails:
            self.failures += 1
            return web.Response(status=500)
        if sent["id"] not in self.shown:
            self.shown.add(sent["id"])
            self.seen[sent["account"]] += 1
            self.early += time.time() < self.quiet_until.get(sent["account"], 0)
        if self.random.random() < self.silent / (1 - self.fails):  # it was taken, and nobody is told so
            self.silences += 1
            await asyncio.sleep(SILENCE)
        return web.Response()


@contextlib.contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serves the platform in a thread; gives its address."""
    ready, address, loop = threading.Event(), [], asyncio.new_event_loop()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/", platform.take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address.append(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/")
        ready.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def people(count: int, quiet_seconds: float) -> tuple[list[str], dict[str, float]]:
    """Customers who want news, half of them by a channel with a quota; a fifth is in quiet hours.

    Args:
        count: How many.
        quiet_seconds: For how long the quiet hours still last, up to a minute more.

    Returns:
        Their conversations, and until when (as ``time.time()``) who must not be told anything.
    """
    now = utcnow()
    end = (now + timedelta(seconds=quiet_seconds)).replace(second=0, microsecond=0) + timedelta(minutes=1)
    names, quiet = [], {}
    rows = []
    for number in range(count):
        channel = "wechat" if number % 2 else "app"
        name = f"{channel}-{number:06d}"
        is_quiet = quiet_seconds > 0 and number % 5 == 0
        hours = ("00:00", f"{end:%H:%M}") if is_quiet else ("00:00", "00:00")
        if is_quiet and end.hour == 0:  # just after midnight: quiet since yesterday
            hours = ("23:00", hours[1])
        rows += [
            Customer(id=name, conversation=name),
            Identity(id=name, channel=channel, subject=name, customer_id=name),
            Choice(identity=name, topic="policies", wanted=True),
            Manner(identity=name, zone="UTC", quiet_from=hours[0], quiet_until=hours[1]),
        ]
        if channel == "wechat":
            grant = {"messages_left": QUOTA, "until": now + timedelta(hours=48)}
            rows.append(WechatGrant(identity=name, source="message", **grant))
        names.append(name)
        if is_quiet:
            quiet[name] = time.time() + (end - utcnow()).total_seconds()
    with session_scope() as session:
        session.add_all([row for row in rows if isinstance(row, Customer)])
        session.flush()
        session.add_all([row for row in rows if not isinstance(row, Customer)])
    return names, quiet


def fill(customers: list[str], each: int) -> None:
    """Puts so many notifications for each customer into the outbox; one's own affairs, which no cap holds."""
    with session_scope() as session:
        for number in range(each):
            news = News(f"news:{number}", "orders", "utter_push_order_shipped", {}, {"topic": "orders"})
            for customer in customers:
                outbox.enqueue(session, customer, news)


class Senders:
    """Processes that send, now and then killed and replaced.

    Args:
        count: How many at once.
        address: Of the platform.
        lease: How long others wait for what a dead one had in hand, in seconds.
    """

    def __init__(self, count: int, address: str, lease: float) -> None:
        self._command = [sys.executable, "-m", "bench.outbox_sender", address, str(PATIENCE), str(lease)]
        self._processes = [self._start() for _ in range(count)]
        self.kills = 0

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(self._command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)

    def kill_one(self) -> None:
        """Ends one without a word, and starts another."""
        one = self._processes.pop(random.randrange(len(self._processes)))
        one.send_signal(signal.SIGKILL)
        one.wait()
        self.kills += 1
        self._processes.append(self._start())

    def stop(self) -> None:
        """Ends all."""
        for process in self._processes:
            process.kill()
            process.wait()


def open_count() -> int:
    """How many notifications are still to be sent."""
    with session_scope() as session:
        return session.query(Notification).filter(Notification.state.in_(OPEN)).count()


def said() -> Counter:
    """How many messages stand in each conversation."""
    with session_scope() as session:
        query = select(Message.conversation_id).where(Message.direction == "out")
        return Counter(session.scalars(query))
