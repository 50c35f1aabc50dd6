"""What the bot says, on any channel: each bubble one JSON body, collected in a turn, else pushed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from rasa.core.channels.channel import OutputChannel

Push = Callable[[str, dict], Awaitable[None]]


class ChannelOutput(OutputChannel):
    """Rasa's output channel of one turn, or of a push outside any turn.

    Args:
        push: Stores and shows a bubble: conversation, body.
        channel: The channel's name, which ``channel:`` variants of responses carry.
        turn: Whether bubbles are collected, for a turn's answer is stored as a whole.

    Attributes:
        said: The bubbles of the turn.
    """

    def __init__(self, push: Push, channel: str, turn: bool = False) -> None:
        self._push = push
        # Rasa asks each instance for its name; here one class serves every channel.
        self.name = lambda: channel
        self._turn = turn
        self.said: list[dict[str, Any]] = []

    def end_turn(self) -> None:
        """Makes what comes later (a reminder keeps this object) a push, not part of the answer."""
        self._turn = False

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Sends text; parts with a blank line between them become bubbles of their own."""
        for part in _parts(text):
            await self._send(recipient_id, {"text": part})

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        """Sends text with the buttons under its last part."""
        *first, last = _parts(text) or [""]
        for part in first:
            await self._send(recipient_id, {"text": part})
        await self._send(recipient_id, {"text": last, "buttons": kept_buttons(buttons)})

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        """Sends a picture by its address."""
        await self._send(recipient_id, {"image": image})

    async def send_attachment(self, recipient_id: str, attachment: Any, **kwargs: Any) -> None:
        """Sends a link to a file; Rasa's ``{"type", "payload": {"src"}}`` of a picture becomes one."""
        payload = attachment.get("payload", attachment) if isinstance(attachment, dict) else {}
        address = payload.get("src") or payload.get("url") or str(attachment)
        is_image = isinstance(attachment, dict) and attachment.get("type") == "image"
        await self._send(recipient_id, {"image": address} if is_image else {"text": address})

    async def send_elements(
        self, recipient_id: str, elements: Iterable[dict[str, Any]], **kwargs: Any
    ) -> None:
        """Sends each element as a card."""
        for element in elements:
            card = {
                "title": element.get("title"),
                "text": element.get("subtitle"),
                "image": element.get("image_url"),
                "buttons": element.get("buttons") or [],
            }
            await self.send_custom_json(recipient_id, card)

    async def send_custom_json(self, recipient_id: str, json_message: dict[str, Any], **kwargs: Any) -> None:
        """Sends a card: ``title``, ``text``, ``image``, ``fields`` [{label, value}], ``link``, ``buttons``.

        Its buttons go beside it, where the buttons of every bubble are, so that payloads stay here.
        """
        card = dict(json_message)
        buttons = kept_buttons(card.pop("buttons", None) or [])
        await self._send(recipient_id, {"card": card, "buttons": buttons} if buttons else {"card": card})

    async def _send(self, conversation: str, body: dict[str, Any]) -> None:
        if self._turn:
            self.said.append(body)
        else:
            await self._push(conversation, body)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[ \t]*\n", text.strip()) if part.strip()]


def kept_buttons(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keeps what a button needs: its title and either a payload for Rasa or an address to open."""
    kept = []
    for button in buttons:
        title = str(button.get("title") or button.get("payload") or "")
        if button.get("url"):
            kept.append({"title": title, "url": str(button["url"])})
        else:
            kept.append({"title": title, "payload": str(button.get("payload") or title)})
    return kept
