"""A Redis server for the tests: found on the machine, or in CI installed where that is possible."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.debian import install
from tests.ports import free_ports

MISSING = "no Redis: redis-server is not in PATH"


def find() -> str | None:
    """Returns the program of a Redis server, if there is one."""
    return shutil.which("redis-server")


@contextmanager
def server(program: str) -> Iterator[str]:
    """Runs an empty server on a free port; yields its URL."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="kefu-redis-") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            _wait(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    if not find() and os.environ.get("CI"):
        install("the Redis tests", "redis-server")
    if not find():
        print(f"{MISSING}: the tests that need one will be skipped.")
