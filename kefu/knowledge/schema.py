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
TICKET_STATUSES = ("new", "assigned", "in_progress", "waiting", "resolved", "closed", "cancelled", "merged")
#: Those in which the next step is ours, and the customer is told by when.
TICKET_STATUSES_OF_OURS = ("new", "assigned", "in_progress")
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


class Valid(Entry):
    """An entry in force between two days where given, both included; on others nothing answers from it."""

    valid_from: date | None
    valid_until: date | None

    @validator("valid_until")
    def _in_order(cls, value: date | None, values: dict) -> date | None:
        if value and values.get("valid_from") and value < values["valid_from"]:
            raise ValueError("must not be before valid_from")
        return value


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


class Function(Valid):
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


class Fault(Valid):
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


class Policy(Valid):
    """A rule of the company."""

    name: Phrase
    english: Phrase | None
    topics: list[Phrase] = []
    applies_to: list[str] = []
    questions: list[str] = []
    answer: str


class Faq(Valid):
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


def _fills_in(*fields: str, **words: str) -> classmethod:
    """A check that labels have no other {words} in braces than those that are filled in."""

    def check(value: Label) -> Label:
        for text in (value.zh, value.en):
            try:
                text.format(**words)
            except (KeyError, IndexError, ValueError, AttributeError):
                known = ", ".join(f"{{{word}}}" for word in words)
                raise ValueError(f"{text!r} has something else in braces than {known}") from None
        return value

    return validator(*fields, each_item=True, allow_reuse=True)(check)


def _names_exactly(field: str, known: tuple[str, ...]) -> classmethod:
    """A check that a mapping has a value for every known name and for no other."""

    def check(value: dict) -> dict:
        if unknown := sorted(set(value) - set(known)):
            raise ValueError(f"{unknown[0]} is not one of {', '.join(known)}")
        if missing := [name for name in known if name not in value]:
            raise ValueError(f"{missing[0]} is missing")
        return value

    return validator(field, allow_reuse=True)(check)


class _When(Entry):
    """How a time still to come is said."""

    o_clock: Label
    today: Label
    tomorrow: Label
    weekday: Label
    date: Label
    parts: dict[str, Label]
    weekdays: list[Label] = Field(min_items=7, max_items=7)

    _o_clock = _fills_in("o_clock", hour=0)
    _today = _fills_in("today", time="")
    _tomorrow = _fills_in("tomorrow", part="")
    _weekday = _fills_in("weekday", weekday="", part="")
    _date = _fills_in("date", month=1, day=1, date="")
    _parts = _names_exactly("parts", ("morning", "afternoon", "evening"))


class _Labels(Entry):
    price: Name
    price_questions: list[Phrase] = []
    range_questions: list[Phrase] = []
    sources: dict[str, Label]
    urgencies: dict[str, Label]
    statuses: dict[str, Label]
    next_steps: dict[str, Label]
    next_steps_by: dict[str, Label]
    late: dict[str, Label]
    when: _When
    ticket_kinds: dict[str, Label]
    not_given: dict[str, Label]
    channels: dict[str, Label] = {}

    _sources = _names_exactly("sources", SOURCES)
    _urgencies = _names_exactly("urgencies", URGENCIES)
    _statuses = _names_exactly("statuses", TICKET_STATUSES)
    _next_steps = _names_exactly("next_steps", TICKET_STATUSES)
    _next_steps_by = _names_exactly("next_steps_by", TICKET_STATUSES_OF_OURS)
    _filled = _fills_in("next_steps_by", when="")
    _late = _names_exactly("late", TICKET_STATUSES_OF_OURS)
    _ticket_kinds = _names_exactly("ticket_kinds", TICKET_KINDS)
    _not_given = _names_exactly("not_given", ("product", "phone", "holder", "supervisor", "team"))


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
    people: list[str] = []

    _expressions = validator("high", "people", each_item=True, allow_reuse=True)(_expression)


class _Broken(Entry):
    wrong: list[str] = []
    beside: list[str] = []

    _expressions = validator("*", each_item=True, allow_reuse=True)(_expression)


class _Wish(Entry):
    intent: Name
    called: Label
    words: list[str] = Field(min_items=1)

    _words = validator("words", each_item=True, allow_reuse=True)(_expression)


class _SecondWishes(Entry):
    joins: list[str] = []
    wishes: list[_Wish] = []

    _joins = validator("joins", each_item=True, allow_reuse=True)(_expression)


class CategoryFile(Entry):
    """How turns are classified; the comments of the file say what each part is for."""

    problem_types: list[Name]
    labels: _Labels
    kinds: dict[str, list[str]]
    ticket_kinds: dict[str, list[str]]
    problem_types_of_intents: dict[str, list[str]]
    other_brands: list[Name] = []
    any_brand: list[str] = []
    cheaper: list[str] = []
    broken: _Broken = _Broken()
    second_wishes: _SecondWishes = _SecondWishes()
    urgency: _Urgency

    _any_brand = validator("any_brand", "cheaper", each_item=True, allow_reuse=True)(_expression)

    @validator("kinds", "ticket_kinds", "problem_types_of_intents")
    def _known_names(cls, value: dict, values: dict, field: ModelField) -> dict:
        known = {"kinds": TURN_KINDS, "ticket_kinds": TICKET_KINDS}.get(field.name)
        known = values.get("problem_types", ()) if known is None else known
        for name in value:
            if name not in known:
                raise ValueError(f"{name} is not one of {', '.join(known)}")
        return value
