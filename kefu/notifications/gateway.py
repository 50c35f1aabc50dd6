"""Rings the company's app when it is closed, through whatever push gateway the company has."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from sqlalchemy.orm import Session

from kefu.notifications.models import Notification
from kefu.notifications.outbox import Address, Parcel
from kefu.notifications.sender import NotSent, Unsure

SECONDS = 5


class Gateway:
    """Posts ``{id, account, text, topic}`` to a gateway; a repeated ``id`` is the same message.

    Args:
        url: ``KEFU_PUSH_URL``.
        token: ``KEFU_PUSH_TOKEN``, sent as ``Authorization: Bearer``.
        seconds: How long one try may take.
    """

    def __init__(self, url: str, token: str = "", seconds: float = SECONDS) -> None:
        self._url, self._timeout = url, aiohttp.ClientTimeout(total=seconds)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http: aiohttp.ClientSession | None = None

    def reaches(self, session: Session, address: Address, row: Notification) -> bool:
        """Whom the app knows can be rung."""
        return bool(address.subject)

    async def push(self, parcel: Parcel, body: dict[str, Any]) -> None:
        """Rings.

        Raises:
            NotSent: The gateway refused.
            Unsure: It did not answer.
        """
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)
        ring = {
            "id": parcel.key, "account": parcel.address.subject, "text": body["text"], "topic": parcel.topic,
        }  # fmt: skip
        try:
            async with self._http.post(self._url, json=ring, allow_redirects=False) as answer:
                status = answer.status
        except aiohttp.ClientConnectorError:
            raise NotSent("connection") from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise Unsure(type(error).__name__[:32]) from None
        if status >= 300:
            raise NotSent(f"status_{status}")

    async def close(self) -> None:
        """Ends the connections."""
        if self._http is not None:
            await self._http.close()
