"""``python -m bench.start``: start, memory and training, of stock Rasa and of ours (``make bench-start``).

Both serve the same domain, rules, training data and actions. A start is timed from the command to the first
answer to a text, all servers at once as `make run` starts them. Memory is read after that answer.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.report import Goal, finish, heading, table
from bench.turn_models import own_model, stock_config, stock_model, train
from bench.turn_servers import System, median
from kefu.config import ROOT, settings

_SYSTEMS = ("stock", "ours")
_START = "s, start to first answer"
_MEMORY = "MB, {} server"
_TRAINING = "s, training from nothing"
#: `rasa init` has 100 of each; the last ones teach nothing here (bench/baselines/rasa-init.yml).
_STOCK_EPOCHS = 20

Figures = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    options = _options(arguments)
    names = [options.only] if options.only else list(_SYSTEMS)
    folder = settings().var_dir / "bench" / "models"
    models = {
        name: own_model() if name == "ours" else options.stock_model or stock_model(folder, options.epochs)
        for name in names
    }
    rounds: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(options.rounds):
        for name in names if number % 2 == 0 else names[::-1]:
            print(f"==> round {number + 1}: {name}", flush=True)
            rounds[name].append(measure(name, models[name]))
    medians = {name: {key: median([one[key] for one in found]) for key in found[0]}
               for name, found in rounds.items()}  # fmt: skip
    if options.train:
        for name in names:
            print(f"==> training: {name}", flush=True)
            medians[name][_TRAINING] = training(name, options.epochs)
    heading(f"Medians of {options.rounds} rounds")
    if options.train and "stock" in names:
        print(f"Stock was trained for {options.epochs} epoch(s), reckoned to {_STOCK_EPOCHS} of all.\n")
    table(("", *names, *(["ours / stock"] if len(names) == 2 else [])), _rows(medians))
    finish("start", goals(medians))
    return 0


def measure(name: str, model: Path) -> Figures:
    """Starts a system once and asks it something."""
    folder = Path(tempfile.mkdtemp(prefix=f"kefu-start-{name}-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        system = System(name, model, folder)
        system.load_knowledge()
        stack.callback(system.stop)
        started = time.monotonic()
        system.start()
        # The second for a model that learned too little to answer the first.
        if not (_ask(system, "你好") or _ask(system, "/greet")):
            raise RuntimeError(f"{name} does not answer")
        figures = {_START: time.monotonic() - started}
        for server, title in (("rasa", "Rasa"), ("actions", "action")):
            figures[_MEMORY.format(title)] = system.megabytes(server, kind="Rss")
        return figures


def training(name: str, epochs: int) -> float:
    """Seconds to train a system's model from nothing."""
    folder = Path(tempfile.mkdtemp(prefix=f"kefu-train-{name}-"))
    try:
        config = ROOT / "config.yml" if name == "ours" else stock_config(folder, epochs)
        _, seconds, epoch = train(config, folder)
        return seconds + epoch * (_STOCK_EPOCHS - epochs) if name == "stock" else seconds
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def goals(medians: dict[str, Figures]) -> list[Goal]:
    """What is to be reached against stock Rasa, where that was measured."""
    if len(medians) < 2:
        return []
    ours, stock = medians["ours"], medians["stock"]
    lines = (_START, _MEMORY.format("Rasa"))
    return [Goal.at_most(f"{key}, ours / stock", ours[key] / stock[key], 0.6) for key in lines]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=_SYSTEMS, help="measure one system")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2, help="of stock's training: one takes minutes")
    parser.add_argument("--stock-model", type=Path, help="a model trained before")
    parser.add_argument("--train", action="store_true", help="also time the training of both")
    return parser.parse_args(arguments)


def _ask(system: System, text: str) -> list:
    body = json.dumps({"sender": "first", "message": text}).encode()
    request = urllib.request.Request(
        f"{system.url}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
    )
    # No proxy that the environment may name lies between us and our own servers.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
        return json.load(answer)


def _rows(medians: dict[str, Figures]) -> list[list]:
    first = next(iter(medians.values()))
    rows = [[key, *(medians[name][key] for name in medians)] for key in first]
    if len(medians) == 2:
        for row in rows:
            row.append(row[2] / row[1])
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
