"""Of what a policy tells different figures for different products: 人工费路由器 50 元, 扫地机器人 120 元."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kefu.knowledge.clauses import CLAUSES
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.meanings import Phrase
from kefu.knowledge.traits import Traits
from kefu.knowledge.wording import cover
from kefu.language.normalize import normalize
from kefu.language.quantities import Quantity, quantities

_SENTENCES = re.compile(r"[。!！?？\n]")
#: Figures of a policy that are no terms of a product: what is counted decides nothing.
_TERMS = frozenset({"money", "time"})
#: One clause tells of all what another tells of some, if it says so much of its words.
_SAME = 0.6
#: From this share of its words on a figure may be meant, though another one's are said, too.
_MEANT = 0.3


@dataclass(frozen=True)
class Figure:
    """A number that a policy tells.

    Attributes:
        about: The words that it is told by: its clause without names and numbers.
        products: Whom it is told of; empty for all.
        number: The number.
    """

    about: str
    products: frozenset[str]
    number: Quantity

    @property
    def range(self) -> tuple[float, float]:
        """From where to where, to be compared with another of the same dimension."""
        return self.number.low, self.number.high


class Variations:
    """What the policies of one edition tell differently of products; immutable."""

    def __init__(self, graph: Graph, traits: Traits) -> None:
        """Reads the policies that are for all products.

        Args:
            graph: The edition.
            traits: Finds the products and lines that a clause names.
        """
        self._graph, self._traits = graph, traits
        policies = (one for one in graph.of_kind("policy") if not graph.products_about(one.ref))
        self._figures = {one.ref: list(self._read(one)) for one in policies}

    def products(
        self, policy: Fact, asked: str, dimensions: frozenset[str], told: Sequence[Quantity] = ()
    ) -> tuple[str, ...]:
        """The products, if a policy tells different figures of them for what is asked.

        Args:
            policy: What answers.
            asked: The question, as normal text.
            dimensions: What the number measures that is asked for; empty where that is not said.
            told: Numbers of which it is asked whether they are within (用了两年还保吗), if none is asked for.
        """
        by_dimension: dict[str, list[Figure]] = defaultdict(list)
        for one in self._figures.get(policy.ref, ()):
            if not dimensions or one.number.dimension in dimensions:
                by_dimension[one.number.dimension].append(one)
        for dimension, figures in by_dimension.items():
            varying = _varying(figures)
            others = [one for one in figures if not one.products and one not in varying]
            if not varying or _said(asked, varying) < min(_said(asked, others), _MEANT):
                continue
            numbers = [one.high for one in told if one.dimension == dimension]
            if told and not any(_divides(varying, number) for number in numbers):
                continue
            named = frozenset().union(*(one.products for one in varying))
            is_of_all = any(not one.products for one in varying)
            return tuple(name for name in self._traits.products if is_of_all or name in named)
        return ()

    def _read(self, policy: Fact) -> Iterator[Figure]:
        clauses = (
            normalize(clause).text
            for sentence in _SENTENCES.split(policy.body)
            for clause in CLAUSES.split(sentence)
        )
        for text in clauses:
            numbers = [one for one in quantities(text) if one.dimension in _TERMS]
            phrases = self._traits.phrases(text, ("product", "line"))
            spans = [(one.start, one.end) for one in (*phrases, *numbers)]
            about = _without(text, spans)
            since = 0
            for number in numbers:
                named = [one for one in phrases if since <= one.start < number.start]
                yield Figure(about, frozenset().union(*map(self._named, named)), number)
                since = number.end

    def _named(self, phrase: Phrase) -> frozenset[str]:
        if phrase.kind == "product":
            return frozenset(self._traits.products_named(phrase.text))
        lines = self._traits.lines_named(phrase.text)
        return frozenset(one.name for line in lines for one in self._graph.products_of(line))


def _varying(figures: Sequence[Figure]) -> list[Figure]:
    """The figures that hold for some products, where others have another one."""
    of_some, of_all = ([one for one in figures if bool(one.products) is some] for some in (True, False))
    found = []
    for one in of_some:
        general = [other for other in of_all if one.about and cover(one.about, other.about) >= _SAME]
        others = [other for other in of_some if other.products.isdisjoint(one.products)]
        if any(other.range != one.range for other in (*others, *general)):
            found += [one, *general]
    return found


def _divides(varying: Sequence[Figure], number: float) -> bool:
    """Whether a number is within some of the figures only: two years of one and of three."""
    return len({number <= one.number.high for one in varying}) > 1


def _said(asked: str, figures: Sequence[Figure]) -> float:
    """How much of what figures are told by a question says, at most."""
    return max((cover(one.about, asked) for one in figures if one.about), default=0.0)


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A text without its parts at ``spans``."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text.strip(" ,")
