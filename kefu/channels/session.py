"""Signed sessions of anonymous visitors of the web page.

A visitor is a random 128-bit id that only ever travels inside a signed token. What Rasa, the database
and the logs see is the identity derived from it, so knowing one (a log line, a ticket) gives no access to
the conversation.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

import jwt

from kefu.customers.service import Sender

AUDIENCE = "kefu-web"
TYPE = "web-session"
ALGORITHM = "HS256"


class SessionError(Exception):
    """A token that opens nothing.

    Attributes:
        code: ``session_missing``, ``session_invalid`` or ``session_expired``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def identity_of(visitor: str) -> str:
    """Derives the identity of a visitor; it cannot be turned back."""
    return "web-" + hashlib.sha256(f"kefu:web:{visitor}".encode()).hexdigest()[:32]


class Sessions:
    """Issues and reads visitor tokens.

    Args:
        secret: The installation's secret.
        days: How long a token is valid; every page load renews it.
        clock: Seconds since the epoch, for tests.
    """

    def __init__(self, secret: str, days: float = 90, clock: Callable[[], float] = time.time) -> None:
        # An own key for this purpose: a token signed elsewhere with the same secret is worth nothing here.
        self._key = hmac.new(secret.encode(), b"kefu web session", hashlib.sha256).digest()
        self._seconds = int(days * 86400)
        self._clock = clock

    def issue(self, visitor: str | None = None) -> str:
        """Returns a token for ``visitor``, or for a new visitor."""
        now = int(self._clock())
        claims = {
            "typ": TYPE,
            "aud": AUDIENCE,
            "sub": visitor or secrets.token_hex(16),
            "iat": now,
            "exp": now + self._seconds,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def visitor(self, token: object) -> str:
        """Returns the visitor id in ``token``.

        Raises:
            SessionError: It is missing, forged, of another kind or expired.
        """
        if not token:
            raise SessionError("session_missing")
        if not isinstance(token, str) or len(token) > 2000:
            raise SessionError("session_invalid")
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                # The clock is ours (tests turn it), so expiry is checked below.
                options={"require": ["sub", "exp", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise SessionError("session_invalid") from error
        visitor = claims["sub"]
        if claims.get("typ") != TYPE or not isinstance(visitor, str) or not isinstance(claims["exp"], int):
            raise SessionError("session_invalid")
        if claims["exp"] <= self._clock():
            raise SessionError("session_expired")
        return visitor

    def sender(self, token: object) -> Sender:
        """Returns who carries ``token``, else raises ``SessionError``."""
        return Sender(identity_of(self.visitor(token)), "web")
