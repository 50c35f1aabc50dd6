"""Where conversations stand: what a client that follows one has to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.conversations.ledger import Entry, entry_of
from kefu.conversations.models import Conversation, Message
from kefu.customers import service as customers
from kefu.db import batches


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands, for a client that follows it.

    Attributes:
        conversation, changes: Of which, and of which of its states, this is.
        messages: Those asked for, oldest first.
        processing: The customer's message whose answer is being worked on, if there is one.
        answered: The customer's last message up to which all are answered; 0 without one.
        delivered, read: The bot's last message that a client of the customer has, and has shown; 0 without.
    """

    conversation: str
    changes: int
    messages: list[Entry]
    processing: int | None = None
    answered: int = 0
    delivered: int = 0
    read: int = 0


def versions(session: Session, identities: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Of each identity the conversation in which it speaks now, and that one's ``changes``."""
    speaking = customers.conversations_of(session, identities)
    query = select(Conversation.id, Conversation.changes)
    changes: dict[str, int] = {}
    for some in batches(sorted(set(speaking.values()))):
        changes.update(session.execute(query.where(Conversation.id.in_(some))).all())
    return {identity: (where, changes.get(where, 0)) for identity, where in speaking.items()}


def look(session: Session, conversation: str, after: int | None, limit: int) -> Standing:
    """Where the conversation stands, with its first messages after ``after`` (``None``: its last)."""
    here, last = Message.conversation_id == conversation, Message.seq.desc()
    query = select(Message).where(here)
    query = query.order_by(last) if after is None else query.where(Message.seq > after).order_by(Message.seq)
    came, went = Message.direction == "in", Message.direction == "out"
    # First: whatever happens during the reading shows as a change after it.
    changes = session.execute(select(Conversation.changes).where(Conversation.id == conversation)).scalar()
    messages = [entry_of(row) for row in session.execute(query.limit(limit)).scalars()]
    open_ = select(Message.seq, Message.attempts).where(here, came, Message.answered_at.is_(None))
    waiting = session.execute(open_.order_by(Message.seq).limit(1)).first()

    def newest(*conditions: Any) -> int:
        seq = select(Message.seq).where(here, *conditions).order_by(last).limit(1)
        return session.execute(seq).scalar() or 0

    return Standing(
        conversation,
        changes or 0,
        messages[::-1] if after is None else messages,
        processing=waiting.seq if waiting and waiting.attempts else None,
        answered=newest(came, Message.seq < waiting.seq) if waiting else newest(came),
        delivered=newest(went, Message.delivered_at.is_not(None)),
        read=newest(went, Message.read_at.is_not(None)),
    )
