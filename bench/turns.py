"""``python -m bench.turns``: what a turn costs, of stock Rasa and of ours (``make bench-turns``).

Both run the same domain, rules, training data and actions on SQLite and two cores, one after the other, in
several rounds. Stock has `rasa init`'s pipeline (with Jieba) and policies, Rasa's SQLTrackerStore and its
lock store. A long conversation is stored beforehand, as that system itself would have stored it.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.report import Goal, finish, heading, table
from bench.turn_load import Crowd
from bench.turn_models import own_model, stock_model
from bench.turn_servers import System, median
from kefu.config import settings
from tests import redis_server

_CUSTOMERS = (1, 4, 16, 64)
_TURNS = (10, 100, 500, 2000)
_SYSTEMS = ("stock", "ours")
_AT_16 = "turns/s, 16 customers"
_CPU = "CPU ms per turn, {} customers"
_TURN = "ms, turn {} of one conversation"

Figures = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    options = _options(arguments)
    names = [options.only] if options.only else list(_SYSTEMS)
    models = {name: _model(name, options) for name in names}
    figures: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in names}
    for round_ in range(options.rounds):
        for name in names if round_ % 2 == 0 else names[::-1]:
            print(f"==> round {round_ + 1}: {name}", flush=True)
            for key, value in _measure(name, models[name], options).items():
                figures[name][key].append(value)
    medians = {name: {key: median(values) for key, values in figures[name].items()} for name in names}
    heading(f"Medians of {options.rounds} rounds")
    if "stock" in models:
        print(f"Stock was trained for {options.epochs} epoch(s): what it learned does not matter here.\n")
    rows = [
        (key, *(medians[name].get(key) for name in names), *_ratio(medians, key))
        for key in medians[names[-1]]
    ]
    table(("", *names, *(["ours / stock"] if len(names) == 2 else [])), rows)
    finish("turns", _goals(medians))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=_SYSTEMS, help="measure one system")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="how long each crowd talks")
    parser.add_argument("--epochs", type=int, default=2, help="of stock's training: one takes minutes")
    parser.add_argument("--turns", type=int, nargs="+", default=list(_TURNS), help="lengths of conversations")
    parser.add_argument("--stock-model", type=Path, help="a model trained before")
    parser.add_argument("--workers", action="store_true", help="also with two workers (needs redis-server)")
    return parser.parse_args(arguments)


def _model(name: str, options: argparse.Namespace) -> Path:
    if name == "ours":
        return own_model()
    return options.stock_model or stock_model(settings().var_dir / "bench" / "models", options.epochs)


def _measure(name: str, model: Path, options: argparse.Namespace) -> Figures:
    folder = Path(tempfile.mkdtemp(prefix=f"kefu-turns-{name}-"))
    try:
        system = System(name, model, folder)
        system.load_knowledge()
        figures = asyncio.run(_one_worker(system, options))
        if options.workers and redis_server.find():
            with redis_server.server(redis_server.find()) as redis:
                for workers in (1, 2):
                    crew = System(name, model, folder / f"workers-{workers}", redis, workers)
                    crew.load_knowledge()
                    figures[f"turns/s, {workers} worker(s), Redis"] = asyncio.run(
                        _throughput(crew, options.seconds)
                    )
        return figures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _throughput(system: System, seconds: float) -> float:
    with ExitStack() as stack:
        stack.callback(system.stop)
        system.start()
        async with Crowd(system) as crowd:
            await crowd.customers(16, seconds / 4)
            return (await crowd.customers(16, seconds)).per_second


async def _one_worker(system: System, options: argparse.Namespace) -> Figures:
    figures: Figures = {}
    with ExitStack() as stack:
        stack.callback(system.stop)
        started = time.monotonic()
        system.start()
        figures["s, start to ready"] = time.monotonic() - started
        async with Crowd(system) as crowd:
            await crowd.talk("warm-up", 12)
            for count in _CUSTOMERS:
                load = await crowd.customers(count, options.seconds)
                for share in (50, 95, 99):
                    figures[f"ms, p{share}, {count} customers"] = load.ms(share / 100)
                figures[f"turns/s, {count} customers"] = load.per_second
                figures[_CPU.format(count)] = load.cpu * 1000
            kinds = {"rule": [], "action": []}
            for _ in range(40):  # in turn: whatever else the machine does befalls both
                for kind, taken in kinds.items():
                    taken += await crowd.talk(f"{kind}s", 1, kind)
            for kind, taken in kinds.items():
                figures[f"ms, {kind} turn"] = median(taken[5:]) * 1000
            figures["ms, second of two at once"] = await crowd.second_of_two() * 1000
            for turns in options.turns:
                system.repeat("rules", f"long-{turns}", turns - 5)
                figures[_TURN.format(turns)] = median((await crowd.talk(f"long-{turns}", 11))[1:]) * 1000
            events = system.repeat("rules", "old-customer", 3500, per_session=20)
            first, *others = await crowd.talk("old-customer", 11)
            figures[f"ms, first turn after {events} events"] = first * 1000
            figures["ms, next turns of that customer"] = median(others) * 1000
        figures["MB, Rasa server"] = system.megabytes("rasa")
        figures["MB, action server"] = system.megabytes("actions")
    return figures


def _ratio(medians: dict[str, Figures], key: str) -> list[float | None]:
    if len(medians) < 2:
        return []
    ours, stock = medians["ours"].get(key), medians["stock"].get(key)
    return [ours / stock if ours is not None and stock else None]


def _goals(medians: dict[str, Figures]) -> list[Goal]:
    goals = []
    ours = medians.get("ours")
    if ours is None:
        return goals
    first, last = (_TURN.format(n) for n in (_TURNS[0], _TURNS[-1]))
    if first in ours and last in ours:
        goals.append(Goal.at_most("turn 2,000 / turn 10", ours[last] / ours[first], 1.2))
    goals.append(
        Goal.at_most("ms, action turn over rule turn", ours["ms, action turn"] - ours["ms, rule turn"], 4)
    )
    two = ours["ms, second of two at once"] / ours["ms, rule turn"]
    goals.append(Goal.at_most("second quick message, in turns", two, 2.5))
    one, both = (ours.get(f"turns/s, {n} worker(s), Redis") for n in (1, 2))
    if one and both:
        goals.append(Goal.at_least("two workers / one", both / one, 1.7))
    if "stock" in medians:
        stock = medians["stock"]
        against = {_CPU.format(1): 0.35, "s, start to ready": 0.6, "MB, Rasa server": 0.6}
        goals += [
            Goal.at_most(f"{key}, ours / stock", ours[key] / stock[key], goal)
            for key, goal in against.items()
        ]
        goals.append(Goal.at_least(f"{_AT_16}, ours / stock", ours[_AT_16] / stock[_AT_16], 3))
    return goals


if __name__ == "__main__":
    raise SystemExit(main())
