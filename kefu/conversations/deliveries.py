"""Bubbles that have to be pushed to a platform: who takes which, so that each goes out once.

A bubble is ``due`` until someone takes it, by one statement, then ``sending``, and at its end ``sent`` or
``failed``. What a dead process left in ``sending`` may have arrived or not; it is not sent again, because the
platforms cannot tell, and an answer said twice breaks the promise that one unsaid does not: the customer sees
that it is missing, asks again and, on other channels, reads it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from kefu.conversations.ledger import NO_SYNC, Entry, entry_of
from kefu.conversations.models import Message
from kefu.db import utcnow

#: Longer than any process that lives keeps a bubble in ``sending``.
LONGEST_SENDING = timedelta(seconds=60)


def take(
    session: Session, identity: str, channel: str, by: str, *conditions: Any, waited: bool = True
) -> list[Entry]:
    """Takes every bubble that is due to an identity; nothing while another is being sent to it.

    The bubbles of an answer are taken when the answer is complete.

    Args:
        session: The caller's transaction, whose first statement this should be.
        identity: To whom.
        channel: On which channel.
        by: A name for this very delivery.
        *conditions: What else must hold, in the same statement.
        waited: Whether to leave those that are not to be tried yet.
    """
    other, asked = aliased(Message), aliased(Message)
    sending = exists().where(
        other.identity == identity, other.channel == channel, other.delivery == "sending"
    )
    complete = exists().where(
        asked.conversation_id == Message.conversation_id,
        asked.seq == Message.reply_to,
        asked.answered_at.is_not(None),
    )
    due = [
        Message.identity == identity,
        Message.channel == channel,
        Message.delivery == "due",
        or_(Message.reply_to.is_(None), complete),
        ~sending,
        *conditions,
    ]
    if waited:
        due.append(or_(Message.delivery_at.is_(None), Message.delivery_at <= utcnow()))
    taken = update(Message).where(*due).values(delivery="sending", delivery_by=by, delivery_at=utcnow())
    if session.execute(taken.execution_options(**NO_SYNC)).rowcount == 0:
        return []
    return taken_by(session, identity, by)


def taken_by(session: Session, identity: str, by: str) -> list[Entry]:
    """The bubbles of one delivery, in order."""
    query = (
        select(Message)
        .where(Message.delivery_by == by, Message.identity == identity)
        .order_by(Message.created_at, Message.seq)
        .execution_options(populate_existing=True)
    )
    return [entry_of(row) for row in session.execute(query).scalars()]


def settle(session: Session, entries: list[Entry], state: str) -> None:
    """Ends the delivery of ``entries`` as ``sent`` or ``failed``."""
    for entry in entries:
        session.execute(_one(entry).values(delivery=state, delivery_at=utcnow()).execution_options(**NO_SYNC))


def put_back(session: Session, entries: list[Entry], until: datetime | None, tried: bool = False) -> None:
    """Makes ``entries`` due again, not before ``until``; ``tried`` counts a vain try."""
    for entry in entries:
        values = {"delivery": "due", "delivery_by": None, "delivery_at": until}
        if tried:
            values["delivery_tries"] = Message.delivery_tries + 1
        session.execute(_one(entry).values(**values).execution_options(**NO_SYNC))


def tries(session: Session, entries: list[Entry]) -> int:
    """How often the delivery of any of ``entries`` was tried in vain."""
    found = [session.get(Message, (entry.conversation, entry.seq)).delivery_tries for entry in entries]
    return max(found, default=0)


def hurry(session: Session, identity: str, channel: str) -> None:
    """Lets what is due to an identity be tried at once."""
    here = (Message.identity == identity, Message.channel == channel, Message.delivery == "due")
    session.execute(update(Message).where(*here).values(delivery_at=None).execution_options(**NO_SYNC))


def is_sending(session: Session, identity: str, channel: str) -> bool:
    """Whether something is being sent to an identity at this moment."""
    query = select(Message.seq).where(
        Message.identity == identity, Message.channel == channel, Message.delivery == "sending"
    )
    return session.execute(query.limit(1)).first() is not None


def due_to(session: Session, channel: str) -> list[str]:
    """Identities to whom something is due now."""
    query = (
        select(Message.identity)
        .where(
            Message.delivery == "due",
            Message.channel == channel,
            or_(Message.delivery_at.is_(None), Message.delivery_at <= utcnow()),
        )
        .distinct()
    )
    return list(session.execute(query).scalars())


def give_up_on_the_dead(session: Session, channel: str) -> list[Entry]:
    """Ends as ``failed`` what a process that died was sending, and gives it."""
    left = select(Message).where(
        Message.delivery == "sending",
        Message.channel == channel,
        Message.delivery_at < utcnow() - LONGEST_SENDING,
    )
    rows = session.execute(left).scalars().all()
    for row in rows:
        row.delivery = "failed"
    return [entry_of(row) for row in rows]


def _one(entry: Entry):
    return update(Message).where(Message.conversation_id == entry.conversation, Message.seq == entry.seq)
