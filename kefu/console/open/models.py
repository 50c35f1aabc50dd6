"""Tables of the open API: who may call it, and which calls are done once."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, String, Text

from kefu.db import Base, utcnow


class ApiToken(Base):
    """Another system that may call the open API.

    Attributes:
        name: What people call it.
        token_hash: SHA-256 of the token, so that reading the table opens nothing.
        scopes: What it may do (``kefu.console.open.tokens.SCOPES``).
        used_at: When it was last used, to the minute.
    """

    __tablename__ = "api_tokens"

    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)
    token_hash = Column(String(64), nullable=False, unique=True)
    scopes = Column(JSON, nullable=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    expires_at = Column(DateTime)
    used_at = Column(DateTime)
    revoked_at = Column(DateTime)


class ApiCall(Base):
    """A call with an idempotency key, from its arrival to its answer, and for a day after that.

    Attributes:
        key: The caller's, unique among the calls of one token.
        fingerprint: SHA-256 of method, path and body: the same key must come with the same call.
        request_key: By which the topics know the call; a try after a crash has the same one.
        tried_at: When it was last begun.
        status, answer: What was answered; nothing while it is being done.
    """

    __tablename__ = "api_calls"

    token_id = Column(ForeignKey("api_tokens.id"), primary_key=True)
    key = Column(String(128), primary_key=True)
    fingerprint = Column(String(64), nullable=False)
    request_key = Column(String(64), nullable=False)
    begun_at = Column(DateTime, nullable=False, default=utcnow, index=True)
    tried_at = Column(DateTime, nullable=False, default=utcnow)
    status = Column(Integer)
    answer = Column(Text)
