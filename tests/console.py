"""What tests of the console share: people who may log in, customers who wait, and a real console process."""

from __future__ import annotations

import subprocess
import time
import uuid
from pathlib import Path

from kefu.config import ROOT
from kefu.console import accounts
from kefu.console.models import Account
from kefu.conversations.ledger import Ledger
from kefu.customers.service import Sender
from kefu.db import session_scope
from kefu.handoff import agents, service
from kefu.run.servers import Server, environment, python
from kefu.run.steps import end
from kefu.tickets.routing import Case, route
from kefu.tickets.service import TicketRequest, open_ticket
from tests.ports import free_ports

PASSWORD = "correct horse battery"
QUEUES = ("repairs", "general", "orders")
START_SECONDS = 60


def account(
    login: str, role: str = "agent", name: str | None = None, online: bool = True, **agent
) -> Account:
    """Somebody with a password of their own (``PASSWORD``); who talks with customers works in ``QUEUES``."""
    with session_scope() as session:
        made, _ = accounts.create(session, login, name or login, role, **{"queues": QUEUES, **agent})
        made.password_hash, made.must_change = accounts._hasher.hash(PASSWORD), False
        if made.agent_id is not None and online:
            agents.set_status(session, made.agent_id, "online")
        return made


def customer(name: str, channel: str = "web") -> Sender:
    """A customer; the same name gives the same one."""
    return Sender(f"{channel}-{uuid.uuid5(uuid.NAMESPACE_DNS, name).hex}", channel)


def says(sender: Sender, *texts: str) -> str:
    """Stores what a customer writes; gives the conversation."""
    conversation = ""
    for text in texts:
        body = {"kind": "text", "text": text, "language": "zh"}
        conversation = Ledger().accept(sender, str(uuid.uuid4()), body)[0].conversation
    return conversation


def answers(conversation: str, text: str, **body) -> None:
    """Stores what the bot says."""
    Ledger().record(conversation, {"text": text, **body})


def waits(
    sender: Sender, *texts: str, queue: str = "repairs", priority: int = 3, reason: str = "asked"
) -> int:
    """Lets a customer write and ask for a person; gives the takeover's id."""
    conversation = says(sender, *(texts or ("转人工",)))
    to = route(Case(kind="repair"))
    to = type(to)(queue, "locks", priority, to.respond_by, to.resolve_by, ())
    with session_scope() as session:
        return service.request(session, conversation, reason, to)[0].id


def ticket(sender: Sender, description: str = "门锁打不开", **values) -> str:
    """Opens a ticket; gives its number."""
    values = {"kind": "repair", "urgency": "normal", "channel": sender.channel, **values}
    return open_ticket(
        TicketRequest(str(uuid.uuid4()), customer=sender.id, description=description, **values)
    ).number


class Console:
    """A console process of its own.

    Attributes:
        url: Where its page is.
    """

    def __init__(self, var_dir: Path, **environ: str) -> None:
        (port,) = free_ports(1)
        self.url, self._log = f"http://127.0.0.1:{port}", var_dir / "console.log"
        command = python("kefu.console", "--port", str(port))
        environ = environment() | {"KEFU_VAR_DIR": str(var_dir)} | environ
        self._server = Server("console", command, self.url, "/health", environ)

    def start(self) -> Console:
        """Starts it and waits until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._server.command, cwd=ROOT, env=self._server.environ, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._server.is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the console does not answer:\n{self.log()[-3000:]}")
            time.sleep(0.1)
        return self

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """Ends it."""
        end(self.process)
