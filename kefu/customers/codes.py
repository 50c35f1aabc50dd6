"""Codes that prove something once, and what of them is kept: never the code itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from kefu.config import settings

#: Of codes that people read and type: nothing that looks like something else (I and 1, O and 0).
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 8
#: How long a code for another device opens the door.
LINK_MINUTES = 10
#: How long a code sent to a phone does.
PHONE_MINUTES = 5
PHONE_LIFE, LINK_LIFE = timedelta(minutes=PHONE_MINUTES), timedelta(minutes=LINK_MINUTES)


def new_phone_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(10**6):06d}"


def new_link_code() -> str:
    """A code for another device."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if is_link_code(code):
            return code


def is_link_code(text: str) -> bool:
    """Whether a text has the form of such a code: no word, and no number of an order or a parcel."""
    letters = sum(sign.isalpha() for sign in text)
    return len(text) == LENGTH and set(text) <= set(ALPHABET) and 3 <= letters < LENGTH


def digest(purpose: str, *parts: str) -> str:
    """Keyed hash of a code or an account; an own key for each purpose, none of which opens another's."""
    key = hmac.new(settings().secret.encode(), f"kefu {purpose}".encode(), hashlib.sha256).digest()
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)
