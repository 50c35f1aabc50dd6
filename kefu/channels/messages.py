"""The one message interface: what every channel turns its input into (docs/channels/README.md).

Going out, a message is the ledger's ``body`` (kefu.channels.output): ``text``, ``image``, ``card``,
``notice``, ``buttons``. Each channel shows of it what its platform can.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kefu.customers.service import Sender


@dataclass(frozen=True)
class Inbound:
    """A customer's message, whatever channel it came through.

    Attributes:
        sender: Who sent it; verified by the channel, never taken from what the message says.
        id: The channel's id of the message, at most 36 characters: the key against doubles.
        kind: ``text``, ``button``, ``image``, ``voice``, ``location``, ``link`` or ``event``.
        text: What was typed, or what stands for the message in words (a voice's recognised text, a place's
            address, a button's title); empty if there are none.
        payload: What Rasa is given instead of ``text``: a button that the bot itself sent, an event's intent.
        language: ``zh`` or ``en``, of the customer's client.
        parts: What else the channel's clients show: ``button``, ``image``, ``voice``, ``place``, ``link``.
        hidden: Whether it is no message that the customer sees (an event).
        response: Name of the response that answers it, where there is nothing that Rasa could understand (a
            voice without its text).
    """

    sender: Sender
    id: str
    kind: str
    text: str = ""
    payload: str | None = None
    language: str = "zh"
    parts: dict[str, Any] = field(default_factory=dict)
    hidden: bool = False
    response: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        body = {"kind": self.kind, "text": self.text, "language": self.language, **self.parts}
        if self.payload is not None:
            body["payload"] = self.payload
        if self.response is not None:
            body["response"] = self.response
        return {**body, "event": True} if self.hidden else body
