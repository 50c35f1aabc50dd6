"""Notifications as this server sends them: worded by the domain, stored in conversations, pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.conversations.ledger import Entry
from kefu.customers import service as customers
from kefu.handoff import service as handoffs
from kefu.notifications.gateway import Gateway
from kefu.notifications.models import Notification
from kefu.notifications.outbox import Address, Parcel
from kefu.notifications.rules import rules
from kefu.notifications.sender import Channel, Conversation, Sender

if TYPE_CHECKING:
    from kefu.channels.hub import Adapter, Hub


class _Platform(Conversation):
    """A channel whose adapter knows whether its platform lets us push; the adapter then does so by itself."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def reaches(self, session: Session, address: Address, row: Notification) -> bool:
        """Whether the platform lets us; what concerns the customer's own affairs else waits there."""
        return rules().topics[row.topic].always or self._adapter.may_push(session, address.identity)


def sender(hub: Hub) -> Sender:
    """Sends what is due in the outbox to the customers of a hub."""
    channels: dict[str, Channel] = {
        name: _Platform(adapter) for name, adapter in hub.adapters.items() if adapter.pushed
    }
    if settings().push_url:
        channels["app"] = Gateway(settings().push_url, settings().push_token)

    async def words(parcel: Parcel) -> dict[str, Any]:
        conversation = await hub.conversation_of(parcel.customer)
        language, style = await hub.threads(hub.ledger.choices_of, parcel.customer)
        chosen = {"language": parcel.language or language, "style": style}
        return await hub.dialogue.words(conversation, parcel.response, parcel.facts, chosen)

    async def told(parcel: Parcel, entry: Entry) -> None:
        await hub.dialogue.ask(entry.conversation, {"notice": parcel.about})

    return Sender(hub.ledger, channels, words, _is_busy, hub.threads, told)


def _is_busy(session: Session, customer: str) -> bool:
    """Whether a customer waits for a colleague, or talks with one."""
    return handoffs.current(session, customers.conversation_of(session, customer)) is not None
