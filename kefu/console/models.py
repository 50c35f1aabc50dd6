"""Tables of the console: who may log in, who did what, and what operators keep for themselves."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Text

from kefu.db import Base, utcnow


class Account(Base):
    """Somebody who may log in.

    Attributes:
        login: What they type, in lower case.
        password_hash: Argon2id, with its parameters and salt.
        role: One of ``kefu.console.permissions.ROLES``.
        agent_id: As whom they talk with customers; empty for those who never do.
        must_change: The password was given to them: they have to choose their own first.
        failed, locked_until: Wrong passwords in a row, and until when no password is tried after too many.
    """

    __tablename__ = "accounts"

    id = Column(Integer, primary_key=True)
    login = Column(String(64), nullable=False, unique=True)
    name = Column(String(64), nullable=False)
    password_hash = Column(String(200), nullable=False)
    role = Column(String(16), nullable=False)
    agent_id = Column(ForeignKey("agents.id"))
    must_change = Column(Boolean, nullable=False, default=True)
    active = Column(Boolean, nullable=False, default=True)
    failed = Column(Integer, nullable=False, default=0)
    locked_until = Column(DateTime)
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Login(Base):
    """One login, from the password to logging out or its expiry.

    Attributes:
        token_hash: SHA-256 of the cookie, so that reading the table opens nothing.
        csrf: What every changing request has to repeat in a header.
    """

    __tablename__ = "account_logins"

    token_hash = Column(String(64), primary_key=True)
    account_id = Column(ForeignKey("accounts.id"), nullable=False, index=True)
    csrf = Column(String(64), nullable=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    expires_at = Column(DateTime, nullable=False)
    revoked_at = Column(DateTime)


class AuditEntry(Base):
    """Who did what to which object, and when. Carries ids and states, never what anybody wrote."""

    __tablename__ = "audit_log"

    id = Column(Integer, primary_key=True)
    at = Column(DateTime, nullable=False, default=utcnow)
    account_id = Column(ForeignKey("accounts.id"), index=True)
    action = Column(String(48), nullable=False)
    object = Column(String(96), nullable=False, default="")
    data = Column(JSON, nullable=False, default=dict)


class PrivateNote(Base):
    """What operators note on a customer among themselves."""

    __tablename__ = "private_notes"
    __table_args__ = (Index("ix_private_notes_conversation", "conversation", "id"),)

    id = Column(Integer, primary_key=True)
    conversation = Column(String(64), nullable=False)
    account_id = Column(ForeignKey("accounts.id"), nullable=False)
    text = Column(Text, nullable=False)
    at = Column(DateTime, nullable=False, default=utcnow)


class TicketView(Base):
    """Filters of the ticket list that an operator keeps under a name."""

    __tablename__ = "ticket_views"
    __table_args__ = (Index("uq_ticket_views_name", "account_id", "name", unique=True),)

    id = Column(Integer, primary_key=True)
    account_id = Column(ForeignKey("accounts.id"), nullable=False)
    name = Column(String(32), nullable=False)
    filters = Column(JSON, nullable=False)
