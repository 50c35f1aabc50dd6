"""Tables of the WeChat channel: what may be sent, which callbacks are open, the account's token."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Integer, String, Text

from kefu.db import Base, utcnow


class WechatGrant(Base):
    """How many customer-service messages the platform still lets us send to someone.

    Attributes:
        source: ``message`` (the customer wrote) or ``event`` (followed, scanned, clicked a menu).
    """

    __tablename__ = "wechat_grants"

    identity = Column(String(64), primary_key=True)
    source = Column(String(8), primary_key=True)
    messages_left = Column(Integer, nullable=False)
    until = Column(DateTime, nullable=False)


class WechatHold(Base):
    """A callback that is still open and may carry the answer; nothing is pushed to its customer meanwhile.

    Attributes:
        client_id: ``Message.client_id`` of the message called back for.
        until: When it counts as gone, should its process die.
    """

    __tablename__ = "wechat_holds"
    __table_args__ = (Index("ix_wechat_holds_until", "until"),)

    id = Column(String(36), primary_key=True)
    identity = Column(String(64), nullable=False, index=True)
    client_id = Column(String(36), nullable=False)
    until = Column(DateTime, nullable=False)


class WechatToken(Base):
    """The account's access token, shared by every process.

    Attributes:
        fetching_until: Until when a process that is fetching a new one is waited for.
    """

    __tablename__ = "wechat_tokens"

    appid = Column(String(64), primary_key=True)
    token = Column(Text, nullable=False, default="")
    expires_at = Column(DateTime, nullable=False, default=utcnow)
    fetching_until = Column(DateTime)
