"""``python -m bench.desk``: many live chats on one console process (``make bench-desk``).

300 customers write in a process of their own, straight into the ledger as channels do. 30 operators with ten
chats each have a real socket to a real console process, and answer half of the messages by its API. Measured
is the time from just before a message is stored to its arrival at its operator.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from bench.report import Goal, finish, heading, table
from kefu.config import ROOT
from kefu.db import migrate, session_scope
from kefu.handoff import service
from tests import console as people

_ANSWERED = 0.5
_GOAL_MS = 200
_SETTLE = 3.0


class Operator:
    """Somebody at the console: what arrived, and how long it took."""

    def __init__(self, url: str, login: str) -> None:
        self._url, self._login = url, login
        self.arrived: Counter[tuple[str, int]] = Counter()
        self.delays: list[float] = []
        self.sending: list[float] = []
        self.failed = 0
        self._handoffs: dict[str, int] = {}
        self._draw = random.Random(login)

    async def open(self) -> None:
        """Logs in and opens the desk."""
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        body = {"login": self._login, "password": people.PASSWORD}
        async with self._http.post(f"{self._url}/api/login", json=body) as answer:
            self._http.headers["X-CSRF-Token"] = (await answer.json())["csrf"]
        self._socket = await self._http.ws_connect(f"{self._url}/api/live")
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._say_alive())]

    async def close(self) -> None:
        """Leaves."""
        for task in self._tasks:
            task.cancel()
        await self._http.close()

    async def _say_alive(self) -> None:
        while True:
            await asyncio.sleep(10)
            await self._socket.send_str("{}")

    async def _read(self) -> None:
        async for frame in self._socket:
            now = time.time()
            for event in json.loads(frame.data):
                self._take(event, now)

    def _take(self, event: dict[str, Any], now: float) -> None:
        if event["type"] == "hello":
            self._handoffs = {one["conversation"]: one["id"] for one in event["handoffs"]}
        if event["type"] != "message" or event["from"] != "customer":
            return
        self.arrived[event["conversation"], event["seq"]] += 1
        self.delays.append(now - float(event["text"].split()[0]))
        if self._draw.random() < _ANSWERED:
            self._tasks.append(asyncio.create_task(self._answer(event["conversation"])))

    async def _answer(self, conversation: str) -> None:
        await asyncio.sleep(0.5)
        started = time.time()
        body = {"id": str(uuid.uuid4()), "text": "好的，马上为您处理。"}
        address = f"{self._url}/api/handoffs/{self._handoffs[conversation]}/messages"
        async with self._http.post(address, json=body) as answer:
            self.failed += answer.status != 200
        self.sending.append(time.time() - started)


def prepare(chats: int, operators: int) -> list[str]:
    """Fills the database: operators who have their chats already; gives their logins."""
    migrate()
    logins = [f"operator{number}" for number in range(operators)]
    accounts = [people.account(login, capacity=50) for login in logins]
    for number in range(chats):
        sender = people.customer(f"bench{number}", ("web", "app", "wechat")[number % 3])
        handoff = people.waits(sender, "0 转人工")
        with session_scope() as session:
            service.accept(session, handoff, accounts[number % operators].agent_id)
    return logins


async def measure(
    url: str, logins: list[str], wanted: argparse.Namespace
) -> tuple[list[Operator], list[dict]]:
    """Lets everybody talk; gives the operators and what the customers' process had accepted."""
    operators = [Operator(url, login) for login in logins]
    for operator in operators:
        await operator.open()
    await asyncio.sleep(_SETTLE)
    for operator in operators:  # what a desk is first sent is no delivery
        operator.arrived.clear()
        operator.delays.clear()
    command = [sys.executable, "-m", "bench.desk_customers", "--chats", str(wanted.chats)]
    command += ["--rate", str(wanted.rate), "--seconds", str(wanted.seconds)]
    customers = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    accepted, _ = await customers.communicate()
    await asyncio.sleep(_SETTLE)
    for operator in operators:
        await operator.close()
    return operators, [json.loads(line) for line in accepted.splitlines()]


def usage(pid: int) -> tuple[float, float]:
    """CPU seconds and resident megabytes of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return ticks, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Runs it and prints the table and goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=300)
    parser.add_argument("--operators", type=int, default=30)
    parser.add_argument("--rate", type=float, default=30, help="messages of customers per second")
    parser.add_argument("--seconds", type=float, default=60)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kefu-bench-") as folder:
        os.environ["KEFU_VAR_DIR"] = folder
        logins = prepare(wanted.chats, wanted.operators)
        console = people.Console(Path(folder)).start()
        try:
            cpu, _ = usage(console.process.pid)
            started = time.time()
            operators, accepted = asyncio.run(measure(console.url, logins, wanted))
            used, memory = usage(console.process.pid)
            share = (used - cpu) / (time.time() - started)
        finally:
            console.stop()
    return report(operators, accepted, share, memory)


def report(operators: list[Operator], accepted: list[dict], cpu: float, memory: float) -> int:
    """Prints what came out; gives the exit code."""
    arrived: Counter[tuple[str, int]] = sum((operator.arrived for operator in operators), Counter())
    sent = {(one["conversation"], one["seq"]) for one in accepted}
    lost = len(sent - set(arrived))
    repeated = sum(arrived.values()) - len(arrived) + len(set(arrived) - sent)
    delays = np.array([delay for operator in operators for delay in operator.delays]) * 1000
    sending = np.array([delay for operator in operators for delay in operator.sending]) * 1000
    heading(f"{len(sent)} messages of customers, {len(sending)} answers, {len(operators)} operators")
    rows = [
        [
            name,
            *(round(float(np.percentile(values, share)), 1) for share in (50, 95, 99)),
            round(float(values.max()), 1),
        ]
        for name, values in (("customer to operator, ms", delays), ("operator's answer stored, ms", sending))
    ]
    table(["", "p50", "p95", "p99", "max"], rows)
    print(f"console process: {cpu * 100:.0f} % of one core, {memory:.0f} MB resident")
    failed = sum(operator.failed for operator in operators)
    goals = [
        Goal.at_most("customer to operator, p95 ms", float(np.percentile(delays, 95)), _GOAL_MS),
        Goal.at_most("messages lost", lost, 0),
        Goal.at_most("messages repeated", repeated, 0),
        Goal.at_most("answers refused", failed, 0),
    ]
    finish("desk", goals)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
