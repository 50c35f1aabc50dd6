"""What customers say on their page of how, and of what, they want to be told."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from kefu.channels.hub import Hub
from kefu.channels.protocol import BadInput
from kefu.customers.service import Sender
from kefu.notifications import subscriptions
from kefu.notifications.rules import rules

_LONGEST = 64


class Wishes:
    """Serves the settings of notifications to one channel's clients.

    Args:
        hub: For its ledger's database and threads.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def show(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Topics and quiet hours as they are."""
        return await self._hub.threads(self._show, sender)

    async def change(self, sender: Sender, data: Any) -> dict[str, Any]:
        """Changes what is given: ``topics`` {name: wanted}, and wishes (``subscriptions.WISHES``).

        Raises:
            BadInput: A field that is unknown, or a value that can't be used.
        """
        topics = data.get("topics") or {}
        known = rules().choosable
        if not isinstance(topics, dict) or not all(
            name in known and isinstance(value, bool) for name, value in topics.items()
        ):
            raise BadInput("invalid", "topics", f"topics are true or false for {', '.join(known)}")
        wishes = {name: data[name] for name in subscriptions.WISHES if name in data}
        for name, value in wishes.items():
            if not isinstance(value, str) or len(value) > _LONGEST:
                raise BadInput("invalid", name, f"{name} must be a text of at most {_LONGEST} characters")
        return await self._hub.threads(self._change, sender, topics, wishes)

    def _show(self, sender: Sender) -> dict[str, Any]:
        with self._hub.ledger.scope() as session:
            return _view(session, sender.id)

    def _change(self, sender: Sender, topics: dict[str, bool], wishes: dict[str, str]) -> dict[str, Any]:
        with self._hub.ledger.scope() as session:
            try:
                if wishes:
                    subscriptions.set_manner(session, sender.id, **wishes)
            except subscriptions.BadManner as bad:
                raise BadInput("invalid", bad.field, str(bad)) from None
            for want in (True, False):
                chosen = [name for name, value in topics.items() if value is want]
                subscriptions.choose(session, sender.id, chosen, want)
            return _view(session, sender.id)


def _view(session: Session, identity: str) -> dict[str, Any]:
    wanted, how = subscriptions.wanted(session, identity), subscriptions.ways(session, identity)
    topics = [
        {"topic": name, "name": topic.name.dict(), "always": topic.always, "wanted": wanted[name]}
        for name, topic in rules().topics.items()
    ]
    return {
        "topics": topics,
        "quiet_from": how.quiet_from.strftime("%H:%M"),
        "quiet_until": how.quiet_until.strftime("%H:%M"),
        "zone": how.zone,
        "channel": how.channel,
        "language": how.language,
    }
