"""What a customer's client may send, checked field by field, and what it gets back.

Pure functions: no Rasa, no server, no database. The wire format is described in docs/channels/web.md.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 2000
MAX_PAGE = 100
MAX_SEQ = 2**31 - 1
LANGUAGES = ("zh", "en")

# Invisible or blank categories: a client, Rasa or a normaliser may drop them and uncover a slash.
_BLANK = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Mn"}
_EXTERNAL = re.compile(r"^(\W*EXTERNAL\s*)[:\uff1a]", re.IGNORECASE)


class BadInput(Exception):
    """A request that cannot be taken.

    Attributes:
        code: Stable English code, translated by the page.
        field: The field at fault, or ``None``.
        details: More for the client, such as ``limit`` or ``retry_after`` (seconds).
    """

    def __init__(self, code: str, field: str | None, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.field, self.message, self.details = code, field, message, details

    def as_error(self) -> dict[str, Any]:
        """The error object sent to the client."""
        return {"code": self.code, "field": self.field, "message": self.message, **self.details}


@dataclass(frozen=True)
class Incoming:
    """A customer's message as the client sent it, checked.

    Attributes:
        id: The client's id of the message (UUID), the key against doubles.
        text: What was typed, or ``None`` for a button.
        button: ``(seq, index)`` of the pressed button, or ``None``.
        language: ``zh`` or ``en``.
    """

    id: str
    text: str | None
    button: tuple[int, int] | None
    language: str


def parse_message(data: Any) -> Incoming:
    """Checks ``{id, text | button, language}``; raises ``BadInput`` naming the first field at fault."""
    data = _mapping(data)
    text, button = data.get("text"), data.get("button")
    if (text is None) == (button is None):
        raise BadInput("invalid", "text", "exactly one of text and button is needed")
    return Incoming(
        id=_message_id(data.get("id")),
        text=None if text is None else _text(text),
        button=None if button is None else _button(button),
        language=parse_language(data),
    )


def parse_language(data: Any) -> str:
    """Returns the request's ``language``, Chinese when it has none."""
    language = _mapping(data).get("language", LANGUAGES[0])
    if language not in LANGUAGES:
        raise BadInput("invalid", "language", "language must be zh or en")
    return language


def parse_number(data: Any, field: str, default: int | None, highest: int = MAX_SEQ) -> int | None:
    """Returns the whole number in ``field``, which may arrive as digits in a query string."""
    value = _mapping(data).get(field)
    if value is None:
        return default
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest:
        raise BadInput("invalid", field, f"{field} must be a whole number from 0 to {highest}")
    return value


def parse_thread(data: Any) -> str | None:
    """Returns the request's ``thread``, the mark of a conversation; ``None`` when it has none."""
    thread = _mapping(data).get("thread")
    if thread is not None and not (isinstance(thread, str) and re.fullmatch(r"[0-9a-f]{12}", thread)):
        raise BadInput("invalid", "thread", "thread must be one that an answer has given")
    return thread


def neutralise(text: str) -> str:
    """Returns ``text`` so that Rasa can only read it as a person's words.

    Rasa takes text that begins with ``/`` as ``/intent{"slot": ...}`` and marks its own events with
    ``EXTERNAL:``. Leading slashes are dropped, whatever blank, invisible or full-width form hides them.
    """
    start, slash = 0, False
    for character in text:
        plain = unicodedata.normalize("NFKC", character)
        if plain.startswith("/"):
            slash = True
        elif not all(unicodedata.category(part) in _BLANK for part in plain):
            break
        start += 1
    if slash:
        text = text[start:]
    text = _EXTERNAL.sub(r"\1 ", text)
    return text or "?"  # nothing but slashes: still a message, and one that nothing can match


def _mapping(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise BadInput("invalid", None, "a JSON object is needed")
    return data


def _message_id(value: Any) -> str:
    try:
        return str(uuid.UUID(value)) if len(value) == 36 else _bad_id()
    except (TypeError, ValueError, AttributeError):
        return _bad_id()


def _bad_id() -> str:
    raise BadInput("invalid", "id", "id must be a UUID of 36 characters")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadInput("invalid", "text", "text must be a string")
    if len(value) > MAX_TEXT:
        raise BadInput("too_long", "text", f"text is longer than {MAX_TEXT} characters", limit=MAX_TEXT)
    # Control characters and lone surrogates: databases refuse them, and no person types them.
    kept = "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    if not any(unicodedata.category(c) not in _BLANK for c in kept):
        raise BadInput("empty", "text", "text is empty")
    return kept.strip()


def _button(value: Any) -> tuple[int, int]:
    if not isinstance(value, Mapping):
        raise BadInput("invalid", "button", "button must be an object of seq and index")
    seq, index = value.get("seq"), value.get("index")
    for number, field in ((seq, "button.seq"), (index, "button.index")):
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_SEQ:
            raise BadInput("invalid", field, f"{field} must be a whole number")
    return seq, index
