"""Signatures after Standard Webhooks, so that receivers can use any of its libraries.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timezone

_PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret for one subscription, as receivers' libraries take it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """What one try carries: id, time and signature.

    Args:
        secret: Of the subscription.
        message_id: The same at every try.
        at: The time of this try, UTC; receivers refuse what is old.
        body: What is sent.
    """
    timestamp = str(int(at.replace(tzinfo=timezone.utc).timestamp()))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
