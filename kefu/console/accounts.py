"""Use cases of accounts: logins, passwords, who may log in. Each takes the caller's transaction."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kefu.console.models import Account, AuditEntry, Login
from kefu.console.open.tokens import Caller
from kefu.console.permissions import ROLES, TALKING
from kefu.db import utcnow
from kefu.handoff import agents

#: A login lasts a working day.
LOGIN_LASTS = timedelta(hours=12)
#: So many wrong passwords in a row lock an account for so long.
MAX_FAILED, LOCKED_FOR = 5, timedelta(minutes=15)
MIN_PASSWORD, MAX_PASSWORD = 10, 200

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,62}")
_hasher = PasswordHasher()


class AccountError(ValueError):
    """An account can't be made or changed so; ``field`` is what to mend, ``code`` why."""

    def __init__(self, field: str, code: str) -> None:
        """Names the field and the reason."""
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


@dataclass(frozen=True)
class Me:
    """Who sends a request."""

    id: int
    login: str
    name: str
    role: str
    agent_id: int | None
    must_change: bool
    token_hash: str
    csrf: str


def create(session: Session, login: str, name: str, role: str, **agent) -> tuple[Account, str]:
    """Makes an account; who talks with customers becomes an agent with it.

    Args:
        session: The caller's transaction.
        login: What they type.
        name: As customers and colleagues see them.
        role: One of ``ROLES``.
        **agent: ``queues``, ``skills`` and ``capacity`` of the agent.

    Returns:
        The account, and a password that has to be changed at the first login.

    Raises:
        AccountError: The login is taken or no login, or there is no such role.
    """
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise AccountError("login", "invalid")
    if not name.strip():
        raise AccountError("name", "empty")
    if role not in ROLES:
        raise AccountError("role", "unknown")
    if session.scalar(select(Account).filter_by(login=login)):
        raise AccountError("login", "taken")
    hired = agents.hire(session, name.strip(), **agent).id if role in TALKING else None
    password = _one_time()
    account = Account(
        login=login, name=name.strip(), role=role, agent_id=hired, password_hash=_hasher.hash(password)
    )
    session.add(account)
    session.flush()
    return account, password


def change(
    session: Session, account: Account, name: str | None, role: str | None, active: bool | None
) -> None:
    """Changes an account; who may do less than before, or nothing, has to log in anew.

    Raises:
        AccountError: There is no such role, or nobody would be left to manage accounts.
    """
    if role is not None and role not in ROLES:
        raise AccountError("role", "unknown")
    loses = account.role == "admin" and ((role or "admin") != "admin" or active is False)
    others = select(Account).where(Account.role == "admin", Account.active, Account.id != account.id)
    if loses and session.scalars(others).first() is None:
        raise AccountError("role", "last_admin")
    if (role is not None and role != account.role) or active is False:
        revoke_all(session, account.id)
    account.name = (name or account.name).strip() or account.name
    account.role = role or account.role
    account.active = account.active if active is None else active
    if account.role in TALKING and account.agent_id is None:
        account.agent_id = agents.hire(session, account.name).id
    if account.agent_id is not None:
        talks = account.active and account.role in TALKING
        agents.change(session, account.agent_id, name=account.name, active=talks)


def reset(session: Session, account: Account) -> str:
    """Gives an account a password for one login, and ends those that are open."""
    password = _one_time()
    account.password_hash, account.must_change = _hasher.hash(password), True
    account.failed, account.locked_until = 0, None
    revoke_all(session, account.id)
    return password


def log_in(session: Session, login: str, password: str) -> tuple[str, Account] | None:
    """Checks a password; gives the cookie's token and the account, or nothing.

    An unknown login, a wrong password and a locked account look alike from outside, also in time.
    """
    account = session.scalar(select(Account).filter_by(login=login.strip().lower()))
    right = _fits(account.password_hash if account else _nobody(), password)
    if account is None or not account.active:
        return None
    if account.locked_until and account.locked_until > utcnow():
        return None
    if not right:
        account.failed += 1
        if account.failed >= MAX_FAILED:
            account.failed, account.locked_until = 0, utcnow() + LOCKED_FOR
        return None
    account.failed, account.locked_until = 0, None
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = _hasher.hash(password)
    return _new_login(session, account.id), account


def who(session: Session, token: str) -> Me | None:
    """To whom a cookie belongs, while it is valid."""
    query = select(Account, Login).join(Login, Login.account_id == Account.id)
    query = query.where(Login.token_hash == _hash(token), Login.revoked_at.is_(None))
    found = session.execute(query.where(Login.expires_at > utcnow(), Account.active)).first()
    if found is None:
        return None
    account, login = found
    return Me(
        account.id,
        account.login,
        account.name,
        account.role,
        account.agent_id if account.role in TALKING else None,
        account.must_change,
        login.token_hash,
        login.csrf,
    )


def still_valid(session: Session, token_hashes: list[str]) -> set[str]:
    """Those of the logins that have neither ended nor been revoked."""
    query = select(Login.token_hash).where(Login.token_hash.in_(token_hashes), Login.revoked_at.is_(None))
    return set(session.scalars(query.where(Login.expires_at > utcnow())))


def log_out(session: Session, token_hash: str) -> None:
    """Ends one login."""
    session.execute(_revoking().where(Login.token_hash == token_hash))


def revoke_all(session: Session, account_id: int) -> None:
    """Ends every login of an account."""
    session.execute(_revoking().where(Login.account_id == account_id))


def change_password(session: Session, me: Me, old: str, new: str) -> str:
    """Gives oneself a new password, which ends all other logins; returns the token of a new one.

    Raises:
        AccountError: The old one is wrong, or the new one too short, too long, or no new one.
    """
    account = session.get(Account, me.id)
    if not _fits(account.password_hash, old):
        raise AccountError("old", "wrong")
    if not MIN_PASSWORD <= len(new) <= MAX_PASSWORD:
        raise AccountError("new", "length")
    if new == old or account.login in new.lower():
        raise AccountError("new", "too_easy")
    account.password_hash, account.must_change = _hasher.hash(new), False
    revoke_all(session, account.id)
    return _new_login(session, account.id)


def audit(session: Session, me: Me | Caller | None, action: str, target: object = "", **data) -> None:
    """Notes who did what to which object; ``data`` are ids and states."""
    if isinstance(me, Caller):
        data["token"] = me.name
    account_id = me.id if isinstance(me, Me) else None
    session.add(AuditEntry(account_id=account_id, action=action, object=str(target), data=data))


def _one_time() -> str:
    """A password for one login, of letters and digits only: a leading dash is lost on the way."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))


def _new_login(session: Session, account_id: int) -> str:
    token = secrets.token_urlsafe(32)
    login = Login(
        token_hash=_hash(token),
        account_id=account_id,
        csrf=secrets.token_urlsafe(24),
        expires_at=utcnow() + LOGIN_LASTS,
    )
    session.add(login)
    session.flush()
    return token


def _revoking():
    ended = update(Login).where(Login.revoked_at.is_(None)).values(revoked_at=utcnow())
    return ended.execution_options(synchronize_session=False)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """The hash that an unknown login is checked against, so that it takes as long as a known one."""
    return _hasher.hash(secrets.token_urlsafe(12))


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
