"""What may stand in the files of `data/knowledge/` (format: docs/knowledge.md)."""

from __future__ import annotations

import re
from datetime import date

from pydantic import BaseModel, Extra, Field, validator


class Entry(BaseModel):
    """What every entry has in common: unknown fields are mistakes."""

    class Config:
        """How pydantic reads it."""

        extra = Extra.forbid
        anystr_strip_whitespace = True


class Line(Entry):
    """A product line."""

    name: str
    english: str | None
    aliases: list[str] = []


class Product(Entry):
    """A product of a line; ``specs`` maps what is asked about to its value."""

    name: str
    title: str
    english: str | None
    aliases: list[str] = []
    summary: str
    price: str
    specs: dict[str, str] = {}


class Function(Entry):
    """Something that products of a line can do, with the steps to do it."""

    name: str
    english: str | None
    aliases: list[str] = []
    products: list[str]
    summary: str
    how_to: list[str] = []


class Cause(Entry):
    """Why a fault occurs, and the one solution for it."""

    cause: str
    solution: str
    steps: list[str] = Field(min_items=1)


class Fault(Entry):
    """Something that goes wrong; ``causes`` stand in the order in which they are tried."""

    name: str
    english: str | None
    function: str | None
    products: list[str]
    problem_type: str
    urgency: str = "normal"
    error_codes: list[str] = []
    symptoms: list[str] = Field(min_items=1)
    safety: str | None
    causes: list[Cause] = Field(min_items=1)

    @validator("urgency")
    def _known_urgency(cls, value: str) -> str:
        if value not in ("critical", "high", "normal", "low"):
            raise ValueError("must be critical, high, normal or low")
        return value


class Policy(Entry):
    """A rule of the company, in force between ``valid_from`` and ``valid_until`` where given."""

    name: str
    english: str | None
    topics: list[str] = []
    applies_to: list[str] = []
    questions: list[str] = []
    answer: str
    valid_from: date | None
    valid_until: date | None


class Faq(Entry):
    """A question with its answer and other ways to ask it."""

    question: str
    also: list[str] = []
    products: list[str] = []
    line: str | None
    function: str | None
    answer: str


class LineFile(Entry):
    """A file of one product line."""

    product_line: Line
    products: list[Product] = Field(min_items=1)
    functions: list[Function] = []
    faults: list[Fault] = []


class PolicyFile(Entry):
    """policies.yml."""

    policies: list[Policy]


class FaqFile(Entry):
    """A file of questions."""

    faq: list[Faq]


class Label(Entry):
    """A word in both languages."""

    zh: str
    en: str

    def get(self, language: str) -> str:
        """The word in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


class _Labels(Entry):
    price: str
    price_questions: list[str] = []
    range_questions: list[str] = []
    sources: dict[str, Label]
    urgencies: dict[str, Label]
    statuses: dict[str, Label]
    next_steps: dict[str, Label]
    ticket_kinds: dict[str, Label]


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class _Danger(Entry):
    words: list[str] = Field(min_items=1)
    safety: str

    _words = validator("words", each_item=True, allow_reuse=True)(_expression)


class _Urgency(Entry):
    negations: list[str] = []
    critical: list[_Danger]
    high: list[str]

    _high = validator("high", each_item=True, allow_reuse=True)(_expression)


class CategoryFile(Entry):
    """How turns are classified; the comments of the file say what each part is for."""

    problem_types: list[str]
    labels: _Labels
    kinds: dict[str, list[str]]
    ticket_kinds: dict[str, list[str]]
    problem_types_of_intents: dict[str, list[str]]
    urgency: _Urgency
