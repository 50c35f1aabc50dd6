"""What the tagger sees of a text: its units, each with what it means and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kefu.language.embedding import DIMENSIONS, embed_all
from kefu.language.pieces import pieces
from kefu.language.words import tagged_words, units

_CLAUSE = re.compile(
    "[^\n,;:.!?|\t\u3002\uff0c\uff1b\uff1a\uff01\uff1f\u3001]+(?:\\.\\d+[^\n,;:!?|\t\u3002\uff0c\uff1b\uff1a\uff01\uff1f\u3001]*)*"
)
_MODEL_NUMBER = re.compile(r"(?=[A-Za-z]*[-_/]?\d)[A-Za-z]{0,8}[-_/]?\d[A-Za-z0-9\-_/]*")
_BOUNDS = frozenset(
    "\n,;:.!?()[]|/\u3002\uff0c\uff1b\uff1a\uff01\uff1f\uff08\uff09\u3001\u201c\u201d\u3010\u3011\t"
)
#: Signs of a unit: its shape, its word's part of speech with its place in the word, its section.
SIGNS = 3
#: How far a unit stands from its clause's beginning and its text's, its text's end, and the line's.
PLACES = 6


@dataclass(frozen=True)
class Sight:
    """A text of ``n`` units.

    Attributes:
        spans: Start and end of each unit.
        meaning: Of each unit in its surroundings, ``(n, PIECE_DIMENSIONS)``.
        clause: For each unit the position of its clause in ``clauses``; 0 outside.
        clauses: The meaning of each clause, the first row zeros: ``(m + 1, DIMENSIONS)``.
        signs: ``SIGNS`` words for each unit.
        places: ``(n, PLACES)``.
    """

    spans: list[tuple[int, int]]
    meaning: np.ndarray
    clause: np.ndarray
    clauses: np.ndarray
    signs: list[tuple[str, ...]]
    places: np.ndarray


def see(text: str, section: str = "") -> Sight:
    """Looks at a text.

    Args:
        text: Running text, a heading or a step.
        section: What the headings above are about (``Vocabulary.sections``).
    """
    cut = _units(text)
    spans = spans_of(text)
    judged = [m.span() for m in _CLAUSE.finditer(text) if m.group().strip()]
    clauses = np.zeros((len(judged) + 1, DIMENSIONS), dtype=np.float32)
    if judged:
        clauses[1:] = embed_all([text[start:end].strip() for start, end in judged])
    clause, places = _placed(spans, judged, text)
    words = _words(cut, text)
    signs = [
        (shape(unit), f"{part}{place}", section) for (unit, _), (part, place) in zip(cut, words, strict=True)
    ]
    return Sight(spans, means(spans, *pieces(text)), clause, clauses, signs, places)


def spans_of(text: str) -> list[tuple[int, int]]:
    """Start and end of each unit."""
    return [(start, start + len(unit)) for unit, start in _units(text)]


def shape(unit: str) -> str:
    """What a unit looks like: a bound, digits, a code, Latin or Han."""
    if unit in _BOUNDS:
        return f"bound{unit}"
    if _MODEL_NUMBER.fullmatch(unit):
        if unit.replace(".", "").isdigit():
            return f"digits{min(len(unit), 4)}"
        letters = sum(character.isalpha() for character in unit)
        return f"code{min(letters, 3)}{min(len(unit), 6)}{'-' if '-' in unit else ''}"
    if unit.isascii():
        return "latin" if unit.isalpha() else "digits" if unit[0].isdigit() else "sign"
    return "han"


def _units(text: str) -> list[tuple[str, int]]:
    """Units of the text, numbers of models and codes whole."""
    cut: list[tuple[str, int]] = []
    last = 0
    for match in _MODEL_NUMBER.finditer(text):
        cut += [(unit, start + last) for unit, start in units(text[last : match.start()])]
        cut.append((match.group(), match.start()))
        last = match.end()
    return cut + [(unit, start + last) for unit, start in units(text[last:])]


def means(
    spans: Sequence[tuple[int, int]], pieces: Sequence[tuple[int, int]], rows: np.ndarray
) -> np.ndarray:
    """For each span the mean of the rows of the pieces that share characters with it."""
    found = np.zeros((len(spans), rows.shape[1]), dtype=np.float32)
    for i, (first, last) in enumerate(meeting(spans, pieces)):
        if last > first:
            found[i] = rows[first:last].mean(axis=0)
    return found


def meeting(spans: Sequence[tuple[int, int]], pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """For each span the first piece that shares characters with it, and the one after the last."""
    first = 0
    for start, end in spans:
        while first < len(pieces) and pieces[first][1] <= start:
            first += 1
        last = first
        while last < len(pieces) and pieces[last][0] < end:
            last += 1
        yield first, last


def _placed(
    spans: Sequence[tuple[int, int]], judged: Sequence[tuple[int, int]], text: str
) -> tuple[np.ndarray, np.ndarray]:
    """The clause of each unit, and where it stands in it, in its line and in the text."""
    clause, places = np.zeros(len(spans), dtype=np.int64), np.zeros((len(spans), PLACES), dtype=np.float32)
    at = 0
    for i, (start, end) in enumerate(spans):
        while at < len(judged) - 1 and judged[at][1] <= start:
            at += 1
        inside = bool(judged) and judged[at][0] <= start < judged[at][1]
        clause[i] = at + 1 if inside else 0
        line = text.rfind("\n", 0, start) + 1
        places[i] = (
            np.log1p(start - judged[at][0]) / 3 if inside else 0,
            np.log1p(max(judged[at][1] - end, 0)) / 3 if inside else 0,
            start / max(1, len(text)),
            np.log1p(start) / 5,
            np.log1p(len(text) - end) / 5,
            np.log1p(start - line) / 4,
        )
    return clause, places


def _words(cut: Sequence[tuple[str, int]], text: str) -> list[tuple[str, str]]:
    """For each unit its word's part of speech and its place in it (B, M, E or S)."""
    spans, start = [], 0
    for word, part in tagged_words(text.replace("\n", " ")):
        spans.append((start, start + len(word), part))
        start += len(word)
    found, at = [], 0
    for unit, position in cut:
        while at < len(spans) - 1 and spans[at][1] <= position:
            at += 1
        first, last, part = spans[at]
        begins, ends = position <= first, position + len(unit) >= last
        found.append((part, "S" if begins and ends else "B" if begins else "E" if ends else "M"))
    return found
