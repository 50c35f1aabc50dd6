"""What the ledger says to the database at every turn, made once.

Building a statement takes SQLAlchemy several times as long as running it, and customers wait for both.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.sql import Update

from kefu.conversations.models import Conversation, Message

_CONVERSATIONS, _MESSAGES = Conversation.__table__, Message.__table__
_C, _M = _CONVERSATIONS.c, _MESSAGES.c
_HERE, _OWNER, _NOW, _SEQ = (bindparam(name) for name in ("conversation", "owner", "now", "number"))
_CHANGED = {"changes": _C.changes + 1}
_MADE = {"last_seq": _C.last_seq + 1, **_CHANGED}
_SAID = {"last_seq": _C.last_seq + bindparam("count"), **_CHANGED}
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
#: Draws as many numbers as a turn's answer has bubbles; the same for who holds the lease.
DRAW_ALL = _change(**_SAID)
DRAW_ALL_AS_HOLDER = _change(_C.lease_owner == _OWNER, **_SAID)
#: Begins a conversation.
BEGIN = insert(_CONVERSATIONS)
#: Takes the lease, renews it (a renewal that comes after it was given back takes nothing), and gives it back.
CLAIM = _change(or_(_C.lease_owner.is_(None), _C.lease_owner == _OWNER, _C.lease_until < _NOW), **_LEASE)
RENEW = _change(_C.lease_owner == _OWNER, lease_until=bindparam("until"))
RELEASE = _change(_C.lease_owner == _OWNER, lease_owner=None, lease_until=None)
#: Says that something happens.
TOUCH = _change(**_CHANGED)
#: Says that the dialogue was begun afresh.
RESTARTED = _change(restart=False)

STORE = insert(_MESSAGES)
ANSWERED = update(_MESSAGES).where(_M.conversation_id == _HERE, _M.seq == _SEQ).values(answered_at=_NOW)

_other = _MESSAGES.alias()
_came = (_other.c.conversation_id == _HERE, _other.c.direction == "in")
#: How many of the customer's messages wait for an answer.
WAITS = select(func.count()).where(*_came, _other.c.answered_at.is_(None))
_last = select(_other.c.seq).where(*_came).order_by(_other.c.seq.desc()).limit(1).scalar_subquery()
_asked = (_M.seq.label("asked"), _M.identity, _M.channel)
#: The last number, with what is known of the customer's last message, if there is one.
STATE = (
    select(_C.last_seq, _C.restart, *_asked, WAITS.scalar_subquery().label("waits"))
    .select_from(_CONVERSATIONS.outerjoin(_MESSAGES, and_(_M.conversation_id == _HERE, _M.seq == _last)))
    .where(_C.id == _HERE)
)
#: The last number, with what is known of the customer's message of a number.
TURN = (
    select(_C.last_seq, *_asked, _M.created_at, _M.answered_at, WAITS.scalar_subquery().label("waits"))
    .select_from(_CONVERSATIONS.join(_MESSAGES, _M.conversation_id == _C.id))
    .where(_C.id == _HERE, _M.seq == _SEQ)
)

#: The messages after one.
AFTER = (
    select(Message)
    .where(Message.conversation_id == _HERE, Message.seq > _SEQ)
    .order_by(Message.seq)
    .limit(bindparam("most"))
)
