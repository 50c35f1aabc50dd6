"""The ledger of messages: what makes "never lost, never answered twice" true.

A customer's message is written here before it is acknowledged, and every bubble of the bot before it
is sent. Each conversation numbers its messages 1, 2, 3, ... without gaps, so that a client sees by the
numbers alone whether it missed one.

A conversation is answered by one process at a time: the one that holds its lease. A process that dies
stops renewing, and another (or its own successor) takes over where the ledger says it stopped.

Every method is synchronous and takes one short transaction, whose first statement writes: SQLite and
PostgreSQL then queue concurrent writers of a conversation instead of failing one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, String, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.db import Base, session_scope, utcnow

NO_SYNC = {"synchronize_session": False}


class Conversation(Base):
    """One customer's conversation on one channel; its id is Rasa's ``sender_id``."""

    __tablename__ = "conversations"

    id = Column(String(64), primary_key=True)
    last_seq = Column(Integer, nullable=False, default=0)
    lease_owner = Column(String(36))
    lease_until = Column(DateTime)
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Message(Base):
    """One message. ``in`` comes from the customer, ``out`` from the bot.

    ``reply_to`` is the ``seq`` of the message that a bubble answers; ``answered_at`` is set on an ``in``
    message when its answer is complete.
    """

    __tablename__ = "messages"

    conversation_id = Column(String(64), ForeignKey("conversations.id"), primary_key=True)
    seq = Column(Integer, primary_key=True, autoincrement=False)
    direction = Column(String(3), nullable=False)
    client_id = Column(String(36))
    body = Column(JSON, nullable=False)
    reply_to = Column(Integer)
    attempts = Column(Integer, nullable=False, default=0)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    answered_at = Column(DateTime)

    __table_args__ = (
        Index("uq_messages_client_id", "conversation_id", "client_id", unique=True),
        Index("ix_messages_unanswered", "direction", "answered_at"),
    )


@dataclass(frozen=True)
class Entry:
    """A message as read from the ledger; times are UTC."""

    conversation: str
    seq: int
    direction: str
    client_id: str | None
    body: dict[str, Any]
    reply_to: int | None
    attempts: int
    created_at: datetime


class LeaseLost(Exception):
    """Another process answers this conversation now; whatever this one still has must not be sent."""


class Ledger:
    """Reads and writes conversations.

    Args:
        scope: Opens a session that commits at its end.
    """

    def __init__(self, scope: Callable[[], AbstractContextManager[Session]] = session_scope) -> None:
        self._scope = scope

    def accept(self, conversation: str, client_id: str, body: dict) -> tuple[Entry, bool]:
        """Stores a customer's message; returns it, and whether it was new (not sent before)."""
        return self._retried(lambda: self._accept(conversation, client_id, body))

    def record(
        self, conversation: str, body: dict, reply_to: int | None = None, owner: str | None = None
    ) -> Entry:
        """Stores one bubble of the bot.

        Raises:
            LeaseLost: ``owner`` is given and no longer holds the conversation's lease.
        """
        return self._retried(lambda: self._record(conversation, body, reply_to, owner))

    def after(self, conversation: str, seq: int, limit: int) -> list[Entry]:
        """The first ``limit`` messages after ``seq``, oldest first."""
        with self._scope() as session:
            query = _of(conversation).where(Message.seq > seq).order_by(Message.seq).limit(limit)
            return [_entry(row) for row in session.execute(query).scalars()]

    def before(self, conversation: str, seq: int | None, limit: int) -> list[Entry]:
        """The last ``limit`` messages before ``seq`` (``None``: of all), oldest first."""
        query = _of(conversation).order_by(Message.seq.desc()).limit(limit)
        if seq is not None:
            query = query.where(Message.seq < seq)
        with self._scope() as session:
            return [_entry(row) for row in session.execute(query).scalars()][::-1]

    def button(self, conversation: str, seq: int, index: int) -> dict | None:
        """The button ``index`` under message ``seq`` of this very conversation, if there is one."""
        with self._scope() as session:
            row = session.get(Message, (conversation, seq))
            buttons = row.body.get("buttons") or [] if row is not None and row.direction == "out" else []
            return buttons[index] if index < len(buttons) else None

    def claim(self, conversation: str, owner: str, seconds: float) -> bool:
        """Takes or renews the right to answer the conversation; ``False`` if another holds it."""
        now = utcnow()
        free = or_(
            Conversation.lease_owner.is_(None),
            Conversation.lease_owner == owner,
            Conversation.lease_until < now,
        )
        with self._scope() as session:
            taken = session.execute(
                update(Conversation)
                .where(Conversation.id == conversation, free)
                .values(lease_owner=owner, lease_until=now + timedelta(seconds=seconds))
                .execution_options(**NO_SYNC)
            )
            return taken.rowcount == 1

    def release(self, conversation: str, owner: str) -> None:
        """Gives the conversation back."""
        with self._scope() as session:
            session.execute(
                update(Conversation)
                .where(Conversation.id == conversation, Conversation.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
                .execution_options(**NO_SYNC)
            )

    def next_unanswered(self, conversation: str) -> Entry | None:
        """The oldest message that still needs an answer, its attempt counted; ``None`` if there is none.

        A message that was tried before and has bubbles counts as answered: the process died between
        its last bubble and ``finish``.
        """
        oldest = _of(conversation).where(Message.direction == "in", Message.answered_at.is_(None))
        with self._scope() as session:
            _touch(session, conversation)
            for row in session.execute(oldest.order_by(Message.seq)).scalars().all():
                replies = _of(conversation).where(Message.reply_to == row.seq).limit(1)
                if row.attempts and session.execute(replies).first():
                    row.answered_at = utcnow()
                    continue
                row.attempts += 1
                return _entry(row)
            return None

    def finish(self, conversation: str, seq: int) -> None:
        """Marks the customer's message ``seq`` as answered."""
        with self._scope() as session:
            session.execute(
                update(Message)
                .where(Message.conversation_id == conversation, Message.seq == seq)
                .values(answered_at=utcnow())
                .execution_options(**NO_SYNC)
            )

    def waiting(self) -> list[str]:
        """Conversations with a message that still needs an answer."""
        query = (
            select(Message.conversation_id)
            .where(Message.direction == "in", Message.answered_at.is_(None))
            .distinct()
        )
        with self._scope() as session:
            return list(session.execute(query).scalars())

    def _accept(self, conversation: str, client_id: str, body: dict) -> tuple[Entry, bool]:
        with self._scope() as session:
            seq = _next_seq(session, conversation)
            known = session.execute(_of(conversation).where(Message.client_id == client_id)).scalar()
            if known is not None:
                entry = _entry(known)
                session.rollback()  # gives the number back
                return entry, False
            row = Message(
                conversation_id=conversation,
                seq=seq,
                direction="in",
                client_id=client_id,
                body=body,
                created_at=utcnow(),
            )
            session.add(row)
            session.flush()
            return _entry(row), True

    def _record(self, conversation: str, body: dict, reply_to: int | None, owner: str | None) -> Entry:
        with self._scope() as session:
            row = Message(
                conversation_id=conversation,
                seq=_next_seq(session, conversation, owner),
                direction="out",
                body=body,
                reply_to=reply_to,
                created_at=utcnow(),
            )
            session.add(row)
            session.flush()
            return _entry(row)

    @staticmethod
    def _retried(write: Callable[[], Any]) -> Any:
        """Runs ``write`` again if another process created the same conversation meanwhile."""
        try:
            return write()
        except IntegrityError:
            return write()


def _of(conversation: str):
    return select(Message).where(Message.conversation_id == conversation)


def _touch(session: Session, conversation: str) -> None:
    """Takes the conversation's row lock by a write that changes nothing."""
    same = update(Conversation).where(Conversation.id == conversation).values(last_seq=Conversation.last_seq)
    session.execute(same.execution_options(**NO_SYNC))


def _next_seq(session: Session, conversation: str, owner: str | None = None) -> int:
    """Draws the next number, which locks the conversation until the transaction ends."""
    here = Conversation.id == conversation
    held = here if owner is None else and_(here, Conversation.lease_owner == owner)
    bump = update(Conversation).where(held).values(last_seq=Conversation.last_seq + 1)
    if session.execute(bump.execution_options(**NO_SYNC)).rowcount == 0:
        if owner is not None:
            raise LeaseLost(conversation)
        session.add(Conversation(id=conversation, last_seq=1))
        session.flush()
        return 1
    return session.execute(select(Conversation.last_seq).where(here)).scalar_one()


def _entry(row: Message) -> Entry:
    return Entry(
        conversation=row.conversation_id,
        seq=row.seq,
        direction=row.direction,
        client_id=row.client_id,
        body=dict(row.body),
        reply_to=row.reply_to,
        attempts=row.attempts or 0,
        created_at=row.created_at,
    )
