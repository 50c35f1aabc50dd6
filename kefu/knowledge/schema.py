"""What may stand in the files of `data/knowledge/` (format: docs/knowledge.md)."""

from __future__ import annotations

import re
from datetime import date

from pydantic import BaseModel, Extra, Field, constr, validator
from pydantic.fields import ModelField

URGENCIES = ("critical", "high", "normal", "low")
TURN_KINDS = ("consult", "complaint", "suggestion", "other")
TICKET_KINDS = (
    "repair", "complaint", "suggestion", "return", "exchange", "refund", "invoice", "order",
    "appointment", "account", "consultation",
)  # fmt: skip
TICKET_STATUSES = ("new", "assigned", "in_progress", "waiting", "resolved", "closed", "cancelled")
#: Kinds of facts that answers come from.
SOURCES = ("faq", "policy", "product", "spec", "function", "fault", "passage")

# As long as the columns of the database bear, also where two are joined to a key.
Name = constr(min_length=1, max_length=64)
Phrase = constr(min_length=1, max_length=160)
Sentence = constr(min_length=1, max_length=255)


class Entry(BaseModel):
    """What every entry has in common: unknown fields are mistakes."""

    class Config:
        """How pydantic reads it."""

        extra = Extra.forbid
        anystr_strip_whitespace = True


class Line(Entry):
    """A product line."""

    name: Name
    english: Phrase | None
    aliases: list[Phrase] = []


class Product(Entry):
    """A product of a line; ``specs`` maps what is asked about to its value."""

    name: Name
    title: Phrase
    english: Phrase | None
    aliases: list[Phrase] = []
    summary: str
    price: str
    specs: dict[Name, str] = {}


class Function(Entry):
    """Something that products of a line can do, with the steps to do it."""

    name: Name
    english: Phrase | None
    aliases: list[Phrase] = []
    products: list[str]
    summary: str
    how_to: list[str] = []


class Cause(Entry):
    """Why a fault occurs, and the one solution for it."""

    cause: Sentence
    solution: Sentence
    steps: list[str] = Field(min_items=1)


class Fault(Entry):
    """Something that goes wrong; ``causes`` stand in the order in which they are tried."""

    name: Phrase
    english: Phrase | None
    function: str | None
    products: list[str]
    problem_type: str
    urgency: str = "normal"
    error_codes: list[Name] = []
    symptoms: list[Phrase] = Field(min_items=1)
    safety: str | None
    causes: list[Cause] = Field(min_items=1)

    @validator("urgency")
    def _known_urgency(cls, value: str) -> str:
        if value not in URGENCIES:
            raise ValueError(f"must be one of {', '.join(URGENCIES)}")
        return value


class Policy(Entry):
    """A rule of the company, in force between ``valid_from`` and ``valid_until`` where given."""

    name: Phrase
    english: Phrase | None
    topics: list[Phrase] = []
    applies_to: list[str] = []
    questions: list[str] = []
    answer: str
    valid_from: date | None
    valid_until: date | None


class Faq(Entry):
    """A question with its answer and other ways to ask it."""

    question: Sentence
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


def _names_exactly(field: str, known: tuple[str, ...]) -> classmethod:
    """A check that a mapping has a value for every known name and for no other."""

    def check(value: dict) -> dict:
        if unknown := sorted(set(value) - set(known)):
            raise ValueError(f"{unknown[0]} is not one of {', '.join(known)}")
        if missing := [name for name in known if name not in value]:
            raise ValueError(f"{missing[0]} is missing")
        return value

    return validator(field, allow_reuse=True)(check)


class _Labels(Entry):
    price: Name
    price_questions: list[Phrase] = []
    range_questions: list[Phrase] = []
    sources: dict[str, Label]
    urgencies: dict[str, Label]
    statuses: dict[str, Label]
    next_steps: dict[str, Label]
    ticket_kinds: dict[str, Label]
    not_given: dict[str, Label]
    channels: dict[str, Label] = {}

    _sources = _names_exactly("sources", SOURCES)
    _urgencies = _names_exactly("urgencies", URGENCIES)
    _statuses = _names_exactly("statuses", TICKET_STATUSES)
    _next_steps = _names_exactly("next_steps", TICKET_STATUSES)
    _ticket_kinds = _names_exactly("ticket_kinds", TICKET_KINDS)
    _not_given = _names_exactly("not_given", ("product", "phone"))


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

    problem_types: list[Name]
    labels: _Labels
    kinds: dict[str, list[str]]
    ticket_kinds: dict[str, list[str]]
    problem_types_of_intents: dict[str, list[str]]
    other_brands: list[Name] = []
    urgency: _Urgency

    @validator("kinds", "ticket_kinds", "problem_types_of_intents")
    def _known_names(cls, value: dict, values: dict, field: ModelField) -> dict:
        known = {"kinds": TURN_KINDS, "ticket_kinds": TICKET_KINDS}.get(field.name)
        known = values.get("problem_types", ()) if known is None else known
        for name in value:
            if name not in known:
                raise ValueError(f"{name} is not one of {', '.join(known)}")
        return value
