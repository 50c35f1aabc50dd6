"""``python -m bench.channels``: what a channel adds to a turn (``make bench-channels``).

The same texts go to one running server over each channel and over Rasa's own REST channel, in turn, so that
whatever else the machine does befalls all. A turn lasts from sending the message to having its answer, as the
customer's client sees it. Ours include what Rasa's does not: message and answer are stored before they are
acknowledged and shown.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

from bench.channel_clients import CLIENTS, Client, Plain
from bench.channel_server import ChannelServer
from bench.report import Goal, finish, heading, table
from bench.turn_models import own_model
from bench.turn_servers import median, quantile

_GOAL_MS = 5
#: Of one customer, who could not send more at once; the first, which opens the conversation, is not counted.
_MESSAGES = 7
#: Answered by a rule with one bubble.
_TEXTS = ("谢谢", "你是机器人吗", "非常感谢", "你是真人吗", "多谢", "是人工还是机器")
_SETTLE_SECONDS = 0.05

Taken = dict[str, list[float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.channels", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=12, help="of each channel, one after the other")
    parser.add_argument("--model", type=Path, help="a model trained before")
    options = parser.parse_args(arguments)
    model = options.model or own_model()
    folder = Path(tempfile.mkdtemp(prefix="kefu-channels-"))
    try:
        with ExitStack() as stack:
            server = ChannelServer(model, folder)
            server.load_knowledge()
            stack.callback(server.stop)
            server.start()
            taken = asyncio.run(_measure(server.url, options.customers))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _report(taken)
    return 0


async def _measure(url: str, customers: int) -> Taken:
    taken: Taken = {kind.name: [] for kind in CLIENTS}
    await _talk(url, {name: [] for name in taken})  # warms the server up
    for _ in range(customers):
        await _talk(url, taken)
    return taken


async def _talk(url: str, taken: Taken) -> None:
    """One new customer of each channel says the same, in turn."""
    async with AsyncExitStack() as stack:
        clients: list[Client] = [await stack.enter_async_context(kind(url)) for kind in CLIENTS]
        for number in range(_MESSAGES):
            for client in clients[number % len(clients) :] + clients[: number % len(clients)]:
                seconds = await client.turn(_TEXTS[number % len(_TEXTS)])
                if number:
                    taken[client.name].append(seconds)
                await asyncio.sleep(_SETTLE_SECONDS)  # what follows an answer belongs to no other turn


def _report(taken: Taken) -> None:
    plain = taken[Plain.name]
    heading(f"Milliseconds per turn, {len(plain)} of each, and what they are more than Rasa's REST channel")
    rows = []
    for name, seconds in taken.items():
        p50, p95 = median(seconds) * 1000, quantile(seconds, 0.95) * 1000
        added = (p50 - median(plain) * 1000, p95 - quantile(plain, 0.95) * 1000)
        rows.append((name, p50, p95, *(added if name != Plain.name else (None, None))))
    table(("", "p50", "p95", "added p50", "added p95"), rows)
    goals = [Goal.at_most(f"ms added, p50, {name}", added, _GOAL_MS) for name, _, _, added, _ in rows[1:]]
    finish("channels", goals)


if __name__ == "__main__":
    raise SystemExit(main())
