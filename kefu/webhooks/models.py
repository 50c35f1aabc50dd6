"""Tables of subscriptions and of what has to be delivered to them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Text

from kefu.db import Base, utcnow


class Subscription(Base):
    """An address that is told of events of certain kinds.

    Attributes:
        kinds: Kinds of events, each whole (``ticket.opened``) or by its topic (``ticket.*``).
        secret: Signs what is sent. Kept as it is: a signature needs it.
        request_key: Identifies the request that made it, so that a repeated one makes no second.
        active: Whether anything is sent.
        ended: Why it was switched off by itself: ``gone`` (the receiver answered 410); else nothing.
        failures, failing_since: Vain tries in a row, and when the first of them was.
        next_at: Before when nothing is tried, after a vain try.
        lease_owner, lease_until: Which process sends to it now, and until when no other may.
    """

    __tablename__ = "webhook_subscriptions"

    id = Column(Integer, primary_key=True)
    url = Column(String(500), nullable=False)
    kinds = Column(JSON, nullable=False)
    secret = Column(String(100), nullable=False)
    request_key = Column(String(200), unique=True)
    active = Column(Boolean, nullable=False, default=True)
    ended = Column(String(16))
    failures = Column(Integer, nullable=False, default=0)
    failing_since = Column(DateTime)
    next_at = Column(DateTime)
    lease_owner = Column(String(36))
    lease_until = Column(DateTime)
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Delivery(Base):
    """One event on its way to one subscription.

    Attributes:
        message_id: The receiver's means against doubles; the same at every try.
        body: What is sent, to the byte the same at every try.
        state: ``due``, ``sent`` or ``failed``.
        tries, tried_at: How often it was tried, and when last.
        next_at: Before when it is not tried (again).
        status, error: What the last try ended with: a status of HTTP, or why there was none.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("uq_webhook_deliveries_event", "subscription_id", "event_id", unique=True),
        Index("ix_webhook_deliveries_due", "state", "next_at"),
    )

    id = Column(Integer, primary_key=True)
    subscription_id = Column(
        ForeignKey("webhook_subscriptions.id", ondelete="CASCADE"), nullable=False, index=True
    )
    event_id = Column(Integer)
    message_id = Column(String(40), nullable=False, unique=True)
    kind = Column(String(64), nullable=False)
    body = Column(Text, nullable=False)
    state = Column(String(8), nullable=False, default="due")
    tries = Column(Integer, nullable=False, default=0)
    tried_at = Column(DateTime)
    next_at = Column(DateTime, nullable=False, default=utcnow)
    status = Column(Integer)
    error = Column(String(64))
    created_at = Column(DateTime, nullable=False, default=utcnow)
