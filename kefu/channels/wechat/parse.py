"""What a callback says, from its XML: which message or event, of whom, with what in it.

wechatpy knows the kinds; what we take of each is a row of ``_TAKEN``. A kind that is not there, of wechatpy's
or of the platform's future, is a value like the others, only with nothing taken.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wechatpy.messages import BaseMessage
from wechatpy.parser import parse_message

from kefu.channels.protocol import MAX_TEXT
from kefu.channels.wechat.crypto import Refused, read_xml
from kefu.channels.wechat.replies import xml_text

#: Fits ``Message.client_id``.
_LONGEST_ID = 36


@dataclass(frozen=True)
class Received:
    """A callback, understood.

    Attributes:
        openid: Who sent it, as the account knows them.
        account: The account's original id (``gh_...``).
        id: The key against doubles: MsgId, or a hash of sender, time and event.
        kind: ``text``, ``image``, ``voice``, ``location``, ``link`` and so on, or ``event``.
        event: Which event, in small letters; empty for messages.
        text: Words in it: typed, recognised, a place's address, a link's title.
        parts: What clients show beside the text (``Inbound.parts``).
        key: An event's key: the scene scanned, the menu's key, an address.
        menu_id: Which entry of a message menu was clicked.
    """

    openid: str
    account: str
    id: str
    kind: str
    event: str = ""
    text: str = ""
    parts: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    menu_id: str = ""


def _place(message: BaseMessage) -> dict[str, Any]:
    label = _string(message, "Label")
    latitude, longitude = _string(message, "Location_X"), _string(message, "Location_Y")
    place = {"label": label, "latitude": latitude, "longitude": longitude}
    return {"text": label or f"{latitude},{longitude}", "parts": {"place": place}}


def _link(message: BaseMessage) -> dict[str, Any]:
    title = _string(message, "Title")
    link = {"title": title, "url": _web_address(message, "Url"), "text": _string(message, "Description")}
    return {"text": title, "parts": {"link": link}}


#: Of each kind, what is taken.
_TAKEN: dict[str, Callable[[BaseMessage], dict[str, Any]]] = {
    "text": lambda m: {"text": _string(m, "Content"), "menu_id": _string(m, "bizmsgmenuid")},
    "image": lambda m: {"parts": {"image": _web_address(m, "PicUrl")}},
    "voice": lambda m: {"text": _string(m, "Recognition"), "parts": {"voice": _string(m, "MediaId")}},
    "location": _place,
    "link": _link,
    "miniprogrampage": _link,
    "event": lambda m: {"key": _string(m, "EventKey")},
}


def parse(xml: str) -> Received:
    """Reads a callback.

    Raises:
        Refused: It is no callback; names the field.
    """
    xml = xml_text(xml)  # what a customer pastes may have signs that XML has no place for
    fields = read_xml(xml)
    if not isinstance(fields.get("MsgType"), str):
        raise Refused(400, "malformed", "MsgType")
    try:
        message = parse_message(xml)
    except Exception:  # odd XML under a right signature: an event twice, a key with elements in it
        raise Refused(400, "malformed", "Event") from None
    data = message._data
    openid, stamp = _string(message, "FromUserName"), _string(message, "CreateTime")
    if not re.fullmatch(r"[\x21-\x7e]{1,128}", openid):
        raise Refused(400, "malformed", "FromUserName")
    if not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise Refused(400, "malformed", "CreateTime")
    kind = data["MsgType"].lower()
    is_event = kind == "event" or kind.startswith("device_")
    event = (_string(message, "Event").lower() or kind) if is_event else ""
    kind = "event" if is_event else kind
    taken = _TAKEN.get(kind, lambda _: {})(message)
    parts = {name: part for name, part in taken.pop("parts", {}).items() if part}
    return Received(
        openid=openid,
        account=_string(message, "ToUserName"),
        id=_id(message, openid, stamp, event),
        kind=kind,
        event=event,
        parts=parts,
        **taken,
    )


def _id(message: BaseMessage, openid: str, stamp: str, event: str) -> str:
    given = _string(message, "MsgId")
    if re.fullmatch(rf"[0-9A-Za-z_-]{{1,{_LONGEST_ID}}}", given):
        return given
    # https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html
    unique = "|".join((openid, stamp, event, _string(message, "EventKey"), given))
    return hashlib.sha256(unique.encode()).hexdigest()[:32]


def _string(message: BaseMessage, name: str) -> str:
    value = message._data.get(name)
    return clean(value) if isinstance(value, str) else ""


def _web_address(message: BaseMessage, name: str) -> str:
    address = _string(message, name)
    return address if re.match(r"https?://", address) else ""


def clean(text: str) -> str:
    """Text without control characters and lone surrogates, which databases refuse, and not overlong."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return kept.strip()[:MAX_TEXT]
