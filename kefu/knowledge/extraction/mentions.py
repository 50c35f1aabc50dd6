"""Pieces of a text that name something, and how they hang together."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mention:
    """A piece of a text that names something.

    Attributes:
        kind: As of ``Candidate``.
        start, end: Characters of the text.
        text: What stands there.
        confidence: How likely it is that, 0 to 1.
        by: What found it: ``table``, ``heading``, ``pattern``, ``name`` or ``learned``.
        steps: What is to be done, in order, if it is told in steps.
        value, unit: Of a spec.
    """

    kind: str
    start: int
    end: int
    text: str
    confidence: float
    by: str
    steps: tuple[str, ...] = ()
    value: str | None = None
    unit: str | None = None

    def moved(self, by: int) -> Mention:
        """The same, counted from ``by`` characters further on."""
        return replace(self, start=self.start + by, end=self.end + by)

    def meets(self, other: Mention) -> bool:
        """Whether both share characters."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Link:
    """``source relation target``, as likely as ``confidence`` says."""

    relation: str
    source: Mention
    target: Mention
    confidence: float
