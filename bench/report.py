"""What every benchmark prints: tables, goals, and one JSON line for machines."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A measured value and what it should be.

    Attributes:
        name: What was measured.
        value: What came out.
        goal: The line that is to be reached.
        ok: Whether it was.
    """

    name: str
    value: float
    goal: float
    ok: bool

    @classmethod
    def at_least(cls, name: str, value: float, goal: float) -> Goal:
        """A goal where more is better."""
        return cls(name, round(value, 4), round(goal, 4), bool(value >= goal))

    @classmethod
    def at_most(cls, name: str, value: float, goal: float) -> Goal:
        """A goal where less is better."""
        return cls(name, round(value, 4), round(goal, 4), bool(value <= goal))

    @classmethod
    def above(cls, name: str, value: float, rival: float) -> Goal:
        """A goal that is a rival's value: it has to be beaten."""
        return cls(name, round(value, 4), round(rival, 4), bool(value > rival))


def heading(text: str) -> None:
    """Prints a title."""
    print(f"\n{text}\n{'-' * width(text)}", flush=True)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints rows under a header; numbers stand on the right, a Han character takes two places."""
    cells = [list(header)] + [[_shown(cell) for cell in row] for row in rows]
    widths = [max(width(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        print("  ".join(_padded(cell, widths[i], left=i == 0) for i, cell in enumerate(row)).rstrip())


def finish(bench: str, goals: Sequence[Goal]) -> None:
    """Prints the goals for people, then, as the very last line, for machines."""
    heading("Goals")
    rows = [(g.name, g.value, g.goal, "ok" if g.ok else "MISSED") for g in goals]
    table(("goal", "value", "line", ""), rows)
    result = {"bench": bench, "goals": [asdict(goal) for goal in goals]}
    print(f"\n{json.dumps(result, ensure_ascii=False)}", flush=True)


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _shown(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:.1f}"
    return "" if cell is None else str(cell)


def _padded(cell: str, columns: int, left: bool) -> str:
    blank = " " * (columns - width(cell))
    return cell + blank if left else blank + cell
