"""In what products differ, of everything or of what is asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kefu.knowledge.asked import Asked
from kefu.knowledge.graph import Graph
from kefu.knowledge.replies import Reply
from kefu.knowledge.traits import Traits
from kefu.knowledge.vocabulary import Vocabulary, any_of
from kefu.language.normalize import normalize

#: So much of a specification's name is enough to mean it (门厚 for 适用门厚).
_LEAST_NAME = 2


class Differences:
    """Compares the products of one edition; immutable."""

    def __init__(self, graph: Graph, traits: Traits, words: Vocabulary) -> None:
        """Compares what ``traits`` tells of the graph's products."""
        self._graph, self._traits, self._words = graph, traits, words

    def asked(self, asked: Asked, product: str | None) -> Reply | None:
        """What a question about differences gets; nothing if it is about fewer than two products."""
        products = asked.products
        if len(products) == 1 and product and product not in products:
            products = [product, *products]
        if len(products) < 2:
            products = [one.name for line in asked.lines for one in self._graph.products_of(line)]
        if len(products) < 2:
            return None
        aspects = self.aspects(asked, products)
        specs = {spec for name in products for spec in self._traits.specs(name)}
        is_function = len(aspects) == 1 and aspects[0] not in specs
        if is_function and asked.is_which and not any(self.between(products, aspects).evidence):
            aspects = []  # all have it: how well (哪个信号强) may show in what else differs
        if not aspects:
            only = re.search(self._words.functions_differ, asked.text) and "function"
            only = only or re.search(self._words.specs_differ, asked.text) and "spec"
            more = self._more(asked, products)
            return self.between(products, (), only or "", more)
        return self.between(products, aspects)

    def between(
        self, products: Sequence[str], aspects: Sequence[str] = (), only: str = "", more: str | None = None
    ) -> Reply:
        """The facts of each product in what differs.

        Args:
            products: Names.
            aspects: The specifications and functions asked about; none for all.
            only: A kind of fact, if only that is asked about.
            more: The product that is asked to have what the others have not.
        """
        specs = [self._traits.specs(name) if only != "function" else {} for name in products]
        functions = [self._traits.functions(name) if only != "spec" else {} for name in products]
        differing = []
        for name in dict.fromkeys(name for one in specs for name in one):
            if len({one[name].body if name in one else "" for one in specs}) > 1 and more is None:
                differing.append(name)
        for name in dict.fromkeys(name for one in functions for name in one):
            if not all(name in one for one in functions):
                differing.append(name)
        if more is not None:
            differing = [name for name in differing if name in functions[list(products).index(more)]]
        chosen = [name for name in differing if not aspects or name in aspects]
        evidence = tuple(
            tuple(facts[name] for name in chosen if (facts := one | other) and name in facts)
            for one, other in zip(functions, specs, strict=True)
        )
        return Reply("difference", tuple(products), tuple(aspects), evidence)

    def aspects(self, asked: Asked, products: Sequence[str]) -> list[str]:
        """The specifications that a question names by their names or parts of them, else functions."""
        found: dict[str, None] = {}
        specs = list(dict.fromkeys(spec for name in products for spec in self._traits.specs(name)))
        covered: list[tuple[int, int]] = []
        for measure in self._words.measures:
            said = asked.spans(any_of(tuple(measure.words))) if measure.words else []
            spans = [span for span in said if not asked.is_inside_name(*span)]
            if spans and (named := [spec for spec in specs if spec in measure.specs]):
                found.update(dict.fromkeys(named))
                covered += spans
        text = asked.text
        by_length = sorted(specs, key=len, reverse=True)
        whole = [(spec, normalize(spec).text) for spec in by_length]
        parts = [(spec, part) for spec, name in whole for part in _endings(name)]
        for spec, said in [*whole, *sorted(parts, key=lambda one: -len(one[1]))]:
            at = text.find(said)
            if spec not in found and at >= 0 and not asked.is_inside_name(at, at + len(said)):
                found[spec] = None
                covered.append((at, at + len(said)))
                same = {other for other, part in [*whole, *parts] if part == said}
                found.update(dict.fromkeys(other for other in specs if other in same))
                text = text.replace(said, "\0" * len(said))
        for phrase in asked.traits:
            if not any(start < phrase.end and phrase.start < end for start, end in covered):
                names = self._traits.names(phrase.text)
                found.update(dict.fromkeys([one for one in names if one in specs] or names))
        return list(found)

    def differing_specs(self, products: Sequence[str], aspects: Sequence[str]) -> list[str]:
        """Of the specifications ``aspects``, those in which products that have them differ."""
        bodies = {
            name: {specs[name].body for one in products if name in (specs := self._traits.specs(one))}
            for name in aspects
        }
        return [name for name, told in bodies.items() if len(told) > 1]

    def _more(self, asked: Asked, products: Sequence[str]) -> str | None:
        """Whose advantage is asked for: L3 比 L1 多什么, or what L1 比 L3 少."""
        for kind, expression in (("more", self._words.has_more), ("less", self._words.has_less)):
            if len(products) == 2 and re.search(expression, asked.text):
                return products[0] if kind == "more" else products[1]
        return None


def _endings(name: str) -> list[str]:
    """The shorter forms of a specification's name (连接数 for 最大连接数); Latin words stay whole."""
    ends = (name[start:] for start in range(1, len(name) - _LEAST_NAME + 1))
    return [end for end in ends if not end[0].isascii() and len(end) >= _LEAST_NAME]
