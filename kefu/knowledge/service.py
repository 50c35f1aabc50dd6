"""Use cases of knowledge: find, answer, diagnose, remember what could not be answered."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.clicks import Signs
from kefu.knowledge.entries import Catalog
from kefu.knowledge.following import changed_since, follow
from kefu.knowledge.graph import Graph
from kefu.knowledge.models import Edition, Node, UnansweredQuestion
from kefu.knowledge.snapshot import Snapshot

#: Customers' choices are looked at again after so long at the earliest.
_RECOUNT_SECONDS = 60.0


def edition() -> int | None:
    """Number of the newest loaded edition, or none before the first load."""
    with session_scope() as session:
        return session.scalar(select(Edition.id).order_by(Edition.id.desc()).limit(1))


def read_graph(known: tuple[int | None, Graph] | None = None) -> tuple[int | None, Graph]:
    """The newest edition's number and graph, both as of one moment.

    Args:
        known: An earlier edition's: only what was changed since is read.
    """
    with session_scope() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        else:  # sqlite3 would begin a transaction with the first change only
            session.connection().exec_driver_sql("BEGIN")
        number = session.scalar(select(Edition.id).order_by(Edition.id.desc()).limit(1))
        if known and known[0] is not None and number is not None:
            refs = changed_since(session, known[0], number)
            if refs is not None:
                return number, follow(session, known[1], refs)
        return number, Graph.read(session)


class _Current(Snapshot[Catalog]):
    """The catalog in use.

    Attributes:
        counted: When customers' choices were last looked at, by ``time.monotonic``.
    """

    counted = 0.0

    def __init__(self) -> None:
        """Has counted nothing yet."""
        super().__init__()
        self._signs = Signs()

    def newest(self) -> int | None:
        return edition()

    def build(self) -> tuple[int | None, Catalog]:
        number, graph = read_graph((self.edition, self.value.graph) if self.value else None)
        self._count()
        bonuses = self._signs.bonuses()
        return number, Catalog(graph, settings().var_dir / "embeddings", self.value, bonuses)

    def renew(self) -> None:
        if self.value is None or time.monotonic() - self.counted < _RECOUNT_SECONDS:
            return
        if self._count():
            self.value = self.value.relearned(self._signs.bonuses())

    def _count(self) -> bool:
        self.counted = time.monotonic()
        with session_scope() as session:
            return self._signs.follow(session)


_current = _Current()


def catalog() -> Catalog:
    """The newest catalog, or the one before while the newest is being built."""
    return _current()


def is_product(session: Session, name: str | None) -> bool:
    """Whether the company has a product of exactly that name."""
    found = select(Node.id).where(Node.kind == "product", Node.key == name)
    return name is not None and session.scalar(found) is not None


def record_unanswered(question: str, customer: str, best: str | None, score: float) -> None:
    """Keeps a question that no entry answered with confidence, for the company's editors."""
    with session_scope() as session:
        session.add(
            UnansweredQuestion(text=question, customer=customer, best_node=best, score=round(score * 100))
        )
        record(session, "question.unanswered", customer, best=best, score=round(score, 3))
