"""What customers say of themselves: the rules of ``data/profile.yml``."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from pydantic import Field, validator

from kefu import rulebook
from kefu.config import ROOT
from kefu.language.normalize import normalize
from kefu.rulebook import Entry

#: Kinds of facts. ``mood_before`` is the same as ``mood``, remembered for longer: the two give the trend.
NAMES = ("device", "city", "order", "channel", "language", "hour", "topic", "mood", "mood_before")

_CLAUSE = re.compile(r"[，。；！？,;!?\n]|\. ")


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class Speech(Entry):
    """By which words customers tell what is theirs, and for how long facts count (see the file)."""

    owns_before: list[str] = Field(min_items=1)
    owns_after: list[str]
    not_owns: list[str]
    lives_before: list[str]
    half_life_days: dict[str, float]

    _expressions = validator("owns_before", "owns_after", "not_owns", "lives_before", each_item=True,
                             allow_reuse=True)(_expression)  # fmt: skip

    @validator("half_life_days")
    def _known_names(cls, value: dict[str, float]) -> dict[str, float]:
        if wrong := set(value) ^ set(NAMES):
            raise ValueError(f"{sorted(wrong)[0]}: exactly these are needed: {', '.join(NAMES)}")
        if min(value.values()) <= 0:
            raise ValueError("must be more than 0 days")
        return value

    def owned(self, text: str, start: int, end: int) -> bool:
        """Whether what is named at ``start:end`` of a text is said to be the customer's own."""
        before, after = _clause(text, start, end)
        if self.hypothetical(text, start, end):
            return False
        return _any(self.owns_before, before) or _any(self.owns_after, after)

    def hypothetical(self, text: str, start: int, end: int) -> bool:
        """Whether what is named at ``start:end`` is said not to be, or not yet, theirs: 想买, 朋友的."""
        return _any(self.not_owns, _clause(text, start, end)[0])

    def home(self, text: str, start: int, end: int) -> bool:
        """Whether the city named at ``start:end`` of a text is said to be where the customer lives."""
        return _any(self.lives_before, _clause(text, start, end)[0])


class _File(Entry):
    profile: Speech


def speech(path: Path = ROOT / "data" / "profile.yml") -> Speech:
    """The rules in force.

    Raises:
        RuleError: The file was never right in this process; names line and field.
    """
    return rulebook.current(_File, path).profile


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind a part of a text in its clause, normalised."""
    before = _CLAUSE.split(text[:start])[-1]
    after = _CLAUSE.split(text[end:])[0]
    return normalize(before).text, normalize(after).text


def _any(expressions: list[str], text: str) -> bool:
    return any(_compiled(expression).search(text) for expression in expressions)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)
