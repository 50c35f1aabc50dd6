"""Values with units: found in text, and brought to one unit so that they can be compared."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from kefu.knowledge.extraction.vocabulary import vocabulary
from kefu.language.normalize import normalize

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"


@dataclass(frozen=True)
class Measure:
    """A value that can be compared with others of its group.

    Attributes:
        group: What is measured (length, months, charge, ...); empty for a bare number.
        numbers: In the group's own unit; two for a range, more for dimensions.
    """

    group: str
    numbers: tuple[float, ...]

    def equals(self, other: Measure) -> bool:
        """Whether both say the same, up to rounding; days and months differ by the month's length."""
        one, also = self.in_seconds(), other.in_seconds()
        if len(one.numbers) != len(also.numbers) or one.group != also.group:
            return False
        # Amounts of data are counted in thousands or in 1024s, up to terabytes.
        apart = 0.08 if one.group == "data" else 1e-3
        return all(math.isclose(a, b, rel_tol=apart) for a, b in zip(one.numbers, also.numbers, strict=True))

    def in_seconds(self) -> Measure:
        """Days as the time that they last; everything else as it is."""
        if self.group != "days":
            return self
        return Measure("duration", tuple(24 * 3600 * number for number in self.numbers))


@lru_cache(maxsize=4)
def _units(_key: int) -> tuple[dict[str, tuple[str, float]], re.Pattern[str]]:
    table: dict[str, tuple[str, float]] = {}
    for group, units in vocabulary().units.items():
        for unit, share in units.items():
            table.setdefault(normalize(unit).text, (group, share))
    longest = sorted(table, key=len, reverse=True)
    latin_end = r"(?![a-z])"
    forms = "|".join(
        re.escape(unit) + (latin_end if unit[-1].isascii() and unit[-1].isalpha() else "") for unit in longest
    )
    value = re.compile(
        rf"(?:[\u2264\u2265<>\u00b1]\s*|-(?=\d))?{_NUMBER}(?:\s*(?:{forms})?\s*[-~\u00d7x*:\u2013]\s*{_NUMBER})*"
        rf"\s*(?:(?:{forms})(?:/(?:24\s*)?(?:{forms}))?)?"
    )
    return table, value


def _table() -> tuple[dict[str, tuple[str, float]], re.Pattern[str]]:
    return _units(id(vocabulary().units))


def first_measure(text: str) -> tuple[str, str | None] | None:
    """The first value in ``text`` as written, and its unit; none without a number."""
    normal = normalize(text)
    table, form = _table()
    match = form.search(normal.text)
    if not match:
        return None
    start, end = normal.original_span(match.start(), match.end())
    unit = _unit_at_end(match.group().strip(), table)
    if not unit:
        return text[start:end].strip(), None
    behind = len(match.group().rstrip()) - len(unit)
    from_, _ = normal.original_span(match.start() + behind, match.end())
    return text[start:from_].strip(), text[from_:end].strip()


def measures(text: str) -> list[Measure]:
    """Every value in ``text`` that has a unit, or all bare numbers if none has; spoken numbers count, too."""
    table, form = _table()
    said = in_digits(text)
    found = [measure(match.group(), None) for match in form.finditer(said)]
    known = [one for one in found if one and one.group]
    return known or [one for one in found if one]


def in_digits(text: str) -> str:
    """Normal text with the numbers that are written in Han characters as digits."""
    return _spoken().sub(lambda match: str(_number(match.group())), normalize(text).text)


def measure(value: str, unit: str | None) -> Measure | None:
    """What a value says; none if it holds no number.

    Args:
        value: As written, with or without its unit.
        unit: As written, if it stands apart.
    """
    said = normalize(f"{value}{unit or ''}").text
    table, _ = _table()
    numbers = [
        (float(number.group().replace(",", "")), said[number.end() :])
        for number in re.finditer(_NUMBER, said)
    ]
    if not numbers:
        return None
    found = table.get(normalize(unit).text) if unit else None
    ending = _unit_at_end(said, table)
    group, share = found or table.get(ending) or (ending, 1.0)
    return Measure(
        group, tuple(number * _own_share(behind, table, group, share) for number, behind in numbers)
    )


def _own_share(behind: str, table: dict[str, tuple[str, float]], group: str, share: float) -> float:
    """The share of a number's own unit (20 Hz to 20 kHz), else that of the value's."""
    own = re.match(r"\s*([^\d\s~\u00d7*:\u2013-]+)\s*[-~\u00d7*:\u2013]", behind)
    found = table.get(own.group(1)) if own else None
    return found[1] if found and found[0] == group else share


def _unit_at_end(said: str, table: dict[str, tuple[str, float]]) -> str:
    """The longest unit that ``said`` ends with behind a number, or one unit for each of another."""
    match = re.search(r"\d\s*([^\d]*(?:/24\s*[^\d]*)?)$", said)
    ending = match.group(1).strip() if match else ""
    one, _, each = ending.partition("/")
    known = ending in table or one in table and each.removeprefix("24").strip() in table
    return ending if known else ""


@lru_cache(maxsize=1)
def _spoken() -> re.Pattern[str]:
    """Numbers written in Han characters, up to thousands."""
    values = {chr(code): unicodedata.numeric(chr(code), -1.0) for code in range(0x4E00, 0x9FFF)}
    first = "".join(sign for sign, value in values.items() if value in _FIRST)
    other = "".join(sign for sign, value in values.items() if value in _FIRST | {100.0, 1000.0})
    # A thousand behind digits, or alone, is part of a unit.
    return re.compile(rf"(?<![\d.])[{first}][{other}]*")


_FIRST = frozenset(map(float, range(1, 11)))


def _number(said: str) -> int:
    total, digit = 0, 0
    for character in said:
        value = int(unicodedata.numeric(character))
        if value >= 10:
            total += (digit or 1) * value
            digit = 0
        else:
            digit = 10 * digit + value
    return total + digit
