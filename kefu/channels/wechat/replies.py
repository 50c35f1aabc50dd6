"""Bubbles as WeChat can show them: text, numbered options or a message menu, in as few messages as possible.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kefu.conversations.ledger import Entry
from kefu.language.detect import language_of

#: The platform takes no longer text, in UTF-8.
MAX_BYTES = 2048
#: A message menu's longest list and entry; beyond them options are numbered text.
MAX_MENU, MAX_TITLE = 10, 40

#: Number of an option that can be chosen by it, by the bubble's place and the option's index.
Numbers = Mapping[tuple[str, int, int], int]
#: Words for a notice's code, or for ``choose``, in a language (``zh``, ``en``).
Wording = Callable[[str, str], str]

_BREAKS = re.compile(r"\n|[。！？；]|[.!?;](?= )| ")
# What XML 1.0 has no place for, and what would hide in text.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Outgoing:
    """One message to the platform.

    Attributes:
        text: What it says, at most ``MAX_BYTES``.
        covers: The bubbles that are said when it has arrived.
        menu: Options to click, by id, if they can be; ``numbered`` then says everything in text.
        numbered: The same with the options as numbered lines.
    """

    text: str
    covers: tuple[Entry, ...] = ()
    menu: tuple[tuple[str, str], ...] = ()
    numbered: str = ""


def plan(entries: Sequence[Entry], numbers: Numbers, word: Wording) -> list[Outgoing]:
    """Packs bubbles, in order, into as few messages as they fit.

    A bubble that is alone too long becomes several messages, of which the last covers it.
    """
    messages: list[Outgoing] = []
    packed: list[Entry] = []
    for entry in entries:
        together = _said([*packed, entry], numbers, word)
        if packed and _size(together.numbered) > MAX_BYTES:
            messages += _split(packed, numbers, word)
            packed = []
        packed.append(entry)
    return messages + (_split(packed, numbers, word) if packed else [])


def shortened(part: Outgoing, entry: Entry) -> Outgoing:
    """The first part of a bubble too long for one message, as all that is said of it."""
    text = split(part.numbered, MAX_BYTES - _size("…"))[0] + "…"
    return Outgoing(text, (entry,), numbered=text)


def _split(entries: list[Entry], numbers: Numbers, word: Wording) -> list[Outgoing]:
    whole = _said(entries, numbers, word)
    if _size(whole.numbered) <= MAX_BYTES:
        return [whole]
    *first, last = split(whole.numbered)
    return [*(Outgoing(part, numbered=part) for part in first), Outgoing(last, tuple(entries), numbered=last)]


def _said(entries: list[Entry], numbers: Numbers, word: Wording) -> Outgoing:
    """Bubbles in one message; their options can be clicked if the last one has all of them."""
    texts, numbered, menu = [], [], []
    for entry in entries:
        text = flatten(entry.body, word)
        options = _options(entry, numbers)
        links = [f"{b['title']} {b['url']}" for b in entry.body.get("buttons") or [] if b.get("url")]
        text = "\n".join(part for part in (text, *links) if part)
        lines = [f"[{number}] {title}" if number else f"· {title}" for number, _, title in options]
        hint = [word("choose", language_of(text) or "zh")] if any(number for number, _, _ in options) else []
        texts.append(text)
        numbered.append("\n".join(part for part in (text, *lines, *hint) if part))
        menu = [(id, title) for _, id, title in options] if options else []
        if options and entry is not entries[-1]:
            texts[-1] = numbered[-1]
    clickable = 0 < len(menu) <= MAX_MENU and all(len(title) <= MAX_TITLE for _, title in menu) and texts[-1]
    return Outgoing(
        text=xml_text("\n\n".join(part for part in (texts if clickable else numbered) if part)),
        covers=tuple(entries),
        menu=tuple(menu) if clickable else (),
        numbered=xml_text("\n\n".join(part for part in numbered if part)),
    )


def _options(entry: Entry, numbers: Numbers) -> list[tuple[int | None, str, str]]:
    """Number, id in a message menu, and title of each option that is no link."""
    return [
        (numbers.get((entry.conversation, entry.seq, index)), menu_id(entry.seq, index), button["title"])
        for index, button in enumerate(entry.body.get("buttons") or [])
        if button.get("payload")
    ]


def menu_id(seq: int, index: int) -> str:
    """The id of an option in a message menu; the platform gives back digits only."""
    return f"{seq}{index:02d}"


def place_of(id: str) -> tuple[int, int] | None:
    """Bubble and index of the option with this id, if it can be one."""
    return (int(id[:-2]), int(id[-2:])) if re.fullmatch(r"[0-9]{3,12}", id) else None


def flatten(body: Mapping, word: Wording) -> str:
    """A bubble in plain words: cards and pictures become lines."""
    card = body.get("card") or {}
    link = card.get("link") or {}
    parts = [
        body.get("text"),
        word(body["notice"], body.get("language", "zh")) if body.get("notice") else None,
        body.get("image"),
        card.get("title"),
        card.get("text"),
        *(f"{field.get('label')}: {field.get('value')}" for field in card.get("fields") or []),
        card.get("image"),
        f"{link.get('title') or ''} {link['url']}".strip() if link.get("url") else None,
    ]
    plain = "\n".join(str(part) for part in parts if part)
    return re.sub(r"\*\*(.+?)\*\*", r"\1", plain)


def split(text: str, limit: int = MAX_BYTES) -> list[str]:
    """Cuts text into parts of at most ``limit`` bytes, where a line or sentence ends if one does."""
    parts = []
    while _size(text) > limit:
        end = len(text.encode()[:limit].decode(errors="ignore"))
        breaks = [found.end() for found in _BREAKS.finditer(text, 0, end) if found.end() > end // 2]
        cut = breaks[-1] if breaks else end
        while cut > 1 and _joined(text, cut):
            cut -= 1
        parts.append(text[:cut].strip())
        text = text[cut:].strip()
    return [part for part in (*parts, text) if part]


def _joined(text: str, cut: int) -> bool:
    """Whether a cut here would take a sign apart (accents, emoji made of several)."""
    after, before = text[cut], text[cut - 1]
    return bool(unicodedata.combining(after)) or after in "\u200d\ufe0f\u20e3" or before == "\u200d"


def xml_text(text: str) -> str:
    """Text without what XML has no place for."""
    return _NOT_XML.sub("", text)


def reply_xml(openid: str, account: str, text: str) -> str:
    """A passive answer; no text can end its CDATA section."""
    safe = xml_text(text).replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{openid}]]></ToUserName><FromUserName><![CDATA[{account}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{safe}]]></Content></xml>"
    )


def _size(text: str) -> int:
    return len(text.encode(errors="ignore"))
