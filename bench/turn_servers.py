"""The systems whose turns are compared: each a Rasa server and our action server, on SQLite of their own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import yaml

from kefu.config import ROOT
from kefu.run.servers import Server, environment, python, rasa
from kefu.run.steps import end
from tests.ports import free_ports

_CLOCK = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 400


class System:
    """One system under test.

    Attributes:
        name: ``ours`` or ``stock``.
        url: Of the Rasa server.
    """

    def __init__(
        self, name: str, model: Path, folder: Path, redis: str | None = None, workers: int = 1
    ) -> None:
        """Sets it up under ``folder``; nothing runs yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        port, actions = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self._var = folder
        self.database = folder / "tracker.db"
        environ = environment() | {"KEFU_VAR_DIR": str(folder), "SANIC_WORKERS": str(workers)}
        if redis:
            environ["KEFU_REDIS_URL"] = redis
        self._environ = environ
        files = {"credentials.yml": {"rest": None}, "endpoints.yml": self._endpoints(actions, redis)}
        for file, content in files.items():
            (folder / file).write_text(yaml.safe_dump(content))
        # Stock gets no help that is ours.
        run = rasa if name == "ours" else partial(python, "rasa", "run")
        command = run(
            "--enable-api", "--model", model, "--port", str(port), "--interface", "127.0.0.1",
            "--credentials", folder / "credentials.yml", "--endpoints", folder / "endpoints.yml",
        )  # fmt: skip
        alone = {
            "SANIC_HOST": "127.0.0.1",
            **environ,
            "SANIC_WORKERS": "1",
            "ACTION_SERVER_SANIC_WORKERS": "1",
        }
        self._servers = [
            Server(
                "actions",
                python("rasa_sdk", "--actions", "actions", "--port", str(actions)),
                f"http://127.0.0.1:{actions}",
                "/health",
                alone,
            ),
            Server("rasa", command, self.url, "/status", environ),
        ]
        self._processes: dict[str, subprocess.Popen] = {}

    def _endpoints(self, actions: int, redis: str | None) -> dict:
        webhook = {"url": f"http://localhost:{actions}/webhook"}
        if self.name == "ours":
            return {**yaml.safe_load((ROOT / "endpoints.yml").read_text()), "action_endpoint": webhook}
        store = {"type": "SQL", "dialect": "sqlite", "db": str(self.database)}
        locks = {}
        if redis:
            port = redis.split(":")[-1].split("/")[0]
            locks = {"lock_store": {"type": "redis", "url": "127.0.0.1", "port": int(port)}}
        return {"action_endpoint": webhook, "tracker_store": store, **locks}

    def load_knowledge(self) -> None:
        """Fills the database that understanding and actions read."""
        command = [sys.executable, "-m", "kefu.knowledge"]
        subprocess.run(command, cwd=ROOT, env=self._environ, check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Starts the servers, as `make run` does all at once, and waits until they are healthy."""
        for server in self._servers:
            with open(self._var / f"{server.name}.log", "ab") as log:
                self._processes[server.name] = subprocess.Popen(
                    server.command, cwd=ROOT, env=server.environ, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        for server in self._servers:
            deadline = time.monotonic() + _START_SECONDS
            while not server.is_healthy():
                if self._processes[server.name].poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(
                        f"{self.name}: {server.name} is not up; see {self._var}/{server.name}.log"
                    )
                time.sleep(0.1)

    def stop(self) -> None:
        """Stops the servers."""
        for process in self._processes.values():
            end(process, seconds=20)
        self._processes.clear()

    def cpu_seconds(self, *names: str) -> float:
        """Processor time that the named servers (or all) and their workers have used."""
        total = 0
        for pid in self._pids(*names):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / _CLOCK

    def megabytes(self, *names: str, kind: str = "Pss") -> float:
        """Memory of the named servers and their workers.

        Args:
            *names: The servers; all without any.
            kind: ``Pss`` counts once what processes share; ``Rss`` counts it for each.
        """
        total = 0
        for pid in self._pids(*names):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
        return total / 1024

    def _pids(self, *names: str) -> list[int]:
        heads = [process.pid for name, process in self._processes.items() if not names or name in names]
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) in heads:  # its session: each server was started in one of its own
                found.append(int(status.parent.name))
        return found

    def repeat(self, example: str, sender: str, turns: int, per_session: int | None = None) -> int:
        """Stores a conversation as long as if ``sender`` had said ``turns`` times what ``example`` said last.

        Args:
            example: A conversation that the system itself has had; its last turn is repeated.
            sender: The new conversation.
            turns: How many turns it has.
            per_session: A new session begins after so many turns; by default there is one.

        Returns:
            How many events it has.
        """
        with sqlite3.connect(self.database, timeout=30) as database:
            columns = "type_name, timestamp, intent_name, action_name, data"
            query = f"SELECT {columns} FROM events WHERE sender_id = ? ORDER BY id"
            rows = database.execute(query, (example,)).fetchall()
            last = max(i for i, row in enumerate(rows) if row[0] == "user")
            first = next(i for i, row in enumerate(rows) if row[0] == "user")
            begin, turn = rows[:first], rows[last:]
            chosen = []
            for number in range(turns):
                if number == 0 or (per_session and number % per_session == 0):
                    chosen += begin
                chosen += turn
            now = time.time() - 60
            step = 30 / len(chosen)
            values = []
            for number, (kind, _, intent, action, data) in enumerate(chosen):
                at = now + number * step
                data = json.dumps({**json.loads(data), "timestamp": at})
                values.append((sender, kind, at, intent, action, data))
            insert = f"INSERT INTO events (sender_id, {columns}) VALUES (?, ?, ?, ?, ?, ?)"
            database.executemany(insert, values)
        return len(values)


def median(values: Sequence[float]) -> float:
    """The middle one; 0 without any."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
