"""Showing progress, and calling other programs so that nothing of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class RunError(Exception):
    """Something the person at the keyboard must mend; the message is one sentence."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what begins and, at its end, how long it took."""
    started = time.monotonic()
    print(f"==> {what} ...", flush=True)
    yield
    print(f"    done in {time.monotonic() - started:.1f} s", flush=True)


def call(
    command: Sequence[str | Path], failure: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Runs a program to its end; when we are interrupted, it and its children are ended first.

    Raises:
        RunError: It failed; ``failure`` is the sentence.
    """
    # A session of its own: one signal reaches the program's children too, and Ctrl-C comes from us only.
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        status = process.wait()
    except BaseException:
        end(process)
        raise
    if status:
        raise RunError(failure)


def end(process: subprocess.Popen, seconds: float = 10) -> None:
    """Ends a program that was started in a session of its own: asked first, then forced."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(seconds)
            return
        except ProcessLookupError:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue
