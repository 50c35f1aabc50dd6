"""What customers' clients can ask of their own data: see, correct, export, be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.limits import RateLimit
from kefu.channels.protocol import BadInput
from kefu.customers import service as customers
from kefu.customers.service import Sender
from kefu.language.detect import CHOICES
from kefu.privacy import service

STYLES = ("short", "detailed")


class OwnData:
    """Serves the clients of customers who have proved who they are; nobody gets anything of another's.

    Args:
        hub: On whose database it stands.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = RateLimit(burst=10, per_second=1 / 10)

    async def show(self, sender: Sender, _: Any) -> dict[str, Any]:
        """What is known, and which tickets would be closed with being forgotten."""

        def read(session: Session) -> dict[str, Any]:
            open_ = service.open_tickets(session, sender.id)
            return {"known": service.known(session, sender.id), "open_tickets": open_}

        return await self._of_proven(sender, read)

    async def export(self, sender: Sender, _: Any) -> dict[str, Any]:
        """All that is kept, texts among it."""
        return {"data": await self._of_proven(sender, lambda session: service.export(session, sender.id))}

    async def correct(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Takes another ``language`` or ``style``; ``null`` leaves it to what they write, and to us.

        A phone is corrected by proving another (docs/customers.md).
        """
        unknown = next((name for name in _mapping(data) if name not in _CHOICES), None)
        if unknown is not None:
            raise BadInput("invalid", unknown, f"{unknown} is not known here")
        chosen = {name: _one_of(data, name, of) for name, of in _CHOICES.items() if name in data}
        if not chosen:
            raise BadInput("invalid", "language", "language or style is needed")
        await self._of_proven(sender, lambda session: customers.choose(session, sender.id, **chosen))
        return chosen

    async def forget(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Has the customer forgotten within seconds; ``confirm`` must be true, as nothing comes back."""
        if _mapping(data).get("confirm") is not True:
            raise BadInput("invalid", "confirm", "confirm must be true")
        await self._of_proven(sender, lambda session: service.ask(session, sender.id, "customer"))
        return {}

    async def _of_proven(self, sender: Sender, act: Callable[[Session], Any]) -> Any:
        self._limit.take(sender.id)
        return await self._hub.threads(_of_proven, self._hub, sender, act)


_CHOICES = {"language": CHOICES, "style": STYLES}


def _of_proven(hub: Hub, sender: Sender, act: Callable[[Session], Any]) -> Any:
    with hub.ledger.scope() as session:
        if sender.channel in service.LOGGED_IN:
            customers.arrive(session, sender)
        if not service.is_proven(session, sender.id):
            raise BadInput("not_proven", None, "the customer has to prove who they are first")
        return act(session)


def _mapping(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadInput("invalid", None, "a JSON object is needed")
    return data


def _one_of(data: dict[str, Any], name: str, values: tuple[str, ...]) -> str | None:
    if data[name] is not None and data[name] not in values:
        raise BadInput("invalid", name, f"{name} must be one of {', '.join(values)}, or null")
    return data[name]
