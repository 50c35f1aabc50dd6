"""When a person is needed though nobody asked for one: the rules of ``data/takeover.yml``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from kefu import rulebook
from kefu.config import ROOT
from kefu.rulebook import Entry

Then = Literal["offer", "call", "never"]

#: The moods that wear patience out.
_BAD = ("angry", "unhappy")


class Felt(NamedTuple):
    """The mood of one message, and how certain that is (0 to 1)."""

    mood: str
    certainty: float


class Need(NamedTuple):
    """Why a person is needed (see ``Handoff.reason``), and whether one is offered or called."""

    reason: str
    then: Then


class _Repeated(Entry):
    times: int = Field(ge=1, le=10)
    then: Then


class _Angry(Entry):
    certainty: float = Field(ge=0, le=1)
    twice: float = Field(ge=0, le=1)
    then: Then


class _Vip(Entry):
    misses: int = Field(ge=1, le=10)
    wishes: bool
    then: Then


class Patience(Entry):
    """How long customers are left alone with the assistant.

    Attributes:
        pause_minutes: How long nobody is asked again.
    """

    misses: _Repeated
    angry: _Angry
    unhappy: _Repeated
    vip: _Vip
    pause_minutes: int = Field(ge=1, le=1440)

    def worn_by_mood(self, felt: Sequence[Felt]) -> Need | None:
        """Whether moods ask for a person.

        Args:
            felt: Of the last messages, the newest first.
        """
        sure = [one.certainty for one in takewhile(lambda one: one.mood == "angry", felt[:2])]
        if sure and (sure[0] >= self.angry.certainty or (len(sure) == 2 and min(sure) >= self.angry.twice)):
            return _need("mood", self.angry.then)
        running = [one.mood for one in felt[: self.unhappy.times]]
        if len(running) == self.unhappy.times and all(mood in _BAD for mood in running):
            return _need("mood", self.unhappy.then)
        return None

    def worn_by_outcome(self, level: str, misses: int, wish: bool) -> Need | None:
        """Whether what came of a message asks for a person.

        Args:
            level: Of the customer.
            misses: How many messages in a row were missed, this one included; 0 if it was not.
            wish: Whether the customer wants what only people can do.
        """
        if level == "vip" and (misses >= self.vip.misses or (wish and self.vip.wishes)):
            return _need("level", self.vip.then)
        return _need("misses", self.misses.then) if misses >= self.misses.times else None


class _File(Entry):
    takeover: Patience


def patience(path: Path = ROOT / "data" / "takeover.yml") -> Patience:
    """The rules in force.

    Raises:
        RuleError: The file was never right in this process.
    """
    return rulebook.current(_File, path).takeover


def _need(reason: str, then: Then) -> Need | None:
    return Need(reason, then) if then != "never" else None
