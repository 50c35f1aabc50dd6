"""The rules of ``data/notifications.yml``: topics, caps, quiet hours, and which events are told."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Any

from pydantic import Field, validator

from kefu import rulebook
from kefu.config import ROOT
from kefu.language.detect import LANGUAGES
from kefu.language.normalize import normalize
from kefu.rulebook import Entry

#: Languages in which people write news; customers who speak a variant of one get that one's words.
WRITTEN = ("zh", "en")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Name(Entry):
    """A name in both languages."""

    zh: str
    en: str

    def get(self, language: str) -> str:
        """In ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


class Cap(Entry):
    """No more than ``count`` within ``hours``."""

    count: int = Field(ge=1)
    hours: float = Field(gt=0)


class Topic(Entry):
    """Something that customers can be told about (see the file)."""

    name: Name
    says: list[str]
    always: bool = False
    at_most: Cap | None = None


class QuietHours(Entry):
    """When nobody is disturbed, in the customer's zone; the same time twice is never."""

    begin: str = Field(alias="from")
    end: str = Field(alias="until")

    @validator("begin", "end")
    def _is_clock(cls, value: str) -> str:
        return clock(value) and value


class Told(Entry):
    """How customers are told of a kind of event."""

    topic: str
    response: str
    facts: list[str] = []
    when: dict[str, Any] = Field(default={}, alias="if")
    critical: bool = False


class _Expires(Entry):
    always: float = Field(gt=0)
    other: float = Field(gt=0)


class Notifications(Entry):
    """All rules of the file."""

    topics: dict[str, Topic]
    at_most: Cap
    quiet_hours: QuietHours
    expires_hours: _Expires
    events: dict[str, Told] = {}
    pointing: list[str]

    @validator("events")
    def _of_topics(cls, value: dict[str, Told], values: dict[str, Any]) -> dict[str, Told]:
        for kind, told in value.items():
            if told.topic not in values.get("topics", {}):
                raise ValueError(f"{kind}: {told.topic!r} is not a topic")
        return value

    @property
    def choosable(self) -> list[str]:
        """Topics that customers subscribe to; the others always come."""
        return [name for name, topic in self.topics.items() if not topic.always]

    def named_in(self, text: str) -> list[str]:
        """Topics that a text names by their words."""
        said = normalize(text).text.lower()
        return [
            name
            for name, topic in self.topics.items()
            if any(_says(said, normalize(word).text.lower()) for word in topic.says)
        ]

    def points(self, text: str) -> bool:
        """Whether a text points at what was said before it."""
        said = normalize(text).text.lower()
        return any(_says(said, normalize(word).text.lower()) for word in self.pointing)


class _File(Entry):
    notifications: Notifications


def rules(path: Path = ROOT / "data" / "notifications.yml") -> Notifications:
    """The rules in force.

    Raises:
        RuleError: The file was never right in this process.
    """
    return rulebook.current(_File, path).notifications


def by_language(texts: dict[str, str]) -> dict[str, str]:
    """A text for every language that customers are answered in, from those in which it is written."""
    return {language: texts.get(language) or texts[WRITTEN[0]] for language in LANGUAGES}


def clock(text: str) -> time:
    """A time of day written as ``22:00``.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        raise ValueError(f"{text!r} is no time of day like 22:00")
    return time.fromisoformat(text)


def _says(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    return re.search(rf"(?<![a-z]){re.escape(word)}s?(?![a-z])", text) is not None
