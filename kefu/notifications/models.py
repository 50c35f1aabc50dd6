"""Tables of the outbox, of what customers want to be told, and of campaigns."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)

from kefu.db import Base, utcnow

#: States in which a notification is still to be sent.
OPEN = ("queued", "failed", "sending")


class Campaign(Base):
    """News for a segment of customers.

    Attributes:
        segment: An expression over the profile (`kefu.notifications.expressions`).
        texts: What is said, by language.
        state: ``draft``, ``scheduled``, ``running``, ``paused``, ``done`` or ``cancelled``.
        starts_at: When it begins by itself (UTC).
        after: The customer that was looked at last; the next part of the audience comes after.
        matched: How many customers of the segment were found so far.
        version: Grows with every change of state, so that two at once do not both win.
    """

    __tablename__ = "campaigns"

    id = Column(Integer, primary_key=True)
    name = Column(String(100), nullable=False)
    topic = Column(String(16), nullable=False)
    segment = Column(Text, nullable=False)
    texts = Column(JSON, nullable=False)
    state = Column(String(12), nullable=False, default="draft")
    starts_at = Column(DateTime)
    after = Column(String(64), nullable=False, default="")
    matched = Column(Integer, nullable=False, default=0)
    created_by = Column(String(64), nullable=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    ended_at = Column(DateTime)
    version = Column(Integer, nullable=False, default=1)

    __mapper_args__ = {"version_id_col": version}


class Notification(Base):
    """One thing to tell one customer: a row of the outbox.

    Attributes:
        customer: One of the customer's conversations.
        key: What it is about, once for each customer.
        response: Its words in domain.yml.
        facts: What the words need, by language.
        about: What a reply to it is about: the slot ``notice`` (`kefu.notifications.outbox`).
        state: ``queued``, ``sending``, ``sent``, ``failed`` (tried in vain, to be tried again), ``dead``
            (tried in vain for the last time) or ``suppressed``.
        reason: Why it is held, dead or suppressed: a code.
        critical: Comes in quiet hours, too, and while a colleague talks.
        next_at: Before when it is not tried (again).
        expires_at: After when it is not sent any more.
        lease_owner, lease_until: Who sends it now, and from when on others may.
        avoid: Identities by which it could not be sent.
        identity, channel: By which it is sent, or was.
        tries: How often it was tried in vain by that one.
        conversation, seq: The message that it became.
        arrived: Whether the platform took that message, where that can be known.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("uq_notifications_customer_key", "customer", "key", unique=True),
        Index("ix_notifications_state_next_at", "state", "next_at"),
        Index("ix_notifications_customer_sent_at", "customer", "sent_at"),
        Index("ix_notifications_conversation_seq", "conversation", "seq"),
    )

    id = Column(Integer, primary_key=True)
    customer = Column(String(64), nullable=False)
    key = Column(String(128), nullable=False)
    topic = Column(String(16), nullable=False)
    response = Column(String(64), nullable=False)
    facts = Column(JSON, nullable=False)
    about = Column(JSON, nullable=False)
    campaign_id = Column(ForeignKey("campaigns.id"), index=True)
    critical = Column(Boolean, nullable=False, default=False)
    state = Column(String(12), nullable=False, default="queued")
    reason = Column(String(32))
    next_at = Column(DateTime, nullable=False, default=utcnow)
    expires_at = Column(DateTime, nullable=False)
    lease_owner = Column(String(36))
    lease_until = Column(DateTime)
    avoid = Column(JSON, nullable=False, default=list)
    identity = Column(String(64))
    channel = Column(String(16))
    tries = Column(Integer, nullable=False, default=0)
    conversation = Column(String(64))
    seq = Column(Integer)
    arrived = Column(Boolean)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    sent_at = Column(DateTime)


class Choice(Base):
    """That an identity wants a topic, or no longer; the newest of a customer's identities holds.

    Attributes:
        campaign_id: The campaign in reply to which it was said.
    """

    __tablename__ = "notification_choices"

    identity = Column(String(64), primary_key=True)
    topic = Column(String(16), primary_key=True)
    wanted = Column(Boolean, nullable=False)
    campaign_id = Column(ForeignKey("campaigns.id"))
    at = Column(DateTime, nullable=False, default=utcnow)


class Manner(Base):
    """How an identity wants to be told; the newest of a customer's identities holds.

    Attributes:
        zone: IANA zone in which the quiet hours are; empty for the company's.
        quiet_from, quiet_until: Times of day, ``22:00``; empty for the company's quiet hours.
        channel: Where they would rather be told, before the channel used last.
        language: ``zh`` or ``en``; empty for that of their conversation.
    """

    __tablename__ = "notification_manners"

    identity = Column(String(64), primary_key=True)
    zone = Column(String(64), nullable=False, default="")
    quiet_from = Column(String(5), nullable=False, default="")
    quiet_until = Column(String(5), nullable=False, default="")
    channel = Column(String(16), nullable=False, default="")
    language = Column(String(8), nullable=False, default="")
    at = Column(DateTime, nullable=False, default=utcnow)
