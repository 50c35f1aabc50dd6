"""The event log: facts recorded as they happen.

Every topic writes, insights reads. Rows carry ids and categories, never message bodies, so that figures
can be kept when a person is forgotten.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Index, Integer, String, bindparam, select, text
from sqlalchemy.orm import Session

from kefu.db import Base, utcnow

#: How kinds begin of which other systems may be told (`kefu.webhooks`).
TOLD = ("ticket.", "handoff.", "customer.")


class Event(Base):
    """One fact: what happened, when, to which customer.

    Attributes:
        request_key: Identifies the message that led to it where one message may be handled twice.
        pending: True until it was looked at for other systems, then nothing. A mark and no last number read,
            because on PostgreSQL a row may be seen after one with a higher number.
    """

    __tablename__ = "event_log"
    __table_args__ = (
        Index(
            "ix_event_log_pending",
            "id",
            sqlite_where=text("pending IS NOT NULL"),
            postgresql_where=text("pending IS NOT NULL"),
        ),
        Index("ix_event_log_kind_at", "kind", "at"),
        Index("uq_event_log_request_key", "kind", "request_key", unique=True),
    )

    id = Column(Integer, primary_key=True)
    at = Column(DateTime, nullable=False, default=utcnow)
    kind = Column(String(64), nullable=False)
    customer = Column(String(128), index=True)
    data = Column(JSON, nullable=False, default=dict)
    request_key = Column(String(255))
    pending = Column(Boolean)


# As text: SQLAlchemy would compile its own `on_conflict_do_nothing` anew each time, for one database only.
_INSERT_NEW = text(
    "INSERT INTO event_log (at, kind, customer, data, request_key, pending)"
    " VALUES (:at, :kind, :customer, :data, :request_key, :pending) ON CONFLICT DO NOTHING"
).bindparams(
    bindparam("at", type_=DateTime), bindparam("data", type_=JSON), bindparam("pending", type_=Boolean)
)


def record(session: Session, kind: str, customer: str | None = None, /, **data: Any) -> Event:
    """Adds a fact to the log within the caller's transaction.

    Args:
        session: The transaction that the fact belongs to.
        kind: ``topic.past_participle``, for instance ``ticket.opened``.
        customer: Conversation id of the customer concerned.
        **data: JSON values: ids, categories, numbers.
    """
    event = Event(kind=kind, customer=customer, data=data, pending=_is_told(kind))
    session.add(event)
    return event


def record_once(session: Session, kind: str, request_key: str, customer: str, /, **data: Any) -> bool:
    """Adds a fact that one message leads to, unless the log has it; returns whether it was added.

    Every turn with an action does this, so it is a single statement, which also bears that the same message
    is handled at this very moment elsewhere.
    """
    values = {"at": utcnow(), "kind": kind, "customer": customer, "data": data, "request_key": request_key}
    values["pending"] = _is_told(kind)
    return bool(session.connection().execute(_INSERT_NEW, values).rowcount)


def _is_told(kind: str) -> bool | None:
    return kind.startswith(TOLD) or None


def source_of(session: Session, kind: str, request_key: str) -> str:
    """How facts name the event as their source that ``record_once`` added: ``event:17``."""
    found = select(Event.id).where(Event.kind == kind, Event.request_key == request_key)
    return f"event:{session.scalar(found)}"
