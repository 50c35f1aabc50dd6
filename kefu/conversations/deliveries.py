"""Bubbles that have to be pushed to a platform: who takes which, so that each goes out once.

A bubble is ``due`` until someone takes it, by one statement, then ``taken``, ``sending`` from just before it
goes out, and at its end ``sent`` or ``failed``. What may not be sent before the customer writes is
``waiting`` for that.

What a dead process left ``taken`` has not gone out and is due again. What it left in ``sending`` may have
arrived or not; it is not sent again, because the platforms cannot tell, and an answer said twice breaks the
promise that one unsaid does not: the customer sees that it is missing, asks again and, on other channels,
reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import Update

from kefu.conversations.ledger import NO_SYNC, Entry, entry_of
from kefu.conversations.models import Message
from kefu.db import batches, utcnow

#: Longer than any process that lives keeps a bubble in ``taken`` or ``sending``.
LONGEST_SENDING = timedelta(seconds=60)
#: How a delivery stands that has not ended.
UNDER_WAY = ("due", "taken", "sending", "waiting")
#: Of these, what somebody is sending.
_IN_HANDS = ("taken", "sending")

_MESSAGES = Message.__table__
_M, _OTHER = _MESSAGES.c, _MESSAGES.alias()
# Made once, like the ledger's own (kefu.conversations.statements).
_TAKEN = (
    select(_MESSAGES)
    .where(_M.delivery_by == bindparam("by"), _M.identity == bindparam("whose"))
    .order_by(_M.created_at, _M.seq)
)
_HURRY = (
    update(_MESSAGES)
    .where(
        _M.identity == bindparam("whose"),
        _M.channel == bindparam("on"),
        or_(_M.delivery == "waiting", and_(_M.delivery == "due", _M.delivery_at.is_not(None))),
    )
    .values(delivery="due", delivery_at=None)
)


def taking(*conditions: Any, waited: bool = True) -> Update:
    """A statement for ``take``, to be made once.

    Args:
        *conditions: What else must hold of a bubble, in the same statement.
        waited: Whether to leave those that are not to be tried yet.
    """
    sending = exists().where(
        _OTHER.c.identity == _M.identity, _OTHER.c.channel == _M.channel, _OTHER.c.delivery.in_(_IN_HANDS)
    )
    due = [
        _M.identity == bindparam("whose"),
        _M.channel == bindparam("on"),
        _M.delivery == "due",
        ~sending,
        *conditions,
    ]
    if waited:
        due.append(or_(_M.delivery_at.is_(None), _M.delivery_at <= bindparam("now")))
    taken = {"delivery": bindparam("state"), "delivery_by": bindparam("by"), "delivery_at": bindparam("now")}
    return update(_MESSAGES).where(*due).values(**taken)


def take(
    session: Session, how: Update, identity: str, channel: str, by: str, state: str = "taken", **more: Any
) -> list[Entry]:
    """Takes every bubble that is due to an identity; nothing while another is being sent to it.

    Args:
        session: The caller's transaction, whose first statement this should be.
        how: Of ``taking``.
        identity: To whom.
        channel: On which channel.
        by: A name for this very delivery.
        state: What they become: ``taken``, or ``sent`` where sending cannot fail.
        **more: Values for the further conditions of ``how``.
    """
    given = {"whose": identity, "on": channel, "by": by, "state": state, "now": utcnow(), **more}
    return taken_by(session, identity, by) if session.connection().execute(how, given).rowcount else []


def taken_by(session: Session, identity: str, by: str) -> list[Entry]:
    """The bubbles of one delivery, in order."""
    taken = session.connection().execute(_TAKEN, {"whose": identity, "by": by})
    return [entry_of(row) for row in taken]


def begin(session: Session, entries: Sequence[Entry], by: str) -> bool:
    """Says that ``entries`` of the delivery ``by`` go out now.

    Returns:
        Whether they may: not if they were left ``taken`` for so long that they went to somebody else.
    """
    for entry in entries:
        still = (Message.delivery.in_(_IN_HANDS), Message.delivery_by == by)
        mine = _one(entry).where(*still).values(delivery="sending", delivery_at=utcnow())
        if not session.execute(mine.execution_options(**NO_SYNC)).rowcount:
            return False
    return True


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


def wait(session: Session, entries: list[Entry]) -> None:
    """Keeps ``entries`` until ``hurry``."""
    for entry in entries:
        values = {"delivery": "waiting", "delivery_by": None, "delivery_at": None}
        session.execute(_one(entry).values(**values).execution_options(**NO_SYNC))


def tries(session: Session, entries: list[Entry]) -> int:
    """How often the delivery of any of ``entries`` was tried in vain."""
    found = [session.get(Message, (entry.conversation, entry.seq)).delivery_tries for entry in entries]
    return max(found, default=0)


def hurry(session: Session, identity: str, channel: str) -> None:
    """Lets what is due to an identity, or waits for them to write, be tried at once."""
    session.connection().execute(_HURRY, {"whose": identity, "on": channel})


def is_sending(session: Session, identity: str, channel: str) -> bool:
    """Whether something is being sent to an identity at this moment."""
    query = select(Message.seq).where(
        Message.identity == identity, Message.channel == channel, Message.delivery.in_(_IN_HANDS)
    )
    return session.execute(query.limit(1)).first() is not None


def count_due(session: Session, identity: str, channel: str) -> int:
    """How many bubbles are still to be sent to an identity."""
    query = select(func.count()).where(
        Message.identity == identity,
        Message.channel == channel,
        Message.delivery.in_(("due", *_IN_HANDS)),
    )
    return session.execute(query).scalar_one()


def under_way(session: Session, conversations: Collection[str]) -> dict[tuple[str, int], str]:
    """What is still to be sent in these conversations: how that stands, by conversation and number."""
    query = select(Message.conversation_id, Message.seq, Message.delivery).where(
        Message.delivery.in_(UNDER_WAY)
    )
    found: dict[tuple[str, int], str] = {}
    for some in batches(sorted(conversations)):
        rows = session.execute(query.where(Message.conversation_id.in_(some)))
        found.update({(where, seq): state for where, seq, state in rows})
    return found


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
    """Ends as ``failed`` what a process that died was sending, and gives it; what it had not begun is due."""
    long_ago = utcnow() - LONGEST_SENDING
    abandoned = (Message.channel == channel, Message.delivery_at < long_ago)
    # By what they are at this moment: a process that was only asleep may just be going on.
    again = update(Message).where(Message.delivery == "taken", *abandoned)
    values = {"delivery": "due", "delivery_by": None, "delivery_at": None}
    session.execute(again.values(**values).execution_options(**NO_SYNC))
    left = session.execute(select(Message).where(Message.delivery == "sending", *abandoned)).scalars().all()
    failed = []
    for entry in map(entry_of, left):
        ended = _one(entry).where(Message.delivery == "sending", *abandoned)
        values = {"delivery": "failed", "delivery_at": utcnow()}
        if session.execute(ended.values(**values).execution_options(**NO_SYNC)).rowcount:
            failed.append(entry)
    return failed


def _one(entry: Entry) -> Update:
    """Changes one bubble, unless it went to another conversation when a link was undone (`ledger.part`)."""
    here = (Message.conversation_id == entry.conversation, Message.seq == entry.seq)
    return update(Message).where(*here, Message.delivery.is_not(None))
