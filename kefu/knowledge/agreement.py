"""Whether what was found tells what is asked for: the number, the one or the other, the thing that is named.

Search finds what speaks of the same things; that does not make it the answer. The checks look at the form
of the question only, so that they hold for any trade; their expressions are in ``data/agreement.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from kefu.knowledge.categories import rules
from kefu.knowledge.entries import Catalog, Mentions
from kefu.knowledge.exclusion import excludes_itself
from kefu.knowledge.forms import Forms, forms
from kefu.knowledge.graph import Fact
from kefu.knowledge.replies import Reply
from kefu.language.normalize import normalize
from kefu.language.quantities import Quantity, quantities
from kefu.language.words import words

#: What reports that something is wrong, rather than asking.
_REPORTS = frozenset({"report_fault", "complain"})
#: Kinds of replies that tell what is so, rather than ask back or say that nobody knows.
TELLING = frozenset({"fits", "has", "most", "values"})
#: Of these, kinds that list things, which nods to nothing.
_LISTS = frozenset({"fits", "difference"})
#: A model or code: letters and digits in one (X40, 8Pro).
_CODE = re.compile(r"(?<![a-z0-9.])(?:[a-z]+-?\d+[a-z0-9]*|\d+[a-z]+)(?![a-z0-9])")
_DAY = 86400.0
#: Terms name things by a part of their words (优惠价: 优惠); of devices that is another thing (遥控器: 遥控).
_SHORT, _WHOLE = 2, None
#: So many words on each side of an "or" may name what it stands between.
_BESIDE = 2


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
    if not _of_this_maker(book, asked, told, _lines(catalog)):
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
        not excludes_itself(text)
        and _tells_numbers(book, asked, normalize(_body(fact)).text)
        and _tells_claims(book, asked, told)
        and _tells_either(book, asked, told)
        and _tells_thing(book, asked, told, _SHORT if fact.kind == "policy" else _WHOLE)
        and _tells_aspects(book, asked, " ".join((told, *_dates(fact))))
    )


def presumes(text: str) -> bool:
    """Whether a question takes something for granted, or as promised, that may not be so.

    Args:
        text: As typed.
    """
    return re.search(forms().presuming, normalize(text).text) is not None


def asks(text: str) -> bool:
    """Whether a part of a message asks something, rather than tells what happened.

    Args:
        text: As typed.
    """
    return re.search(forms().inquiry, normalize(text).text) is not None


def asks_number(text: str) -> bool:
    """Whether a question asks for a number.

    Args:
        text: As typed.
    """
    book, asked = forms(), normalize(text).text
    return any(re.search(one, asked) for one in (book.number, *book.sizes)) or asks_figure(text)


def asks_figure(text: str) -> bool:
    """Whether a question asks for a number without saying of what (要多少).

    Args:
        text: As typed.
    """
    return re.search(forms().figure, normalize(text).text) is not None


def supports(catalog: Catalog, text: str, reply: Reply) -> bool:
    """Whether what the graph replies is about this maker's devices and tells the aspects asked about.

    Args:
        catalog: The edition.
        text: As typed.
        reply: What would be said; its facts, or those of its products where it names none.
    """
    book, asked = forms(), normalize(text).text
    facts = [fact for each in reply.evidence for fact in each]
    facts = facts or [catalog.graph.facts[f"product:{name}"] for name in reply.products]
    told = " ".join(catalog.told(fact) for fact in facts)
    if not _of_this_maker(book, asked, told, _lines(catalog)):
        return False
    asked = reply.about or asked  # 防水等级高的那把充满要多久: not how far it is waterproof
    if reply.kind == "fits":
        asked = catalog.questions.asking(text)
    is_granted = bool(facts) and all(fact.kind == "policy" for fact in facts)  # 坏了能上门修的
    if reply.kind in _LISTS and not is_granted and re.search(book.nodding, asked):
        return False
    if reply.kind in _LISTS and re.search(book.of_part, normalize(text).text):
        return False
    if reply.kind not in TELLING:
        return True
    # What a list is asked for may be counted in words (几节电池), too.
    if reply.kind != "fits" and not _tells_numbers(book, asked, normalize(" ".join(map(_body, facts))).text):
        return False
    if reply.near and not all(_tells_numbers(book, asked, normalize(one.body).text) for one in facts):
        return False
    return _tells_aspects(book, asked, told) and not (reply.near and excludes_itself(text))


def _of_this_maker(book: Forms, asked: str, told: str, lines: str) -> bool:
    """Whether a fact speaks of each maker whose device is asked about."""
    named = (brand for brand in _brands(tuple(rules().other_brands)) if brand in asked)
    return all(brand in told for brand in named if _names(asked, brand, book.used_with, lines))


def _lines(catalog: Catalog) -> str:
    """The names of product lines, as an expression."""
    names = (name for line in catalog.graph.of_kind("product_line") for name in line.names)
    return "|".join(re.escape(normalize(name).text) for name in names)


def _names(asked: str, brand: str, used_with: str, lines: str) -> bool:
    """Whether a maker's device is named; Latin names only as whole words (ring is not in string)."""
    if brand.isdigit():  # 360 is mostly an angle, unless a device comes right behind it
        return re.search(rf"(?<!\d){brand}\s*(?:{lines})", asked) is not None
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
    if re.search(book.figure, asked) and not re.search(book.digits, body):
        return False
    sizes = (wanted for expression, wanted in book.sizes.items() if re.search(expression, asked))
    return all(told & set(wanted) for wanted in sizes)


def _tells_claims(book: Forms, asked: str, told: str) -> bool:
    """Whether the figures are told that the customer says are granted (30 天包换)."""
    granted = {_figure(one) for one in quantities(told)}
    claims = (match.group() for match in re.finditer(book.claim, asked))
    return all(_figure(one) in granted for claim in claims for one in quantities(claim))


def _figure(quantity: Quantity) -> tuple[str, int]:
    """A number that can be compared; times in days."""
    value = quantity.low / _DAY if quantity.dimension == "time" else quantity.low
    return quantity.dimension, round(value)


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
    if any(word in told for word in beside if len(word) > 1):
        return True
    first, second = match.group(1)[-1], match.group(2)  # 要修还是换: of so short ones both
    return len(second) == 1 and first in told and second in told


def _tells_thing(book: Forms, asked: str, told: str, length: int | None) -> bool:
    """Whether the thing is spoken of that is asked after (有没有抗菌涂层), by so much of its words."""
    match = re.search(book.having, asked)
    return match is None or any(word[:length] in told for word in words(match.group(1)) if len(word) > 1)


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
