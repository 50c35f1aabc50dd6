"""Specifications in lines and sentences: names, their values, and the products that each value is of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kefu.knowledge.extraction.documents import Span
from kefu.knowledge.extraction.measures import first_measure
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.specs import spec_mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

_TOLD = 0.75
#: Blots out a product's name; a model of no product of the manual.
_MASK, _MODEL = "\u25a1", re.compile(r"[A-Za-z]{1,5}-\d+[A-Za-z]{0,3}")
#: A spec's name has about as many signs.
_NAMED = range(2, 15)
_ENDS = "\uff0c,\u3002\uff1b;\n\u3001"
#: A value without a unit: numbers with signs and letters.
_BARE = re.compile(r"[A-Z]{0,4}\d[\d.,]*(?:\s*[\u00d7x*:/~\uff5e-]\s*\d[\d.,]*)*[A-Z]?")
_ASIDE = re.compile("\\s*[(\uff08]([^()\uff08\uff09]*)[)\uff09]")
_BETWEEN = " \u3000\u3001\u548c\u4e0e\u53ca/\uff0f\u25a1:\uff1a(\uff08"


@dataclass
class _Value:
    """A value as it was found: its name, what is said, products, and whether all but these are meant."""

    name: Span
    said: str
    owners: list[Mention]
    others: bool = False


def specs_in(
    item: Span, products: Sequence[Mention], vocabulary: Vocabulary
) -> list[tuple[Mention, list[Mention]]]:
    """The specs of a line or some sentences, each with the products that it is of.

    A value is of the products in parentheses behind it ("2 kg (A1, B2)"), else of those before it
    ("A1 and B2: 2 kg"); one beside others that are told of some products is of the rest. Products are
    empty where none is named: then it is of all.
    """
    places, masked = _masked(item.text, products)
    found: list[_Value] = []
    labelled = re.match(f"[^{_ENDS}\uff1a:\\d]{{2,14}}[\uff1a:]", masked) is not None
    last = 0
    for start, end in _measured(masked, labelled):
        value = _value(item, masked, places, (last, start, end), found, vocabulary)
        if value is not None:
            found.append(value)
        last = end
    return [
        (spec_mention(value.name, value.said, confidence=_TOLD), _owners(value, found, products))
        for value in found
    ]


def _measured(masked: str, labelled: bool) -> Iterator[tuple[int, int]]:
    """Where values with units stand; those without a unit only behind a label."""
    at = 0
    while measured := first_measure(masked[at:]):
        start = masked.index(measured[0], at)
        end = start + len(measured[0])
        if measured[1]:
            end = masked.index(measured[1], end) + len(measured[1])
            yield start, end
        elif labelled and (bare := _BARE.search(masked, max(at, start - 4))) and bare.start() <= start:
            start, end = bare.start(), max(end, bare.end())
            yield start, end
        at = max(end, at + 1)


def _value(
    item: Span,
    masked: str,
    places: Sequence[tuple[int, Mention]],
    at: tuple[int, int, int],
    before: Sequence[_Value],
    vocabulary: Vocabulary,
) -> _Value | None:
    """What one value is of: its name stands before it in its clause, else it is that of the value before."""
    last, start, end = at
    begin = last
    for match in re.finditer(f"[{_ENDS}(\uff08]", masked[last:start]):
        if match.group() != "\u3001" or _MASK not in masked[last + match.end() : start]:
            begin = last + match.end()
    first = begin
    while first > last and masked[first - 1] in "\u3001" and _MASK in masked[last : first - 1]:
        first = max([last, *(masked.rfind(sign, last, first - 1) + 1 for sign in "\uff0c\u3002\uff1b\n")])
    said = masked[first:start]
    name = _name(said, vocabulary)
    owners = [owner for place, owner in places if first <= place < start]
    aside = _ASIDE.match(masked, end)
    if aside and _MASK in aside.group() and not any(map(str.isdigit, aside.group())):
        inside = [owner for place, owner in places if end <= place < aside.end()]
        owners = inside
    span = _span(item, name, first, before)
    but = bool(aside and owners and re.search(vocabulary.without, aside.group()))
    return _Value(span, masked[start:end], owners, but) if span is not None else None


def _name(said: str, vocabulary: Vocabulary) -> tuple[int, str] | None:
    """The name of a spec before its value: where it begins in ``said``, and it."""
    rest, size = said, -1
    while len(rest) != size:
        size = len(rest)
        rest = re.sub(vocabulary.before_value, "", rest).rstrip(_BETWEEN)
    rest = re.split(vocabulary.owner, rest)[-1]
    name = rest.lstrip(_BETWEEN)
    if len(name) not in _NAMED or _MASK in name or any(map(str.isdigit, name)):
        return None
    return said.index(name), name


def _span(item: Span, name: tuple[int, str] | None, first: int, before: Sequence[_Value]) -> Span | None:
    if name is not None:
        start = item.start + first + name[0]
        return Span(start, start + len(name[1]), name[1])
    return before[-1].name if before else None


def _owners(value: _Value, found: Sequence[_Value], products: Sequence[Mention]) -> list[Mention]:
    """The products that a value is of; those that other values of its name leave, if it says none."""
    if value.others and value.owners:
        return [product for product in products if product not in value.owners]
    if value.owners:
        return value.owners
    beside = [owner for other in found if other.name == value.name for owner in other.owners]
    return [product for product in products if product not in beside] if beside else []


def _masked(text: str, products: Sequence[Mention]) -> tuple[list[tuple[int, Mention]], str]:
    """Where products are named, and the text with their names blotted out."""
    places = []
    for product in sorted(products, key=lambda one: -len(one.text)):
        for match in list(re.finditer(re.escape(product.text), text)):
            places.append((match.start(), product))
            text = text[: match.start()] + _MASK * len(product.text) + text[match.end() :]
    text = _MODEL.sub(lambda match: _MASK * len(match.group()), text)
    return sorted(places, key=lambda place: place[0]), text
