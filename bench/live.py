"""``python -m bench.live``: edits while customers ask (``make bench-live``).

One process edits entries of the demo company, over and over; another asks about these entries. Every question
notes which version it was answered from; afterwards the two logs are laid side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.report import Goal, finish, heading, table

#: So many entries are edited again and again.
HOT = 40
#: An edit is answered from after so many seconds.
PROMISE = 2.0
#: Half of the promised question's time goes to understanding; this is what the search may take, in ms.
P95_MS = 200.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    options = _options(arguments)
    if options.role:
        return _write(options) if options.role == "write" else _read(options)
    with tempfile.TemporaryDirectory(prefix="kefu-live-") as folder:
        environ = {**os.environ, "KEFU_VAR_DIR": folder, "PYTHONWARNINGS": "ignore"}
        if options.database:
            environ["KEFU_DATABASE_URL"] = options.database
        os.environ.update(environ)
        _prepare(options)
        log = _run(options, Path(folder), environ)
    _report(options, log)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=100.0, help="so long the edits take together")
    parser.add_argument("--rate", type=float, default=20.0, help="questions a second")
    parser.add_argument("--size", type=int, default=0, help="so many more questions in the knowledge")
    parser.add_argument("--database", default="", help="SQLAlchemy URL of an empty PostgreSQL database")
    parser.add_argument("--role", choices=("write", "read"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _question(number: int) -> str:
    return f"第{number}号实验条目的说明是什么？"


def _entry(number: int, version: int) -> dict[str, str]:
    return {"question": _question(number), "answer": f"版本 {version}"}


def _prepare(options: argparse.Namespace) -> None:
    """The demo company's knowledge with the entries to be edited, each at version 0."""
    from kefu.db import migrate, session_scope
    from kefu.knowledge.editing import Change, publish
    from kefu.knowledge.load import load

    migrate()
    load()
    entries = [_entry(number, 0) for number in range(HOT)]
    entries += [
        {"question": f"型号{number}的第{number % 97}项怎么用？", "answer": f"见第{number}页。"}
        for number in range(options.size)
    ]
    with session_scope() as session:
        publish(session, [Change("put", None, 0, "faq", None, entry) for entry in entries], "bench")


def _run(options: argparse.Namespace, folder: Path, environ: dict[str, str]) -> dict[str, list]:
    """Lets one process ask and another edit; gives what each noted."""
    arguments = [f"--{name}={getattr(options, name)}" for name in ("edits", "seconds", "rate")]
    command = [sys.executable, "-m", "bench.live", *arguments]
    reader = subprocess.Popen([*command, "--role=read"], env=environ, stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reader.stdout.readline()  # its index is built
    writer = subprocess.run(
        [*command, "--role=write"], env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    (folder / "done").touch()
    questions = json.loads(reader.stdout.read())
    reader.wait(30)
    return {"edits": json.loads(writer.stdout), "questions": questions}


def _write(options: argparse.Namespace) -> int:
    """Edits; prints ``[entry, version, committed at, seconds it took]`` of each."""
    from kefu.db import session_scope
    from kefu.knowledge.editing import Change, publish

    edits, start = [], time.time()
    for turn in range(options.edits):
        time.sleep(max(0.0, start + turn * options.seconds / options.edits - time.time()))
        number, version = turn % HOT, turn // HOT + 1
        began = time.time()
        with session_scope() as session:
            entry = Change("put", f"faq:{_question(number)}", version, "faq", None, _entry(number, version))
            publish(session, [entry], "bench")
        edits.append([number, version, time.time(), time.time() - began])
    print(json.dumps(edits))
    return 0


def _read(options: argparse.Namespace) -> int:
    """Asks until the editor is done; prints ``[entry, version seen, asked at, seconds]`` of each question."""
    from kefu.config import settings
    from kefu.knowledge.service import catalog

    done = settings().var_dir / "done"
    catalog().find(_question(0))
    print("ready", flush=True)
    asked, start, draw = [], time.time(), random.Random(0)
    while not done.exists():
        time.sleep(max(0.0, start + len(asked) / options.rate - time.time()))
        number, began = draw.randrange(HOT), time.time()
        try:
            found = catalog().find(_question(number))
            version = next(
                (int(one.fact.body.split()[-1]) for one in found if one.fact.name == _question(number)), None
            )
        except Exception as error:  # what is counted here
            version = type(error).__name__
        asked.append([number, version, began, time.time() - began])
    print(json.dumps(asked))
    return 0


def lags(edits: Sequence[Sequence], questions: Sequence[Sequence]) -> list[float]:
    """How old each answer was, in seconds: for how long there had been a newer version than the one seen.

    Args:
        edits: ``[entry, version, committed at, ...]`` in the order of time.
        questions: ``[entry, version seen, asked at, ...]``.
    """
    committed: dict[int, list[float]] = {}
    for number, _, at, *_ in edits:
        committed.setdefault(number, []).append(at)
    ages = []
    for number, version, at, *_ in questions:
        newer = committed.get(number, [])[version:]
        ages.append(max(0.0, at - newer[0]) if newer else 0.0)
    return ages


def _report(options: argparse.Namespace, log: dict[str, list]) -> None:
    edits, questions = log["edits"], log["questions"]
    right = [one for one in questions if isinstance(one[1], int)]
    errors = len(questions) - len(right)
    ages = lags(edits, right)
    times = np.array([one[3] for one in questions]) * 1000
    writing = np.array([one[3] for one in edits]) * 1000
    heading(f"{len(edits)} edits in {options.seconds:.0f} s, {len(questions)} questions")
    table(
        ("", "p50", "p95", "most"),
        [
            ("an edit, ms", *np.percentile(writing, [50, 95, 100])),
            ("a question, ms", *np.percentile(times, [50, 95, 100])),
            ("age of an answer, s", *np.percentile(ages, [50, 95, 100])),
        ],
    )
    stale = sum(age > PROMISE for age in ages)
    finish(
        "live",
        [
            Goal.at_least("edits", len(edits), options.edits),
            Goal.at_most("errors", errors, 0),
            Goal.at_most(f"answers older than {PROMISE:.0f} s", stale, 0),
            Goal.at_most("oldest answer, s", max(ages), PROMISE),
            Goal.at_most("p95 of a question, ms", float(np.percentile(times, 95)), P95_MS),
        ],
    )


if __name__ == "__main__":
    raise SystemExit(main())
