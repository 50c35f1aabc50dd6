"""How customers ask what products can be chosen by: the expressions of ``data/questions.yml``."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from pydantic import validator

from kefu import rulebook
from kefu.config import ROOT
from kefu.rulebook import Entry


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class Bound(Entry):
    """What stands before or behind a number that bounds something."""

    before: str
    after: str

    _expressions = validator("before", "after", allow_reuse=True)(_expression)


class Measure(Entry):
    """Something that products can be compared by.

    Attributes:
        specs: Names of the specifications that say it; the first with such a number counts.
        unit: A dimension of `kefu.language.quantities`.
        words: How it is named.
        more, less: How the highest and the lowest are asked for.
        plain: How a number without a bound is meant: at_most, at_least or exactly; nothing for what is usual.
        counter: How things are counted (条 for records), where that tells of which things.
        of_a_line: Whether it compares only within one line: a lock's battery lasts months, a speaker's hours.
    """

    specs: list[str]
    unit: str
    words: list[str] = []
    more: list[str] = []
    less: list[str] = []
    plain: str = ""
    counter: str = ""
    of_a_line: bool = False


class Vocabulary(Entry):
    """The file; its comments say what each part is for."""

    dialects: dict[str, str]
    which: str
    which_products: str
    whether: str
    measuring: str
    asked_unit: str
    sizes: dict[str, list[str]]
    of: str
    doubled: dict[str, str]
    which_only: str
    elsewhere: str
    existential: str
    suggesting: str
    wanting: str
    attributed: str
    modal: str
    provided: str
    count: str
    sum: str
    all_of: str
    apart: str
    bought: str
    total: str
    everywhere: str
    price_of_one: str
    sought: str
    sought_after: str
    pronoun: str
    described: str
    attributive: str
    own: str
    own_case: str
    decided: str
    circumstance: str
    vague: str
    suits: str
    wish_end: str
    turn: str
    joiner: str
    negation: str
    lacking_after: str
    excluding: str
    excluding_after: str
    left_out: str
    counting_too: str
    spared: str
    written: str
    either: str
    difference: str
    functions_differ: str
    specs_differ: str
    has_more: str
    has_less: str
    bounds: dict[str, Bound]
    most: str
    ranked: str
    placed: str
    more_than_other: str
    than: str
    lacks: str
    denies: str
    grants: str
    refuses: str
    mutual: str
    colour: str
    colours: str
    shades: dict[str, str]
    worked_with: str
    compounds: list[str]
    both: str
    first_few: str
    apiece: str
    anything: str
    pronouns: str
    only: str
    having_verb: str
    having: str
    filler: list[str]
    measures: list[Measure]
    more: list[str]
    less: list[str]
    synonyms: dict[str, list[str]]

    _expressions = validator(
        "which", "whether", "measuring", "asked_unit", "of", "which_only", "elsewhere", "existential",
        "suggesting", "wanting", "attributed", "modal", "provided", "count", "sum", "pronoun", "described",
        "all_of", "apart", "bought", "total", "everywhere", "price_of_one",
        "sought", "sought_after", "placed",
        "attributive", "own", "own_case", "decided", "circumstance", "vague", "suits", "wish_end", "turn",
        "joiner", "negation", "lacking_after", "excluding", "excluding_after", "left_out",
        "counting_too", "spared", "written", "either", "difference",
        "functions_differ", "specs_differ", "has_more", "has_less", "most", "ranked", "more_than_other",
        "than",
        "lacks", "denies", "grants", "refuses", "mutual", "colour", "colours", "worked_with", "both",
        "first_few", "apiece", "anything", "pronouns",
        "only", "having", "having_verb", "which_products",
        allow_reuse=True,
    )(_expression)  # fmt: skip

    def plain(self, text: str) -> str:
        """Normal text without what dialects and daily speech say otherwise."""
        for said, plain in self.dialects.items():
            text = re.sub(said, plain, text)
        return text

    @validator("bounds")
    def _known_bounds(cls, value: dict) -> dict:
        known = {"below", "at_most", "above", "at_least", "about", "exactly"}
        if set(value) != known:
            raise ValueError(f"{sorted(set(value) ^ known)[0]} is missing or unknown")
        return value

    @validator("dialects", "doubled")
    def _expressions_said(cls, value: dict[str, str]) -> dict[str, str]:
        return {_expression(said): plain for said, plain in value.items()}


class _File(Entry):
    questions: Vocabulary


def vocabulary(path: Path = ROOT / "data" / "questions.yml") -> Vocabulary:
    """The expressions in force.

    Raises:
        RuleError: The file was never right in this process.
    """
    return rulebook.current(_File, path).questions


@lru_cache(maxsize=256)
def any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern that matches any of ``words``, the longest first; Latin ones only as whole words."""
    parts = [
        rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" if word[:1].isascii() else re.escape(word)
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile("|".join(parts) or r"(?!)")
