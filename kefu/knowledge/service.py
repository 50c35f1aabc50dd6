"""Use cases of knowledge: find, answer, diagnose, remember what could not be answered."""

from __future__ import annotations

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
        with session_scope() as session:
            graph = Graph.read(session)
        if edition() == number:
            return number, graph


def catalog() -> Catalog:
    """The newest catalog; at most a second after a load, every process answers from it.

    A new catalog is built aside and then put in place at once, so no question sees half of it; while one
    thread builds, the others go on with the old.
    """
    if time.monotonic() - _current.checked < _RECHECK_SECONDS and _current.catalog:
        return _current.catalog
    if not _lock.acquire(blocking=_current.catalog is None):
        return _current.catalog
    try:
        if _current.catalog is None or edition() != _current.edition:
            number, graph = read_graph()
            _current.catalog = Catalog(graph, settings().var_dir / "embeddings")
            _current.edition = number
        _current.checked = time.monotonic()
        return _current.catalog
    finally:
        _lock.release()


def record_unanswered(question: str, customer: str, best: str | None, score: float) -> None:
    """Keeps a question that no entry answered with confidence, for the company's editors."""
    with session_scope() as session:
        session.add(
            UnansweredQuestion(text=question, customer=customer, best_node=best, score=round(score * 100))
        )
        record(session, "question.unanswered", customer, best=best, score=round(score, 3))
