"""Whether a callback really comes from WeChat, and opening and sealing what is encrypted."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import struct
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException

#: A callback of the platform is a few kB; safe mode makes three times that of it.
MAX_BODY = 65_536


class Refused(Exception):
    """A request that is not taken.

    Attributes:
        status: HTTP status.
        reason: Stable English code, for logs and counts.
        field: The field at fault, or ``None``.
    """

    def __init__(self, status: int, reason: str, field: str | None = None) -> None:
        super().__init__(f"{reason}: {field}" if field else reason)
        self.status, self.reason, self.field = status, reason, field


class Gate:
    """Checks callbacks (https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html).

    In plain mode the signature does not cover the body, so a signature is good for one body only. Safe mode
    signs it; with a key, only safe (or compatible) mode is taken.

    Args:
        appid, token, aes_key: Of the account; without a key, plain mode.
        window: How far, in seconds, the request's time may be from ours.
        clock: Seconds since the epoch, for tests.
    """

    def __init__(
        self,
        appid: str,
        token: str,
        aes_key: str = "",
        window: float = 300,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._token, self._appid, self._window, self._clock = token, appid, window, clock
        self._crypto = WeChatCrypto(token, aes_key, appid) if aes_key else None
        self._seen: OrderedDict[tuple[str, str], tuple[bytes, float]] = OrderedDict()

    @property
    def safe(self) -> bool:
        """Whether messages are encrypted."""
        return self._crypto is not None

    def check(self, query: Mapping[str, str]) -> None:
        """Checks the signature and time of a request.

        Raises:
            Refused: They are not the platform's.
        """
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        self._compare(query.get("signature", ""), "signature", stamp, nonce)
        if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(int(stamp) - self._clock()) > self._window:
            raise Refused(403, "stale", "timestamp")

    def open(self, query: Mapping[str, str], body: bytes) -> str:
        """The XML that a callback carries, decrypted if it is.

        Raises:
            Refused: It is forged, stale, too large, malformed, or for another account.
        """
        if len(body) > MAX_BODY:
            raise Refused(413, "too_large")
        self.check(query)
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise Refused(400, "malformed", "encoding") from None
        if query.get("encrypt_type", "raw") == "aes":
            return self._decrypt(query, text)
        if self.safe:
            raise Refused(403, "not_encrypted", "encrypt_type")
        self._once(query, body)
        return text

    def seal(self, xml: str) -> str:
        """``xml`` as a callback's answer, encrypted in safe mode."""
        if self._crypto is None:
            return xml
        nonce, stamp = secrets.token_hex(8), str(int(self._clock()))
        return self._crypto.encrypt_message(xml, nonce, stamp)

    def _compare(self, given: str, field: str, *signed: str) -> None:
        wanted = hashlib.sha1("".join(sorted([self._token, *signed])).encode()).hexdigest()
        if not hmac.compare_digest(wanted.encode(), given.encode()):
            raise Refused(403, "forged", field)

    def _decrypt(self, query: Mapping[str, str], text: str) -> str:
        if self._crypto is None:
            raise Refused(403, "encrypted_without_key", "encrypt_type")
        encrypted = read_xml(text).get("Encrypt")
        if not isinstance(encrypted, str):
            raise Refused(400, "malformed", "Encrypt")
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        self._compare(query.get("msg_signature", ""), "msg_signature", stamp, nonce, encrypted)
        try:
            return PrpCrypto(self._crypto.key).decrypt(encrypted, self._appid)
        except InvalidAppIdException:
            raise Refused(403, "wrong_appid", "appid") from None
        except (ValueError, IndexError, TypeError, struct.error):
            raise Refused(400, "malformed", "Encrypt") from None

    def _once(self, query: Mapping[str, str], body: bytes) -> None:
        """Refuses another body under a signature already used; the same one is the platform's new try."""
        now = self._clock()
        while self._seen and next(iter(self._seen.values()))[1] < now - 2 * self._window:
            self._seen.popitem(last=False)
        key = (query.get("timestamp", ""), query.get("nonce", ""))
        digest = hashlib.sha256(body).digest()
        if self._seen.setdefault(key, (digest, now))[0] != digest:
            raise Refused(403, "replayed", "nonce")


def read_xml(text: str) -> dict:
    """The fields of ``<xml>...</xml>``; entities are refused.

    Raises:
        Refused: It is anything else.
    """
    try:
        fields = xmltodict.parse(text, disable_entities=True)["xml"]
    except Exception:  # the parser's own, and whatever odd input makes of it
        raise Refused(400, "malformed", "xml") from None
    if not isinstance(fields, dict):
        raise Refused(400, "malformed", "xml")
    return fields
