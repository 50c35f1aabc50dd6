"""What customers' clients can ask of their own data: see, correct, export, be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.limits import RateLimit
from kefu.channels.protocol import BadInput
from kefu.customers import profile
from kefu.customers import service as customers
from kefu.customers.service import Sender
from kefu.customers.speech import NAMES
from kefu.language.detect import CHOICES
from kefu.privacy import service

STYLES = ("short", "detailed")
_LONGEST = 200
#: What customers know better than their history does.
_OWN = ("device", "city")


class OwnData:
    """Serves the clients of customers who have proved who they are; nobody gets anything of another's.

    Args:
        hub: On whose database it stands.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limit = RateLimit(burst=20, per_second=1 / 5)

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
        """Takes another ``language`` or ``style``, or that a ``fact`` is right or wrong.

        ``null`` leaves language and style to what they write, and to us. A phone is corrected by proving
        another (docs/customers.md).

        Returns:
            What was chosen, and the facts as they are known now.
        """
        data = _only(data, *_CHOICES, "fact")
        chosen = {name: _one_of(data, name, of) for name, of in _CHOICES.items() if name in data}
        fact = _fact(data["fact"]) if "fact" in data else None
        if not chosen and fact is None:
            raise BadInput("invalid", "language", "language, style or fact is needed")

        def keep(session: Session) -> list[dict[str, Any]]:
            if chosen:
                customers.choose(session, sender.id, **chosen)
            if fact:
                profile.correct(session, sender.id, **fact, by="customer")
                session.flush()
            return service.known(session, sender.id)["facts"]

        return {**chosen, "facts": await self._of_proven(sender, keep)}

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


def _only(data: Any, *names: str) -> dict[str, Any]:
    """The fields of a request; any other is refused."""
    unknown = next((name for name in _mapping(data) if name not in names), None)
    if unknown is not None:
        raise BadInput("invalid", unknown, f"{unknown} is not known here")
    return data


def _fact(data: Any) -> dict[str, Any]:
    """``{what, value, right}`` as `kefu.customers.profile.correct` takes it."""
    fact = _only(data, "what", "value", "right")
    what, value, right = (fact.get(name) for name in ("what", "value", "right"))
    if what not in NAMES:
        raise BadInput("invalid", "what", f"what must be one of {', '.join(NAMES)}")
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise BadInput("invalid", "value", f"value must be a text of at most {_LONGEST} characters")
    if not isinstance(right, bool):
        raise BadInput("invalid", "right", "right must be true or false")
    if right and what not in _OWN:
        raise BadInput("invalid", "right", f"only {' and '.join(_OWN)} can be added")
    return {"name": what, "value": value, "right": right}


def _one_of(data: dict[str, Any], name: str, values: tuple[str, ...]) -> str | None:
    if data[name] is not None and data[name] not in values:
        raise BadInput("invalid", name, f"{name} must be one of {', '.join(values)}, or null")
    return data[name]
