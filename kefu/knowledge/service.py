"""Use cases of knowledge: find, answer, diagnose, remember what could not be answered."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.clicks import learned_bonuses
from kefu.knowledge.entries import Catalog
from kefu.knowledge.graph import Graph
from kefu.knowledge.models import Edition, UnansweredQuestion
from kefu.knowledge.snapshot import Snapshot


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
            if edition() == number:
                raise
            continue
        if edition() == number:
            return number, graph


class _Current(Snapshot[Catalog]):
    """The catalog in use."""

    def newest(self) -> int | None:
        return edition()

    def build(self) -> tuple[int | None, Catalog]:
        number, graph = read_graph()
        with session_scope() as session:
            bonuses = learned_bonuses(session)
        return number, Catalog(graph, settings().var_dir / "embeddings", self.value, bonuses)


_current = _Current()


def catalog() -> Catalog:
    """The newest catalog, or the one before while the newest is being built."""
    return _current()


def unanswered(session: Session, before: int | None = None, limit: int = 50) -> list[UnansweredQuestion]:
    """Questions that no entry answered, the newest first; ``before`` is the id to go on from."""
    query = select(UnansweredQuestion).order_by(UnansweredQuestion.id.desc()).limit(limit)
    if before is not None:
        query = query.where(UnansweredQuestion.id < before)
    return list(session.scalars(query))


def record_unanswered(question: str, customer: str, best: str | None, score: float) -> None:
    """Keeps a question that no entry answered with confidence, for the company's editors."""
    with session_scope() as session:
        session.add(
            UnansweredQuestion(text=question, customer=customer, best_node=best, score=round(score * 100))
        )
        record(session, "question.unanswered", customer, best=best, score=round(score, 3))
