"""Running all servers together, through honcho: one stops, all stop; Ctrl-C stops all."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
import threading
import time
from collections.abc import Sequence

from honcho.manager import SIGNALS, SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

from kefu.run.servers import Server

_STOPPED = re.compile(r"(\S+) stopped \(rc=(-?\d+)\)")
_REMINDER_SECONDS = 30


class Watch(Printer):
    """Prints the servers' lines, says when all are up, and keeps who stopped first.

    Attributes:
        stopped: Name and exit code of the first server that stopped.
    """

    def __init__(self, servers: Sequence[Server], output=None) -> None:
        """Watches ``servers``; prints to ``output``, or standard output."""
        super().__init__(sys.stdout if output is None else output)
        self.stopped: tuple[str, int] | None = None
        self._servers = servers
        self._started = time.monotonic()
        self._waiting = False

    def write(self, message: Message) -> None:
        """Prints a line; when nobody reads any more (a closed terminal), stopping must still work."""
        try:
            super().write(message)
        except OSError:
            self.output = open(os.devnull, "w")
        if message.name != SYSTEM_PRINTER_NAME:
            return
        # The first line comes when every child has been forked: from here on a thread does no harm.
        if not self._waiting:
            self._waiting = True
            threading.Thread(target=self._announce, daemon=True).start()
        stopped = _STOPPED.match(message.data)
        if stopped and not self.stopped:
            self.stopped = stopped[1], int(stopped[2])

    def _announce(self) -> None:
        """Prints the addresses once every server is healthy; says now and then who is waited for."""
        reminder = _REMINDER_SECONDS
        missing = list(self._servers)
        while not self.stopped:
            missing = [server for server in missing if not server.is_healthy()]
            waited = time.monotonic() - self._started
            if not missing:
                return self._print_addresses(waited)
            if waited > reminder:
                names = ", ".join(server.name for server in missing)
                print(f"    still starting after {waited:.0f} s: {names}", file=self.output, flush=True)
                reminder += _REMINDER_SECONDS
            time.sleep(0.3)

    def _print_addresses(self, seconds: float) -> None:
        lines = ["", f"    The assistant is up (servers started in {seconds:.1f} s). Ctrl-C stops it."]
        for server in self._servers:
            for title, path in server.pages.items():
                address = server.address.replace("127.0.0.1", "localhost")
                lines.append(f"    {title}: {address}{path}")
        print("\n".join(lines) + "\n", file=self.output, flush=True)


def supervise(servers: Sequence[Server], output=None) -> int:
    """Runs ``servers`` until one stops or we are told to stop.

    Returns:
        0 when we were told to stop; otherwise something else, also when the server that stopped
        by itself thought that all was well.
    """
    watch = Watch(servers, output)
    manager = Manager(watch)
    for server in servers:
        # `exec`: the signal reaches the server, not a shell around it.
        manager.add_process(server.name, f"exec {shlex.join(server.command)}", env=dict(server.environ))
    # A terminal that is closed says SIGHUP, which honcho does not know.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        manager.loop()
    except BaseException:
        manager.kill()
        raise
    if manager.returncode in {told["rc"] for told in SIGNALS.values()}:
        return 0
    name, code = watch.stopped or ("a server", 1)
    print(f"{name} stopped by itself (exit code {code}), so all were stopped; its last lines above say why.",
          file=sys.stderr)  # fmt: skip
    return code if code > 0 else 1
