"""Proofs over the app: a code for another device, a code from there, a code sent to the phone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy.orm import Session

from kefu.channels.app_streams import Streams
from kefu.channels.desk import thread_of
from kefu.channels.hub import Hub
from kefu.channels.limits import RateLimit
from kefu.channels.protocol import BadInput, parse_language
from kefu.customers import proofs, senders, service
from kefu.customers.codes import LINK_MINUTES, PHONE_MINUTES
from kefu.customers.phones import InvalidPhone
from kefu.customers.service import Sender

log = structlog.get_logger()

_HOUR = 3600
_REFUSED = {
    proofs.WrongCode: "wrong_code",
    proofs.CodeExpired: "code_expired",
    proofs.TooManyTries: "code_void",
}


class Proofs:
    """Links the account with the same customer on other channels.

    Args:
        hub: Where messages are kept, and who they are from.
        streams: Show the customer at once where they go on.
    """

    def __init__(self, hub: Hub, streams: Streams) -> None:
        self._hub, self._streams = hub, streams
        # Codes are long enough; this only keeps guessing from being work for the database.
        self._limit = RateLimit(burst=10, per_second=1 / 30)

    async def issue(self, sender: Sender, _: Any) -> dict[str, Any]:
        """A code that the app shows: who gives it elsewhere is this customer."""
        self._limit.take(sender.id)
        code = await self._known(sender, lambda session: proofs.issue_link_code(session, sender.id))
        return {"code": code, "expires_in": LINK_MINUTES * 60}

    async def redeem(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Takes a code that another channel shows."""
        code = _text(data, "code", 32)
        self._limit.take(sender.id)
        found = await self._known(sender, lambda session: proofs.redeem_link_code(session, sender.id, code))
        if found is None:
            raise BadInput("wrong_code", "code", "this code is not, or no longer, good")
        return self._goes_on(sender, found)

    async def start(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Sends a code to a phone."""
        phone, language = _text(data, "phone", 32), parse_language(data)
        gateway = senders.code_sender()
        if gateway is None:
            raise BadInput("no_phones", "phone", "phones cannot be proved here")
        try:
            phone, code = await self._known(
                sender, lambda session: proofs.start_phone_proof(session, sender.id, phone)
            )
        except InvalidPhone as error:
            raise BadInput("invalid", "phone", "phone must be a number that receives messages") from error
        except proofs.TooSoon as error:
            wait = error.seconds
            raise BadInput("too_many", "phone", "a code was sent just now", retry_after=wait) from error
        except proofs.TooManyCodes as error:
            raise BadInput("too_many", "phone", "enough codes were sent", retry_after=_HOUR) from error
        try:
            await asyncio.to_thread(gateway.send, phone, code, PHONE_MINUTES, language)
        except senders.NotSent as error:
            reason = str(error)
            await self._known(
                sender, lambda session: proofs.withdraw_phone_proof(session, sender.id, phone, reason)
            )
            raise BadInput("unavailable", "phone", "the code could not be sent", retry_after=30) from error
        return {"expires_in": PHONE_MINUTES * 60}

    async def confirm(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Takes the code that was sent to the phone."""
        code = _text(data, "code", 32)
        try:
            scope = self._hub.ledger.scope
            proved = await self._hub.threads(proofs.confirm_phone, sender.id, code, False, scope)
        except proofs.CodeRefused as error:
            left = {"left": error.left} if isinstance(error, proofs.WrongCode) else {}
            raise BadInput(_REFUSED[type(error)], "code", "this code proves nothing", **left) from error
        return self._goes_on(sender, proved.conversation)

    def _goes_on(self, sender: Sender, conversation: str) -> dict[str, Any]:
        self._streams.look_again(sender.id)
        return {"thread": thread_of(conversation)}

    async def _known(self, sender: Sender, act: Callable[[Session], Any]) -> Any:
        return await self._hub.threads(arrived, self._hub, sender, act)


def arrived(hub: Hub, sender: Sender, act: Callable[[Session], Any]) -> Any:
    """Runs ``act`` in a transaction in which ``sender`` is known."""
    with hub.ledger.scope() as session:
        service.arrive(session, sender)
        return act(session)


def _text(data: Any, field: str, longest: int) -> str:
    value = data.get(field) if isinstance(data, dict) else None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
        raise BadInput("invalid", field, f"{field} must be a text of 1 to {longest} characters")
    return value.strip()
