"""Who speaks through the company's app: its login token, checked.

The company's identity provider signs a JWT at login (OpenID Connect's ID or access token); this channel only
reads it. Rules: https://www.rfc-editor.org/rfc/rfc8725 (JSON Web Token Best Current Practices).
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from kefu.channels.http import Unauthorised
from kefu.customers.service import Sender

LONGEST_TOKEN = 8_192
LONGEST_SUBJECT = 128
LEAST_SECRET = 32
_REREAD_SECONDS = 10
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class Account:
    """A customer who is logged in.

    Attributes:
        sender: The identity that the account has here.
        expires: When the token ends, in seconds since the epoch.
        phone: A number that the company has verified, as ``+8613800000000``; ``None`` without one.
        unionid: WeChat's id of the person, if the company knows it.
    """

    sender: Sender
    expires: float
    phone: str | None = None
    unionid: str | None = None


class Keys:
    """The keys that tokens may be signed with; the key alone says by which algorithm.

    Args:
        secret: For HS256, at least 32 bytes.
        path: Else a public key (PEM) or a set of them (JWKS): RS256 for RSA, ES256 for P-256. The file is
            read again when it has changed, so that keys can be replaced while the server runs.

    Raises:
        ValueError: There is no usable key.
    """

    def __init__(self, secret: str | None = None, path: str | None = None) -> None:
        if (secret is None) == (path is None):
            raise ValueError("exactly one of secret and key_file is needed")
        if secret is not None and len(secret.encode()) < LEAST_SECRET:
            raise ValueError(f"secret must have {LEAST_SECRET} bytes or more")
        self._path = Path(path) if path else None
        self._lock = threading.Lock()
        self._looked, self._changed = 0.0, 0
        self._keys: dict[str | None, tuple[str, Any]] = {}
        if secret is not None:
            self._keys = {None: ("HS256", secret)}
        else:
            self._read()

    def find(self, key_id: str | None) -> tuple[str, Any] | None:
        """The algorithm and key that a token with the header ``kid`` must be signed with."""
        if self._path and time.monotonic() - self._looked > _REREAD_SECONDS:
            self._reread()
        return self._keys.get(key_id) or self._keys.get(None)

    def _reread(self) -> None:
        with self._lock:
            self._looked = time.monotonic()
            try:
                if self._path.stat().st_mtime_ns != self._changed:
                    self._read()
            except (OSError, ValueError):  # in the midst of being replaced: the old keys serve
                return

    def _read(self) -> None:
        try:
            text, changed = self._path.read_text(), self._path.stat().st_mtime_ns
        except OSError as error:
            raise ValueError(f"key_file: {self._path} cannot be read: {error.strerror}") from None
        self._keys = _parse(text)
        self._changed, self._looked = changed, time.monotonic()


class Tokens:
    """Reads login tokens.

    Args:
        keys: What they may be signed with.
        issuer: ``iss`` that they must have; part of the identity, as two issuers may use the same ``sub``.
        audience: ``aud`` that they must have.
        leeway: By how many seconds the clocks may differ.
        clock: Seconds since the epoch, for tests.
    """

    def __init__(
        self,
        keys: Keys,
        issuer: str,
        audience: str,
        leeway: float = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._leeway, self._clock = leeway, clock

    def account(self, token: str | None) -> Account:
        """Returns who is logged in.

        Raises:
            Unauthorised: ``token_missing``, ``token_invalid`` or ``token_expired``.
        """
        if not token:
            raise Unauthorised("token_missing", "a login token is needed")
        try:
            claims = self._claims(token)
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError) as error:
            raise Unauthorised("token_invalid", "the login token is not valid") from error
        if claims["exp"] + self._leeway <= self._clock():
            raise Unauthorised("token_expired", "the login token has expired")
        phone, unionid = claims.get("phone_number"), claims.get("unionid")
        proved = claims.get("phone_number_verified") is True and isinstance(phone, str)
        return Account(
            sender=Sender(identity_of(self._issuer, claims["sub"]), "app", claims["sub"]),
            expires=claims["exp"] + self._leeway,
            phone=phone if proved and _PHONE.fullmatch(phone) else None,
            unionid=unionid if isinstance(unionid, str) and 0 < len(unionid) <= LONGEST_SUBJECT else None,
        )

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST_TOKEN:
            raise ValueError("too long")
        header = jwt.get_unverified_header(token)
        found = self._keys.find(header.get("kid"))
        if found is None:
            raise ValueError("unknown key")
        algorithm, key = found
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._audience,
            issuer=self._issuer,
            # Times are checked here, by a clock that tests can turn.
            options={
                "require": ["iss", "sub", "aud", "exp"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        subject, expires, begins = claims["sub"], claims["exp"], claims.get("nbf", 0)
        if (
            not isinstance(subject, str)
            or not 0 < len(subject) <= LONGEST_SUBJECT
            or not subject.isprintable()
        ):
            raise ValueError("sub")
        if not all(_is_time(moment) for moment in (expires, begins)):
            raise ValueError("exp")
        if begins > self._clock() + self._leeway:
            raise ValueError("nbf")
        return claims


def identity_of(issuer: str, subject: str) -> str:
    """Derives the identity of an account; it cannot be turned back without knowing the account."""
    return "app-" + hashlib.sha256(f"kefu:app:{issuer}:{subject}".encode()).hexdigest()[:32]


def _parse(text: str) -> dict[str | None, tuple[str, Any]]:
    try:
        if text.lstrip().startswith("{"):
            keys = [key for key in json.loads(text)["keys"] if key.get("use", "sig") == "sig"]
            found = {key.get("kid"): _public(key) for key in keys}
            found = {key_id: key for key_id, key in found.items() if key}
        else:
            found = {None: _public_pem(text)}
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise ValueError(f"key_file: {type(error).__name__}: neither a public key (PEM) nor a JWKS") from None
    if not found:
        raise ValueError("key_file: no RSA or P-256 key for signatures")
    # A key without a name serves every token; among several, a token must name its own.
    return {None: next(iter(found.values()))} | found if len(found) == 1 else found


def _public(key: dict[str, Any]) -> tuple[str, Any] | None:
    if key.get("kty") == "RSA" and key.get("alg", "RS256") == "RS256":
        return "RS256", _big_enough(RSAAlgorithm(RSAAlgorithm.SHA256).from_jwk(key))
    if key.get("kty") == "EC" and key.get("crv") == "P-256":
        return "ES256", ECAlgorithm(ECAlgorithm.SHA256).from_jwk(key)
    return None


def _public_pem(text: str) -> tuple[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(text.encode())
    if isinstance(key, rsa.RSAPublicKey):
        return "RS256", _big_enough(key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256", key
    raise ValueError("neither RSA nor P-256")


def _big_enough(key: Any) -> Any:
    if key.key_size < 2048:
        raise ValueError("an RSA key needs 2048 bits or more")
    return key


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53
