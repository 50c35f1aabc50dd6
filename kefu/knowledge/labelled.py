"""Pairs of entries that people labelled: the same or not."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kefu.knowledge.comparison import Described
from kefu.knowledge.distinctions import Distinctions
from kefu.language.normalize import fold

#: How far apart in the files two entries are taken that have nothing to do with each other.
_APART = 3


@dataclass(frozen=True)
class Labelled:
    """A pair, and whether both say the same.

    Attributes:
        trade: The file that it is from.
        written: Whether somebody labelled it; else it was made of labelled ones.
    """

    trade: str
    a: Described
    b: Described
    same: bool
    written: bool = True


def labelled(folder: Path) -> list[Labelled]:
    """The pairs of the JSON lines in ``folder``, in the form of ``tests/extraction/README.md``.

    Raises:
        ValueError: A line is no JSON, or lacks a field; the message names file and line.
    """
    return [pair for path in sorted(folder.glob("*.jsonl")) for pair in _read(path)]


def _read(path: Path) -> Iterator[Labelled]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            a, b = (Described.of_row(row["kind"], row[side]) for side in "ab")
            yield Labelled(path.stem, a, b, bool(row["same"]))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path}:{number}: is no pair ({error!r})") from None


def reworded(pairs: Sequence[Labelled], book: Distinctions) -> list[Labelled]:
    """Entries beside themselves in other words for some things, or without their text: the same."""
    other = {word: line[i - 1] for line in book.alike for i, word in enumerate(line)}
    found = []
    for pair in pairs:
        name = book.in_one_form.sub(lambda match: other[match.group()], pair.a.name)
        text = "" if len(found) % 2 else pair.a.text
        if (name, text) != (pair.a.name, pair.a.text):
            found.append(Labelled(pair.trade, pair.a, replace(pair.a, name=name, text=text), True, False))
    return found


def unrelated(pairs: Sequence[Labelled], draw: np.random.Generator) -> list[Labelled]:
    """About as many pairs of one kind and trade that nobody would compare: what is labelled is all hard."""
    groups: dict[tuple[str, str, str | None], list[Labelled]] = defaultdict(list)
    for pair in pairs:
        groups[pair.trade, pair.a.kind, pair.a.line].append(pair)
    found = []
    for group in groups.values():
        for i, one in enumerate(group if len(group) >= 2 * _APART else ()):
            other = group[(i + int(draw.integers(_APART, len(group) - _APART + 1))) % len(group)]
            sides = (one.a, one.b)[draw.integers(2)], (other.a, other.b)[draw.integers(2)]
            if fold(sides[0].name) != fold(sides[1].name):
                found.append(Labelled(one.trade, *sides, False, False))
    return found
