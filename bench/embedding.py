"""``python -m bench.embedding``: what the meaning of one sentence costs (``make bench-embedding``).

By itself, numpy's OpenBLAS chooses its matrix routines by the processor's number; ours are those that the
processor is able to run (`kefu.run.servers.kernels`). Two processes, one per choice, embed the same sentences
in turn, one at a time, as a conversation does.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

import numpy as np

from bench.data import messages
from bench.report import Goal, finish, heading, table
from kefu.config import ROOT
from kefu.run.servers import kernels

_SENTENCES = ROOT / "tests" / "nlu" / "development.yml"
# Not a part of this module: importing `bench` would choose the routines.
_PROGRAM = """
import pickle, sys, time
from kefu.language.embedding import embed_all
embed_all(["warm"])
while True:
    texts = pickle.load(sys.stdin.buffer)
    started = time.perf_counter()
    vectors = [embed_all([text])[0] for text in texts]
    pickle.dump((time.perf_counter() - started, vectors), sys.stdout.buffer)
    sys.stdout.flush()
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.embedding", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sentences", type=int, default=200)
    options = parser.parse_args(arguments)
    texts = [message.get("text") for message in messages(_SENTENCES)]
    texts = texts[:: max(1, len(texts) // options.sentences)]
    undecided = {name: value for name, value in os.environ.items() if name not in kernels()}
    systems = {"by itself": _started(undecided), "ours": _started(undecided | kernels())}
    times: dict[str, list[float]] = {name: [] for name in systems}
    vectors = {}
    for _ in range(options.rounds):
        for name, system in systems.items():
            seconds, vectors[name] = _asked(system, texts)
            times[name].append(seconds / len(texts) * 1e3)
    for system in systems.values():
        system.kill()
        system.wait()
    heading(f"{len(texts)} sentences of {sum(map(len, texts)) / len(texts):.0f} characters, one core")
    table(("", "ms, median", "ms, fastest"), [(name, median(t), min(t)) for name, t in times.items()])
    ratio = median(own / other for own, other in zip(times["ours"], times["by itself"], strict=True))
    nearness = float(np.einsum("ij,ij->i", vectors["by itself"], vectors["ours"]).min())
    goals = [
        # Equal where OpenBLAS knows the processor.
        Goal.at_most("ms a sentence, ours / by itself", ratio, 1.05),
        Goal.at_least("least cosine between both", nearness, 0.9999),
    ]
    finish("embedding", goals)
    return 0


def _started(environ: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, "-c", _PROGRAM]
    return subprocess.Popen(command, env=environ, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _asked(system: subprocess.Popen, texts: Sequence[str]) -> tuple[float, list[np.ndarray]]:
    """Seconds that a process took for all texts, and their vectors."""
    pickle.dump(texts, system.stdin)
    system.stdin.flush()
    return pickle.load(system.stdout)


if __name__ == "__main__":
    sys.exit(main())
