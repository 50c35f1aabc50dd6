"""Calls that are done once: the same idempotency key gives the same answer, for a day.

The call's row is stored before anything else. What was refused or failed may be tried again under its key at
once; what a process that died has left, after ``STUCK``. Both have the same request key as before, by which
tickets, messages and subscriptions know what was done already.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.console.open.models import ApiCall
from kefu.console.refusals import Refusal
from kefu.db import session_scope, utcnow

HEADER = "Idempotency-Key"
KEPT, STUCK = timedelta(hours=24), timedelta(seconds=60)
_KEY = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True)
class Begun:
    """A call that was begun, now or before.

    Attributes:
        request_key: By which the topics know it.
        status, answer: What was answered before; nothing if it is to be done now.
    """

    request_key: str
    status: int | None = None
    answer: str | None = None


def begin(token_id: int, key: str, method: str, path: str, body: bytes) -> Begun:
    """Begins a call, or gives what was answered to it.

    Raises:
        Refusal: 422 for a bad key or one of another call; 409 while the same call is being done.
    """
    if not _KEY.fullmatch(key):
        raise Refusal(422, "invalid", f"{HEADER}: 1 to 128 visible ASCII characters.", HEADER)
    fingerprint = hashlib.sha256(f"{method} {path}\n".encode() + body).hexdigest()
    for _ in range(3):
        try:
            with session_scope() as session:
                return _begin(session, token_id, key, fingerprint)
        except IntegrityError:  # the same call has just begun elsewhere
            continue
    raise _busy()


def finish(token_id: int, key: str, status: int, answer: str) -> None:
    """Keeps what was answered."""
    with session_scope() as session:
        call = session.get(ApiCall, (token_id, key))
        if call is not None:
            call.status, call.answer = status, answer


def let_go(token_id: int, key: str) -> None:
    """Lets a call that was refused, or failed, be tried again at once."""
    with session_scope() as session:
        call = session.get(ApiCall, (token_id, key))
        if call is not None:
            call.tried_at = utcnow() - 2 * STUCK


def prune(session: Session) -> None:
    """Forgets calls that are old."""
    old = delete(ApiCall).where(ApiCall.begun_at < utcnow() - KEPT)
    session.execute(old.execution_options(synchronize_session=False))


def _begin(session: Session, token_id: int, key: str, fingerprint: str) -> Begun:
    call = session.get(ApiCall, (token_id, key))
    if call is not None and call.begun_at < utcnow() - KEPT:
        session.delete(call)
        session.flush()
        call = None
    if call is None:
        call = ApiCall(
            token_id=token_id, key=key, fingerprint=fingerprint, request_key=f"api:{uuid.uuid4().hex}"
        )
        session.add(call)
        session.flush()
        return Begun(call.request_key)
    if call.fingerprint != fingerprint:
        raise Refusal(422, "key_reused", f"{HEADER}: was used for another call.", HEADER)
    if call.status is not None:
        return Begun(call.request_key, call.status, call.answer)
    if not _take_over(session, call):
        raise _busy()
    return Begun(call.request_key)


def _take_over(session: Session, call: ApiCall) -> bool:
    now = utcnow()
    left = (ApiCall.token_id == call.token_id, ApiCall.key == call.key, ApiCall.status.is_(None))
    mine = update(ApiCall).where(*left, ApiCall.tried_at < now - STUCK).values(tried_at=now)
    return session.execute(mine.execution_options(synchronize_session=False)).rowcount == 1


def _busy() -> Refusal:
    return Refusal(409, "in_progress", "The same call is being done.", HEADER, {"Retry-After": "1"})
