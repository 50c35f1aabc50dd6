"""How many messages the platform lets us send to whom, and until when.

Five within 48 hours of a customer's message, three within a minute of a click, follow or scan:
https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage. They do not add up:
the larger count holds, so that every message sent counts against all that are running.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import DateTime, bindparam, func, select, text, update
from sqlalchemy.orm import Session

from kefu.channels.wechat.models import WechatGrant
from kefu.db import utcnow

#: Source: messages, and for how long.
GRANTS = {"message": (5, timedelta(hours=48)), "event": (3, timedelta(minutes=1))}

_GRANT = text(
    "INSERT INTO wechat_grants (identity, source, messages_left, until)"
    " VALUES (:identity, :source, :left, :until)"
    " ON CONFLICT (identity, source) DO UPDATE SET messages_left = :left, until = :until"
).bindparams(bindparam("until", type_=DateTime))


def grant(session: Session, identity: str, source: str) -> None:
    """Notes that the customer did what allows us to send."""
    count, lasting = GRANTS[source]
    values = {"identity": identity, "source": source, "left": count, "until": utcnow() + lasting}
    session.connection().execute(_GRANT, values)


def left(session: Session, identity: str) -> int:
    """How many messages may be sent now."""
    query = select(func.max(WechatGrant.messages_left)).where(
        WechatGrant.identity == identity, WechatGrant.until > utcnow()
    )
    return session.execute(query).scalar() or 0


def spend(session: Session, identity: str, count: int = 1) -> bool:
    """Takes ``count`` messages of what is left; ``False``, and nothing taken, if there are not so many."""
    if left(session, identity) < count:
        return False
    rest = WechatGrant.messages_left - count
    session.execute(
        update(WechatGrant)
        .where(WechatGrant.identity == identity, WechatGrant.until > utcnow(), WechatGrant.messages_left > 0)
        .values(messages_left=rest)
        .execution_options(synchronize_session=False)
    )
    return True


def void(session: Session, identity: str) -> None:
    """Takes all that is left: the platform says so."""
    session.execute(
        update(WechatGrant)
        .where(WechatGrant.identity == identity)
        .values(messages_left=0)
        .execution_options(synchronize_session=False)
    )
