"""Has documents read in processes of their own, one after the other."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from kefu.config import ROOT
from kefu.db import session_scope
from kefu.knowledge import review
from kefu.tickets import worklist
from kefu.tickets.worklist import Filters

logger = logging.getLogger(__name__)

ENDINGS = (".md", ".markdown", ".txt", ".docx", ".pdf", ".html", ".htm", ".csv")
#: So long may reading one document take, in seconds.
_PATIENCE = 600
#: So many solved tickets are looked at, the newest first.
_TICKETS = 200
_one_at_a_time = threading.Lock()


def start(document_id: int, name: str, content: bytes, kind: str) -> threading.Thread:
    """Begins to read a document; its state tells how it goes on."""
    arguments = (document_id, name, content, kind)
    thread = threading.Thread(target=_read, args=arguments, name="document-reader", daemon=True)
    thread.start()
    return thread


def solved_tickets() -> Iterable[tuple[str, bytes]]:
    """What tickets tell that ended well: their number, and as JSON what was said, without phone numbers."""
    with session_scope() as session:
        found, _ = worklist.find(session, Filters(status=("resolved", "closed")), 0, _TICKETS)
        for ticket in found:
            notes = [note.text for note in ticket.notes if note.text]
            told = {
                "number": ticket.number, "line": ticket.line, "product": ticket.product,
                "function": ticket.function, "description": review.without_numbers(ticket.description),
                "notes": [review.without_numbers(text) for text in notes],
            }  # fmt: skip
            if notes:  # without a word of what was done there is nothing to learn
                yield ticket.number, json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def _read(document_id: int, name: str, content: bytes, kind: str) -> None:
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="kefu-document-") as folder:
        # The name came from outside: only its end, which says what it is, and a safe rest.
        path = Path(folder) / (Path(name).name[-review.NAME :].replace("\x00", "") or "document")
        path.write_bytes(content)
        command = [sys.executable, "-m", "kefu.knowledge.reading", str(document_id), str(path), kind]
        try:
            done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=_PATIENCE, check=False)
            failed = None if done.returncode in (0, 1) else f"the reader ended with {done.returncode}"
        except subprocess.TimeoutExpired:
            failed = f"reading took more than {_PATIENCE} seconds"
        except OSError as error:
            failed = type(error).__name__
    if failed:
        logger.error("document.read.failure: %s %s", document_id, failed)
        with session_scope() as session:
            review.fail(session, document_id, failed)
