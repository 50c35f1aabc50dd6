"""What the ledger says to the database at every turn, made once.

Building a statement takes SQLAlchemy several times as long as running it, and customers wait for both.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.sql import Select, Update

from kefu.conversations.models import Conversation, Message

_CONVERSATIONS, _MESSAGES = Conversation.__table__, Message.__table__
_C, _M = _CONVERSATIONS.c, _MESSAGES.c
_HERE, _OWNER, _NOW, _SEQ = (bindparam(name) for name in ("conversation", "owner", "now", "number"))
_MADE = {"last_seq": _C.last_seq + 1, "changes": _C.changes + 1}
_LEASE = {"lease_owner": _OWNER, "lease_until": bindparam("until")}


def _change(*conditions, **values) -> Update:
    return update(_CONVERSATIONS).where(_C.id == _HERE, *conditions).values(**values)


#: Draws the next number; the same for who holds the lease; the same, taking the lease if it is free (not what
#: the owner holds already: another turn of its own may run).
DRAW = _change(**_MADE)
DRAW_AS_HOLDER = _change(_C.lease_owner == _OWNER, **_MADE)
DRAW_AND_TAKE = _change(
    or_(_C.lease_owner.is_(None), and_(_C.lease_owner != _OWNER, _C.lease_until < _NOW)), **_MADE, **_LEASE
)
#: Begins a conversation.
BEGIN = insert(_CONVERSATIONS)
#: Takes or renews the lease, and gives it back.
CLAIM = _change(or_(_C.lease_owner.is_(None), _C.lease_owner == _OWNER, _C.lease_until < _NOW), **_LEASE)
RELEASE = _change(_C.lease_owner == _OWNER, lease_owner=None, lease_until=None)
#: Says that something happens.
TOUCH = _change(changes=_C.changes + 1)
#: Says that the dialogue was begun afresh.
RESTARTED = _change(restart=False)

STORE = insert(_MESSAGES)
ANSWERED = update(_MESSAGES).where(_M.conversation_id == _HERE, _M.seq == _SEQ).values(answered_at=_NOW)

_CAME = and_(_M.conversation_id == _HERE, _M.direction == "in")


def _state(seq, *more) -> Select:
    asked = (_M.seq.label("asked"), _M.identity, _M.channel, _M.answered_at)
    joined = _CONVERSATIONS.outerjoin(_MESSAGES, and_(_CAME, _M.seq == seq))
    return select(_C.last_seq, _C.restart, *asked, *more).select_from(joined).where(_C.id == _HERE)


_other = _MESSAGES.alias()
#: How many of the customer's messages wait for an answer.
WAITS = select(func.count()).where(
    _other.c.conversation_id == _HERE, _other.c.direction == "in", _other.c.answered_at.is_(None)
)
_waits = WAITS.scalar_subquery().label("waits")
#: The last number, with what is known of the customer's last message, or of the one with a number.
STATE = _state(
    select(_other.c.seq)
    .where(_other.c.conversation_id == _HERE, _other.c.direction == "in")
    .order_by(_other.c.seq.desc())
    .limit(1)
    .scalar_subquery(),
    _waits,
)
STATE_OF = _state(_SEQ)
#: The same count, and whose the message with a number is.
AFTER_TURN = select(_M.identity, _M.created_at, _waits).where(_M.conversation_id == _HERE, _M.seq == _SEQ)

#: The messages after one.
AFTER = (
    select(Message)
    .where(Message.conversation_id == _HERE, Message.seq > _SEQ)
    .order_by(Message.seq)
    .limit(bindparam("most"))
)
