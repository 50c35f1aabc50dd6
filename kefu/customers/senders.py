"""Sends codes to phones, through whatever gateway the company has."""

from __future__ import annotations

import uuid
from typing import Protocol

import requests

from kefu.config import settings

SECONDS = 5
_TRIES = 2


class NotSent(Exception):
    """The gateway did not take the message: out of reach, or refused."""


class CodeSender(Protocol):
    """A way to send a code to a phone."""

    def send(self, phone: str, code: str, minutes: int, language: str) -> None:
        """Sends it, or raises ``NotSent``."""


class HttpSender:
    """Posts ``{id, phone, template, language, params: {code, minutes}}`` to a gateway.

    Gateways send approved texts only, so the words are theirs. A repeated ``id`` is the same message.

    Args:
        url: ``KEFU_SMS_URL``.
        token: ``KEFU_SMS_TOKEN``, sent as ``Authorization: Bearer``.
        seconds: How long one try may take.
    """

    def __init__(self, url: str, token: str = "", seconds: float = SECONDS) -> None:
        self._url, self._seconds = url, seconds
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, phone: str, code: str, minutes: int, language: str) -> None:
        """Sends a code; tries once more where the gateway could not be reached or failed.

        Raises:
            NotSent: It was not taken; says why without saying what or where to.
        """
        message = {
            "id": uuid.uuid4().hex, "phone": phone, "template": "verification_code", "language": language,
            "params": {"code": code, "minutes": minutes},
        }  # fmt: skip
        reason = ""
        for _ in range(_TRIES):
            try:
                answer = self._post(message)
            except requests.RequestException as error:
                reason = type(error).__name__
                continue
            if answer.status_code < 300:
                return
            reason = f"status {answer.status_code}"
            if answer.status_code < 500:
                break
        raise NotSent(reason)

    def _post(self, message: dict) -> requests.Response:
        return requests.post(
            self._url, json=message, headers=self._headers, timeout=self._seconds, allow_redirects=False
        )


def code_sender() -> CodeSender | None:
    """The sender that the installation has; ``None`` where phones cannot be proved."""
    chosen = settings()
    return HttpSender(chosen.sms_url, chosen.sms_token) if chosen.sms_url else None
