"""A whole assistant for the tests: real servers on free ports, with data of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kefu.config import ROOT
from kefu.run.servers import Server, environment, servers
from kefu.run.steps import end
from tests.ports import free_ports

START_SECONDS = 240  # two busy cores load a model in half a minute, now and then in two


class Assistant:
    """The servers of one installation, each a process that can be ended and started again.

    Attributes:
        url: Address of the Rasa server, ``http://127.0.0.1:PORT``; the same after a restart.
        chat: Address of the chat page.
        console: Address of the operators' console.
        actions_url: Address of the action server.
        wechat_url: Address of the local WeChat.
        sms_url: Address of the phone to which text messages go.
        environ: The environment that the servers run under.
        var_dir: Where data and the servers' logs (``NAME.log``) are.
    """

    def __init__(self, model: Path, var_dir: Path, **environ: str) -> None:
        """Sets up an installation under ``var_dir``; ``environ`` adds to its environment."""
        port, actions_port, wechat_port, sms_port, console_port = free_ports(5)
        self.var_dir = var_dir
        self.environ = environment() | {
            "KEFU_PORT": str(port), "KEFU_ACTIONS_PORT": str(actions_port), "KEFU_VAR_DIR": str(var_dir),
            "KEFU_WECHAT_PORT": str(wechat_port), "KEFU_SMS_PORT": str(sms_port),
            "KEFU_CONSOLE_PORT": str(console_port),
        } | environ  # fmt: skip
        self.url = f"http://127.0.0.1:{port}"
        self.chat = f"{self.url}/chat/"
        self.console = f"http://127.0.0.1:{console_port}/"
        self.actions_url = f"http://127.0.0.1:{actions_port}"
        self.wechat_url = f"http://127.0.0.1:{wechat_port}"
        self.sms_url = f"http://127.0.0.1:{sms_port}"
        self._servers = {server.name: server for server in servers(model, self.environ)}
        self._processes: dict[str, subprocess.Popen] = {}

    def load_knowledge(self) -> None:
        """Migrates the database and loads the knowledge, as `make run` does."""
        command = [sys.executable, "-m", "kefu.knowledge"]
        subprocess.run(command, cwd=ROOT, env=self.environ, check=True)

    def start(self, *names: str) -> None:
        """Starts the named servers (or all) and waits until they are healthy."""
        chosen = [self._servers[name] for name in names or self._servers]
        for server in chosen:
            with open(self._log(server), "ab") as log:
                self._processes[server.name] = subprocess.Popen(
                    server.command, cwd=ROOT, env=server.environ, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        for server in chosen:
            self._wait(server)

    def stop(self, *names: str) -> None:
        """Stops the named servers (or all) as an operator does."""
        for name in names or list(self._processes):
            process = self._processes.pop(name, None)
            if process:
                end(process, seconds=20)

    def kill(self, *names: str) -> None:
        """Ends the named servers (or all) without a word, as a power cut does."""
        for name in names or list(self._processes):
            process = self._processes.pop(name)
            process.kill()
            process.wait()

    @contextmanager
    def power_cut(self, *names: str) -> Iterator[None]:
        """The named servers (or all) are gone within the block, and back after it whatever happened there."""
        names = names or tuple(self._processes)
        self.kill(*names)
        try:
            yield
        finally:
            self.start(*names)

    def restart(self, *names: str) -> None:
        """Stops and starts the named servers (or all); their addresses stay."""
        self.stop(*names)
        self.start(*names)

    def log(self, name: str) -> str:
        """What a server has printed so far."""
        return self._log(self._servers[name]).read_text(errors="replace")

    def _log(self, server: Server) -> Path:
        return self.var_dir / f"{server.name}.log"

    def _wait(self, server: Server) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not server.is_healthy():
            status = self._processes[server.name].poll()
            if status is not None or time.monotonic() > deadline:
                what = f"ended with {status}" if status is not None else f"is not up after {START_SECONDS} s"
                tail = "\n".join(self.log(server.name).splitlines()[-30:])
                self.stop()
                raise RuntimeError(f"{server.name} {what}:\n{tail}")
            time.sleep(0.2)
