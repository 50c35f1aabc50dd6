"""Use cases of tokens: each is another system of the company, with what it may do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from kefu.console.open.models import ApiToken
from kefu.db import utcnow

SCOPES = (
    "tickets:read",
    "tickets:write",
    "customers:read",
    "customers:privacy",
    "conversations:read",
    "conversations:write",
    "handoffs:read",
    "handoffs:write",
    "webhooks",
)
#: Lets scanners find a token that was left in a public place.
PREFIX = "kefu_"
MAX_NAME = 64
_NOTED_EVERY = timedelta(minutes=1)


class TokenError(ValueError):
    """A token can't be made so; ``field`` is what to mend, ``code`` why."""

    def __init__(self, field: str, code: str) -> None:
        """Names the field and the reason."""
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


@dataclass(frozen=True)
class Caller:
    """Which system calls."""

    token_id: int
    name: str
    scopes: frozenset[str]


def create(
    session: Session, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Makes a token; gives it with its text, which is not kept.

    Raises:
        TokenError: It has no name or no scope, there is no such scope, or its end has passed.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise TokenError("name", "length")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise TokenError("scopes", "unknown")
    if expires_at is not None and expires_at <= utcnow():
        raise TokenError("expires_at", "past")
    text = PREFIX + secrets.token_urlsafe(32)
    held = [scope for scope in SCOPES if scope in scopes]
    token = ApiToken(name=name, scopes=held, expires_at=expires_at, token_hash=_hash(text))
    session.add(token)
    session.flush()
    return token, text


def ends_in(days: int | None) -> datetime | None:
    """When a token ends that is made now for so many days; nothing for one that does not end."""
    return utcnow() + timedelta(days=days) if days else None


def caller(session: Session, text: str) -> Caller | None:
    """Whose token it is, while it is valid; notes that it was used."""
    now = utcnow()
    valid = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    query = select(ApiToken).where(ApiToken.token_hash == _hash(text), ApiToken.revoked_at.is_(None), valid)
    token = session.scalar(query)
    if token is None:
        return None
    if token.used_at is None or token.used_at < now - _NOTED_EVERY:
        used = update(ApiToken).where(ApiToken.id == token.id).values(used_at=now)
        session.execute(used.execution_options(synchronize_session=False))
    return Caller(token.id, token.name, frozenset(token.scopes))


def revoke(session: Session, token_id: int) -> ApiToken | None:
    """Ends a token, if there is one of that id."""
    token = session.get(ApiToken, token_id)
    if token is not None and token.revoked_at is None:
        token.revoked_at = utcnow()
    return token


def all_of_them(session: Session) -> list[ApiToken]:
    """Every token, the newest first."""
    return session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).all()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
