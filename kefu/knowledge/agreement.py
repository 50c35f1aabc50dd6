"""Whether what was found tells what is asked for: the number, the one or the other, the thing that is named.

Search finds what speaks of the same things; that does not make it the answer. The checks look at the form
of the question only, so that they hold for any trade; their expressions are in ``data/agreement.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import validator

from kefu import rulebook
from kefu.config import ROOT
from kefu.knowledge.categories import rules
from kefu.knowledge.entries import Catalog, Mentions
from kefu.knowledge.graph import Fact
from kefu.language.normalize import normalize
from kefu.language.quantities import quantities
from kefu.language.words import words
from kefu.rulebook import Entry

#: What reports that something is wrong, rather than asking.
_REPORTS = frozenset({"report_fault", "complain"})
#: A model or code: letters and digits in one (X40, 8Pro).
_CODE = re.compile(r"(?<![a-z0-9.])(?:[a-z]+-?\d+[a-z0-9]*|\d+[a-z]+)(?![a-z0-9])")
#: So many words on each side of an "or" may name what it stands between.
_BESIDE = 2


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class Forms(Entry):
    """How questions ask; the file's comments say what each part is for."""

    digits: str
    used_with: str
    number: str
    no_units: list[str]
    told_as: dict[str, str]
    sizes: dict[str, list[str]]
    either: str
    asks: str
    having: str
    occasion: str
    aspects: dict[str, str]
    contrast: str

    _expressions = validator(
        "digits", "used_with", "number", "either", "asks", "having", "occasion", "contrast", allow_reuse=True
    )(_expression)  # fmt: skip

    @validator("told_as")
    def _units_told(cls, value: dict[str, str]) -> dict[str, str]:
        return {unit: _expression(told) for unit, told in value.items()}

    @validator("aspects")
    def _aspects_told(cls, value: dict[str, str]) -> dict[str, str]:
        return {_expression(asked): _expression(told) for asked, told in value.items()}

    @validator("sizes")
    def _sizes_asked(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return {_expression(asked): dimensions for asked, dimensions in value.items()}


class _File(Entry):
    agreement: Forms


def forms(path: Path = ROOT / "data" / "agreement.yml") -> Forms:
    """The expressions in force.

    Raises:
        RuleError: The file was never right in this process.
    """
    return rulebook.current(_File, path).agreement


def agrees(catalog: Catalog, text: str, fact: Fact, mentions: Mentions, intent: str = "") -> bool:
    """Whether a fact tells what is asked for, as far as the question's form shows that.

    Args:
        catalog: The edition.
        text: As typed.
        fact: What would be answered.
        mentions: What the message names.
        intent: What the message asks for, if known.
    """
    asked, told = normalize(text).text, catalog.told(fact)
    book = forms()
    if not _of_this_maker(book, asked, told):
        return False
    if not all(_knows(catalog, told, code) for code in _codes(asked)):
        return False
    if intent in _REPORTS:
        return True
    if fact.kind == "fault" and (
        re.search(book.asks, asked) or not (mentions.symptoms or mentions.error_codes)
    ):
        return False
    return (
        not re.search(book.contrast, asked)
        and _tells_numbers(book, asked, normalize(_body(fact)).text)
        and _tells_either(book, asked, told)
        and _tells_thing(book, asked, told)
        and _tells_aspects(book, asked, " ".join((told, *_dates(fact))))
    )


def _of_this_maker(book: Forms, asked: str, told: str) -> bool:
    """Whether a fact speaks of each maker whose device is asked about."""
    named = (brand for brand in _brands(tuple(rules().other_brands)) if brand in asked)
    return all(brand in told for brand in named if _names(asked, brand, book.used_with))


def _names(asked: str, brand: str, used_with: str) -> bool:
    """Whether a maker's device is named; Latin names only as whole words (ring is not in string)."""
    if brand.isdigit():  # 360 is mostly an angle
        return False
    pattern = rf"{re.escape(brand)}(?!\s*(?:{used_with}))"
    return (
        re.search(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])" if brand.isascii() else pattern, asked) is not None
    )


@lru_cache(maxsize=4)
def _brands(spelled: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(normalize(brand).text for brand in spelled)


def _codes(asked: str) -> Iterator[str]:
    """Models and codes in a question; numbers with units are none."""
    for match in _CODE.finditer(asked):
        if not any(one.dimension for one in quantities(match.group())):
            yield match.group()


def _knows(catalog: Catalog, told: str, code: str) -> bool:
    """Whether a code stands in the fact, or anywhere in the knowledge."""
    traits = catalog.questions.traits
    if code in re.sub(r"[\s./-]+", "", told) or catalog.knows(code):
        return True
    return bool(traits.phrases(code))


def _tells_numbers(book: Forms, asked: str, body: str) -> bool:
    """Whether each number asked for stands there, with its unit or another of the same dimension."""
    told = {one.dimension for one in quantities(body)}
    for match in re.finditer(book.number, asked):
        unit = next(filter(None, match.groups()), "")
        if unit and unit not in book.no_units and not _tells_unit(book, unit, body, told):
            return False
    sizes = (wanted for expression, wanted in book.sizes.items() if re.search(expression, asked))
    return all(told & set(wanted) for wanted in sizes)


def _tells_unit(book: Forms, unit: str, body: str, told: set[str]) -> bool:
    if unit in book.told_as:
        return re.search(book.told_as[unit], body) is not None
    dimensions = {one.dimension for one in quantities(f"1{unit}")} - {""}
    if dimensions:
        return bool(dimensions & told)
    return re.search(rf"{book.digits}\s*{re.escape(unit)}", body) is not None


def _tells_either(book: Forms, asked: str, told: str) -> bool:
    """Whether what an "or" stands between is spoken of at all."""
    match = re.search(book.either, asked)
    if match is None:
        return True
    beside = [*words(match.group(1))[-_BESIDE:], *words(match.group(2))[:_BESIDE]]
    return any(word in told for word in beside if len(word) > 1)


def _tells_thing(book: Forms, asked: str, told: str) -> bool:
    """Whether the thing is spoken of that is asked after (有没有抗菌涂层)."""
    match = re.search(book.having, asked)
    return match is None or any(word in told for word in words(match.group(1)) if len(word) > 1)


def _tells_aspects(book: Forms, asked: str, told: str) -> bool:
    """Whether the aspects are told that are asked about, and the occasions that an offer is named by."""
    occasions = (match.group() for match in re.finditer(book.occasion, asked))
    wanted = (tells for aspect, tells in book.aspects.items() if re.search(aspect, asked))
    return all(one in told for one in occasions) and all(re.search(tells, told) for tells in wanted)


def _dates(fact: Fact) -> list[str]:
    """From when until when a fact is in force."""
    return [fact.data[end] for end in ("valid_from", "valid_until") if fact.data.get(end)]


def _body(fact: Fact) -> str:
    """What a fact answers, without the ways to ask for it."""
    return " ".join((fact.body, *fact.data.get("how_to", ()), str(fact.data.get("price") or "")))
