"""What may be offered, to whom, and why: ``data/offers.yml``."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, constr, validator

from kefu import rulebook
from kefu.config import ROOT
from kefu.knowledge.graph import Graph
from kefu.language.normalize import normalize
from kefu.rulebook import Entry

FILE = ROOT / "data" / "offers.yml"
_Id = constr(regex=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)


class Label(Entry):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def get(self, language: str, **words: str) -> str:
        """The text in ``zh`` or ``en``, with its {words} filled in."""
        text = self.en if language == "en" else self.zh
        return text.format(**words) if words else text


def _words(*known: str):
    """A check that a label has no other {words} than those that are filled in."""

    def check(value: Label) -> Label:
        for text in (value.zh, value.en):
            try:
                text.format(**dict.fromkeys(known, ""))
            except (KeyError, IndexError, ValueError):
                names = ", ".join(f"{{{word}}}" for word in known)
                raise ValueError(f"{text!r} has something else in braces than {names}") from None
        return value

    return check


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class Reason(Entry):
    """Why an offer suits a customer; the file's head says what each condition means."""

    owns: bool = False
    faults: int | None = Field(None, ge=1)
    known_days: int | None = Field(None, ge=1)
    topics: list[str] = []
    needs: list[str] = []
    together: bool = False
    say: Label

    _say = validator("say", allow_reuse=True)(_words("device", "needs"))

    @property
    def general(self) -> bool:
        """Whether it holds for everybody."""
        return not (self.owns or self.faults or self.known_days or self.topics or self.needs or self.together)


class Offer(Entry):
    """Something that may be offered."""

    id: _Id
    kind: Literal["plan", "accessory", "product", "how_to"]
    fits: list[str] = []
    words: list[str] = []
    product: str | None
    answer: str | None
    title: Label
    text: Label
    details: Label | None
    reasons: list[Reason] = Field(min_items=1)

    _words = validator("words", each_item=True, allow_reuse=True)(_expression)

    @validator("reasons")
    def _complete(cls, value: list[Reason], values: dict) -> list[Reason]:
        kind = values.get("kind")
        needed = {"product": "product", "how_to": "answer"}.get(kind)
        if needed and not values.get(needed):
            raise ValueError(f"an offer of the kind {kind} needs `{needed}`")
        if kind != "how_to" and not values.get("details"):
            raise ValueError(f"an offer of the kind {kind} needs `details`")
        return value


class _Need(Entry):
    words: list[str] = Field(min_items=1)
    zh: str
    en: str

    _words = validator("words", each_item=True, allow_reuse=True)(_expression)


class Offers(Entry):
    """The whole catalogue."""

    pause_hours: int = Field(ge=0)
    again_after_days: int = Field(ge=0)
    budget: Label
    device: Label
    needs: dict[str, _Need]
    suits: dict[str, list[str]]
    offers: list[Offer] = Field(alias="list")

    _budget = validator("budget", allow_reuse=True)(_words("amount"))
    _device = validator("device", allow_reuse=True)(_words("product", "line"))

    @validator("suits")
    def _known_needs(cls, value: dict[str, list[str]], values: dict) -> dict[str, list[str]]:
        for product, needs in value.items():
            for need in needs:
                if need not in values.get("needs", {}):
                    raise ValueError(f"{product}: {need} is none of the needs above")
        return value

    @validator("offers")
    def _each_once(cls, value: list[Offer], values: dict) -> list[Offer]:
        twice = [name for name, times in Counter(offer.id for offer in value).items() if times > 1]
        if twice:
            raise ValueError(f"the id {twice[0]} is there twice")
        for offer in value:
            for need in (need for reason in offer.reasons for need in reason.needs):
                if need not in values.get("needs", {}):
                    raise ValueError(f"{offer.id}: {need} is none of the needs above")
        return value

    def get(self, offer_id: str | None) -> Offer | None:
        """The offer of an id, or none if it is no longer there."""
        return next((offer for offer in self.offers if offer.id == offer_id), None)

    def needs_in(self, text: str) -> frozenset[str]:
        """Which needs a customer's text tells of."""
        return frozenset(name for name, need in self.needs.items() if _said(need.words, text))

    def named_in(self, text: str) -> frozenset[str]:
        """The ids of the offers that a customer's text asks for."""
        return frozenset(offer.id for offer in self.offers if _said(offer.words, text))


class _File(Entry):
    offers: Offers


def offers(path: Path = FILE) -> Offers:
    """The catalogue in force.

    Raises:
        RuleError: The file was never right in this process; names line and field.
    """
    return rulebook.current(_File, path).offers


def read(path: Path = FILE) -> Offers:
    """The catalogue as the file is now.

    Raises:
        RuleError: The file has a mistake; names line and field.
    """
    return rulebook.read(_File, path).offers


def strangers(catalogue: Offers, graph: Graph) -> list[str]:
    """What the catalogue names and the knowledge does not have, as ``offer: name``.

    So is a product without the function that its owner is told how to use, as ``offer: product, function``.
    """
    named = [(offer.id, f"product:{name}") for offer in catalogue.offers for name in offer.fits]
    named += [(offer.id, f"product:{offer.product}") for offer in catalogue.offers if offer.product]
    named += [(offer.id, offer.answer) for offer in catalogue.offers if offer.answer]
    named += [("suits", f"product:{name}") for name in catalogue.suits]
    unknown = [f"{place}: {ref}" for place, ref in named if graph.get(ref) is None]
    explained = [offer for offer in catalogue.offers if graph.get(offer.answer)]
    about = {offer.id: graph.products_about(offer.answer) for offer in explained}
    return unknown + [
        f"{offer.id}: product:{name}, {offer.answer}"
        for offer in explained
        for name in offer.fits
        if about[offer.id] and name not in about[offer.id]
    ]


def _said(expressions: list[str], text: str) -> bool:
    said = normalize(text).text
    return any(_compiled(expression).search(said) for expression in expressions)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)
