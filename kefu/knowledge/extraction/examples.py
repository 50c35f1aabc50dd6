"""Annotated texts made of ``data/extraction/examples.yml``: sentences filled with cases of many trades."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.rulebook import Entry, current

#: What each letter of a slot stands for; W, a spec's value, is no entry of its own.
KIND_OF_SLOT = {
    "P": "product", "L": "product_line", "U": "function", "F": "fault", "S": "symptom", "E": "error_code",
    "C": "cause", "R": "solution", "V": "spec", "Y": "policy",
}  # fmt: skip
_SLOT = re.compile(
    r"\[([^\[\]{]*)\{([A-Z])(\d?)([b-d]?)\}\]|\{([A-Z])(\d?)([b-d]?)(?::([^{}]+))?\}|\{(\w+)\}"
)
_SPEC = re.compile(r"(\S+) (.+)")


class Trade(Entry):
    """What a trade sells and what goes wrong with it."""

    line: str
    products: list[str]
    functions: list[str]
    specs: list[str]
    policies: list[str]
    cases: list[str]


class Heading(Entry):
    """A line that stands alone below headings of a section."""

    section: str
    text: str


class Examples(Entry):
    """The whole file."""

    trades: list[Trade]
    tickets: list[str]
    prose: list[str]
    headings: list[Heading]
    nothing: list[str]
    told: list[str]
    written: list[str]
    fillers: dict[str, list[str]]


@dataclass(frozen=True)
class Label:
    """An annotated piece of an example.

    Attributes:
        kind: As of ``Candidate``.
        start, end: Characters of the example's text.
    """

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Example:
    """An annotated text.

    Attributes:
        text: As it would stand in a document.
        section: What its headings are about; empty for running text.
        labels: What it names, in order.
        links: Which of these hang together: positions of the one and of the other.
        trade: Whose cases fill it; examples of one trade are learned from or tested on together.
        written: Whether it was written as a whole, not filled.
    """

    text: str
    section: str
    labels: tuple[Label, ...]
    links: frozenset[tuple[int, int]]
    trade: int
    written: bool = False


def read_examples(folder: Path = FOLDER) -> Examples:
    """The file as it stands.

    Raises:
        RuleError: It has a mistake or is missing.
    """
    return current(Examples, folder / "examples.yml")


def filled(examples: Examples, times: int, seed: int = 1) -> list[Example]:
    """Each sentence filled ``times`` times with cases drawn at random."""
    rng = random.Random(seed)
    ways = [("", text) for text in (*examples.tickets, *examples.prose)]
    ways += [(heading.section, heading.text) for heading in examples.headings]
    made = []
    for section, pattern in ways:
        for _ in range(times):
            trade = rng.randrange(len(examples.trades))
            made.append(_fill(pattern, section, trade, examples, rng))
    for text in examples.nothing:
        made += [_fill(text, "", rng.randrange(len(examples.trades)), examples, rng) for _ in range(3)]
    for number, text in enumerate((*examples.told, *examples.written)):
        made.append(replace(_fill(text, "", number, examples, rng), written=True))
    return made


def _fill(pattern: str, section: str, trade: int, examples: Examples, rng: random.Random) -> Example:
    values = _Values(examples.trades[trade % len(examples.trades)], rng)
    text, labels, cases, last = "", [], [], 0
    for match in _SLOT.finditer(pattern):
        text += pattern[last : match.start()]
        last = match.end()
        before, *slot, letter, case, cause, literal, filler = match.groups()
        if before is not None:
            letter, case, cause = slot
        said = rng.choice(examples.fillers[filler]) if filler else literal or values(letter, case, cause)
        said = (before or "") + said
        kind = KIND_OF_SLOT.get(letter or "")
        if kind and said:
            labels.append(Label(kind, len(text), len(text) + len(said)))
            cases.append((case, cause))
        text += said
    kinds = [label.kind for label in labels]
    return Example(text + pattern[last:], section, tuple(labels), frozenset(_links(kinds, cases)), trade)


class _Values:
    """Draws what fills the slots of one sentence, the same for the same slot."""

    def __init__(self, trade: Trade, rng: random.Random) -> None:
        self._trade, self._rng = trade, rng
        self._cases = rng.sample(trade.cases, len(trade.cases))
        self._drawn: dict[str, Sequence[str]] = {
            "P": _shuffled(trade.products, rng),
            "U": _shuffled(trade.functions, rng),
            "Y": _shuffled(trade.policies, rng),
            "V": _shuffled(trade.specs, rng),
        }

    def __call__(self, letter: str, case: str, cause: str) -> str:
        number = int(case or 1) - 1
        if letter == "L":
            return self._trade.line
        if letter in "VW":
            match = _SPEC.match(_pick(self._drawn["V"], number))
            return match.group(1 if letter == "V" else 2) if match else ""
        if letter in self._drawn:
            return _pick(self._drawn[letter], number)
        fault, symptoms, code, function, causes = (
            part.strip() for part in _pick(self._cases, number).split("|")
        )
        if letter in "CR":
            pairs = [pair.split(">") for pair in causes.split(";")]
            return _pick(pairs, "bcd".find(cause) + 1)["CR".index(letter)].strip()
        if letter == "S":
            return _pick(symptoms.split(";"), 0).strip()
        return {"F": fault, "E": code or _code(self._rng), "U": function}[letter]


def _pick(values: Sequence, number: int):
    return values[number % len(values)]


def _shuffled(values: Sequence[str], rng: random.Random) -> list[str]:
    return rng.sample(values, len(values))


def _code(rng: random.Random) -> str:
    letters = rng.choice(("E", "F", "Er", "ERR", "H", "P", "U", "C", "A", "E-", "LE", "dE", "PF", ""))
    return (
        f"{letters}{rng.randrange(1, 40):0{rng.choice((1, 2, 2))}d}"
        if letters
        else str(rng.randrange(100, 999))
    )


def _links(kinds: Sequence[str], cases: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """What hangs together in a filled sentence.

    Args:
        kinds: Of its labels.
        cases: Which case each belongs to, and which of its causes.
    """
    for i, source in enumerate(kinds):
        for j, target in enumerate(kinds):
            if i != j and relation_between(source, target) and _together(kinds, cases, i, j):
                yield i, j


#: Which relation can hold from a kind to another.
_RELATIONS = {
    ("product", "product_line"): "in_line", ("product", "function"): "has_function",
    ("fault", "product"): "affects", ("fault", "function"): "concerns", ("fault", "symptom"): "shows",
    ("fault", "error_code"): "reports", ("fault", "cause"): "caused_by", ("cause", "solution"): "solved_by",
    ("fault", "solution"): "solved_by", ("policy", "product"): "applies_to",
    ("policy", "product_line"): "applies_to", ("spec", "product"): "describes",
    ("spec", "product_line"): "describes",
}  # fmt: skip


def relation_between(source: str, target: str) -> str | None:
    """The relation that an entry of kind ``source`` can have to one of kind ``target``."""
    return _RELATIONS.get((source, target))


def _together(kinds: Sequence[str], cases: Sequence[tuple[str, str]], i: int, j: int) -> bool:
    """Whether two labels belong to one case; products, lines, functions and policies do to every one."""
    cased = ("fault", "symptom", "error_code", "cause", "solution")
    if kinds[i] not in cased or kinds[j] not in cased:
        return True
    if cases[i][0] != cases[j][0]:
        return False
    if kinds[i] == "cause":
        return cases[i][1] == cases[j][1]
    if kinds[j] == "solution":  # of the fault itself only where no cause is told for it
        return not any(k == "cause" and case == cases[j] for k, case in zip(kinds, cases, strict=True))
    return True


#: What is told of a case; the other kinds are names, which may stand inside.
TOLD = ("fault", "symptom", "cause", "solution")


def family(kind: str) -> int:
    """Kinds of two families are found apart from each other: a fault may hold a product's name."""
    return int(kind in TOLD)
