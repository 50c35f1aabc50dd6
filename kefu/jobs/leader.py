"""Which of several processes acts: the one that holds a lease in the database."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from sqlalchemy import DateTime, bindparam, delete, text

from kefu.db import session_scope, utcnow
from kefu.jobs.models import Lease

#: One statement, whichever process comes first: a free or ended lease is taken, one's own renewed.
_TAKE = text(
    "INSERT INTO leases (name, owner, until) VALUES (:name, :owner, :until)"
    " ON CONFLICT (name) DO UPDATE SET owner = :owner, until = :until"
    " WHERE leases.owner = :owner OR leases.until < :now"
).bindparams(bindparam("until", type_=DateTime), bindparam("now", type_=DateTime))


class Leader:
    """The right of this process to act.

    Args:
        name: What for.
        seconds: How long after a process's death others wait.
    """

    def __init__(self, name: str, seconds: float = 15) -> None:
        self._name, self._seconds, self._owner = name, seconds, str(uuid.uuid4())
        self._safe_until = 0.0

    @property
    def is_leading(self) -> bool:
        """Whether this process certainly holds the lease; less long than the lease lasts."""
        return time.monotonic() < self._safe_until

    def claim(self) -> bool:
        """Takes or renews the lease; whether this process leads now."""
        asked, now = time.monotonic(), utcnow()
        values = {"name": self._name, "owner": self._owner, "now": now}
        with session_scope() as session:
            until = now + timedelta(seconds=self._seconds)
            mine = session.connection().execute(_TAKE, {**values, "until": until}).rowcount == 1
        # By our own clock, from before the question, and a little shorter: nobody else leads meanwhile.
        self._safe_until = asked + self._seconds * 0.8 if mine else 0.0
        return mine

    def resign(self) -> None:
        """Gives the lease back, so that another need not wait."""
        self._safe_until = 0.0
        with session_scope() as session:
            session.execute(delete(Lease).where(Lease.name == self._name, Lease.owner == self._owner))
