"""Use cases of knowledge: find, answer, diagnose, remember what could not be answered."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from kefu.config import settings
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.entries import Catalog
from kefu.knowledge.graph import Graph
from kefu.knowledge.models import Edition, UnansweredQuestion

logger = logging.getLogger(__name__)

_RECHECK_SECONDS = 1.0


@dataclass
class _Current:
    """The snapshot in use and when the database was last asked for a newer one."""

    edition: int | None = None
    catalog: Catalog | None = None
    checked: float = -np.inf


_current = _Current()
_lock = threading.Lock()


def edition() -> int | None:
    """Number of the newest loaded edition, or none before the first load."""
    with session_scope() as session:
        return session.scalar(select(Edition.id).order_by(Edition.id.desc()).limit(1))


def read_graph() -> tuple[int | None, Graph]:
    """The newest edition's number and graph; read again if a load came in between."""
    while True:
        number = edition()
        try:
            with session_scope() as session:
                graph = Graph.read(session)
        except KeyError:  # an edge of one edition, the nodes of another
            continue
        if edition() == number:
            return number, graph


def catalog() -> Catalog:
    """The newest catalog; seconds after a load, every process answers from it.

    A new catalog is built in a thread of its own and then put in place at once: no question waits for it
    or sees half of it. Only the very first question of a process has to wait.
    """
    if _current.catalog is None:
        with _lock:
            if _current.catalog is None:
                _rebuild()
    elif time.monotonic() - _current.checked > _RECHECK_SECONDS and _lock.acquire(blocking=False):
        _current.checked = time.monotonic()
        threading.Thread(target=_refresh, name="knowledge-refresh", daemon=True).start()
    return _current.catalog


def _refresh() -> None:
    """Builds a newer catalog if there is a newer edition; a failure leaves the old one serving."""
    try:
        if edition() != _current.edition:
            _rebuild()
    except Exception:  # the thread's boundary: nobody else would ever hear of it
        logger.exception("knowledge.refresh.failure")
    finally:
        _lock.release()


def _rebuild() -> None:
    number, graph = read_graph()
    _current.catalog = Catalog(graph, settings().var_dir / "embeddings")
    _current.edition = number
    _current.checked = time.monotonic()


def record_unanswered(question: str, customer: str, best: str | None, score: float) -> None:
    """Keeps a question that no entry answered with confidence, for the company's editors."""
    with session_scope() as session:
        session.add(
            UnansweredQuestion(text=question, customer=customer, best_node=best, score=round(score * 100))
        )
        record(session, "question.unanswered", customer, best=best, score=round(score, 3))
