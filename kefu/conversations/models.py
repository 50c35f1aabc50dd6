"""Tables of conversations and their messages."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Index, Integer, String

from kefu.db import Base, utcnow


class Conversation(Base):
    """A conversation; its id is Rasa's ``sender_id`` and that of the identity whose own one it is.

    Attributes:
        changes: Grows with all that happens in it, so that who follows it sees by one number whether to look.
        restart: Its dialogue must be begun afresh before the next message, because a link was undone.
    """

    __tablename__ = "conversations"

    id = Column(String(64), primary_key=True)
    last_seq = Column(Integer, nullable=False, default=0)
    changes = Column(Integer, nullable=False, default=0)
    lease_owner = Column(String(36))
    lease_until = Column(DateTime)
    restart = Column(Boolean, nullable=False, default=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Message(Base):
    """One message. ``in`` comes from the customer, ``out`` from the bot.

    Attributes:
        client_id: The channel's id of an ``in`` message, the key against doubles.
        identity: Who sent it, or to whom it is addressed.
        reply_to: The ``seq`` of the message that a bubble answers; ``None`` for a push.
        answered_at: When the answer to an ``in`` message was complete.
        delivery: Of an ``out`` message on a channel that has to be pushed to: ``due``, ``waiting`` (for the
            customer to write), ``sending``, ``sent`` or ``failed``. ``None`` where the customer's client
            fetches what it has not seen.
        delivery_by: Who took it to deliver it (kefu.conversations.deliveries).
        delivery_at: When it was taken; of a ``due`` one, before when it is not tried again.
        delivery_tries: How often it was tried and certainly did not arrive.
        delivered_at, read_at: When the customer's client had it, and showed it, where the channel can know.
    """

    __tablename__ = "messages"

    conversation_id = Column(String(64), ForeignKey("conversations.id"), primary_key=True)
    seq = Column(Integer, primary_key=True, autoincrement=False)
    direction = Column(String(3), nullable=False)
    client_id = Column(String(36))
    identity = Column(String(64), nullable=False)
    channel = Column(String(16), nullable=False)
    body = Column(JSON, nullable=False)
    reply_to = Column(Integer)
    attempts = Column(Integer, nullable=False, default=0)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    answered_at = Column(DateTime)
    delivery = Column(String(8))
    delivery_by = Column(String(64), index=True)
    delivery_at = Column(DateTime)
    delivery_tries = Column(Integer, nullable=False, default=0)
    delivered_at = Column(DateTime)
    read_at = Column(DateTime)

    __table_args__ = (
        Index("uq_messages_identity_client_id", "identity", "client_id", unique=True),
        Index("ix_messages_unanswered", "direction", "answered_at"),
        Index("ix_messages_delivery", "delivery", "channel"),
    )
