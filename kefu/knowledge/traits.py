"""What products have, have not and measure: read out of functions and specifications of one edition."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.language.normalize import fold, normalize
from kefu.language.quantities import Quantity, quantities

_CLAUSES = re.compile(r"[，；。;（）()]|,\s|\.(?!\d)")
_ITEMS = re.compile(r"[、和与及+/，；。;（）()]|,\s")
#: What spellings of one name differ by (Wi-Fi, wifi).
_INSIDE_NAMES = " -./"
#: A thing listed in a specification is at most so long; longer is prose.
_ITEM_LENGTH = 10


@dataclass(frozen=True)
class Verdict:
    """Whether a product has something.

    Attributes:
        holds: True, False, or nothing where no fact says.
        evidence: The fact that says it, if one does.
    """

    holds: bool | None
    evidence: Fact | None = None


@dataclass(frozen=True)
class Phrase:
    """Something named in a question; ``kind`` is product, line or trait."""

    kind: str
    text: str
    start: int
    end: int


@dataclass
class _Meaning:
    """What a phrase may stand for."""

    products: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    specs: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)


class Traits:
    """The traits of one edition's products; immutable."""

    def __init__(self, graph: Graph, vocabulary: Vocabulary) -> None:
        """Reads the graph.

        Args:
            graph: The edition.
            vocabulary: Synonyms and what says in a specification that something is not there.
        """
        self.graph = graph
        self.products = [product.name for product in graph.of_kind("product")]
        self._lacks = re.compile(vocabulary.lacks)
        self._filler = any_of(tuple(vocabulary.filler))
        self._verbs = re.compile(vocabulary.having)
        self._specs = {name: _specs(graph, name) for name in self.products}
        self._clauses = {name: self._clauses_of(name) for name in self.products}
        self._meanings: dict[str, _Meaning] = defaultdict(_Meaning)
        self._learn()
        for known, others in vocabulary.synonyms.items():
            for other in others:
                _merge(self._meanings[_key(other)], self._meanings[_key(known)])
                self._meanings[_key(other)].listed.add(_key(known))
        self._meanings = {said: meaning for said, meaning in self._meanings.items() if said}
        self._longest = max(map(len, self._meanings), default=0)

    def phrases(self, text: str, kinds: Sequence[str] = ("product", "line", "trait")) -> list[Phrase]:
        """What is named in normal text, the longest first where several overlap."""
        places = [i for i, character in enumerate(text) if character not in _INSIDE_NAMES]
        compact = "".join(text[i] for i in places)
        found, at = [], 0
        while at < len(compact):
            for length in range(min(self._longest, len(compact) - at), 0, -1):
                said = compact[at : at + length]
                kind = self._kind(said, kinds)
                start, end = places[at], places[at + length - 1] + 1
                if kind and _whole(text, start, end):
                    found.append(Phrase(kind, said, start, end))
                    at += length
                    break
            else:
                at += 1
        return found

    def products_named(self, phrase: str) -> list[str]:
        """Products that go by a phrase."""
        return [name for name in self.products if name in self._meanings[phrase].products]

    def lines_named(self, phrase: str) -> set[str]:
        """Product lines that go by a phrase."""
        return self._meanings[phrase].lines

    def key(self, said: str) -> str:
        """What was said, as phrases are kept."""
        return _key(said)

    def is_trait(self, phrase: str) -> bool:
        """Whether a phrase names something that a product can have."""
        return self._kind(phrase, ("trait",)) is not None

    def names(self, phrase: str) -> list[str]:
        """What functions and specifications are called that a phrase stands for."""
        meaning = self._meanings[phrase]
        return sorted({self.graph.facts[ref].name for ref in meaning.functions} | meaning.specs)

    def has(self, product: str, phrase: str) -> Verdict:
        """Whether a product has what a phrase names: what its own specifications say, then its functions."""
        meaning, specs = self._meanings.get(phrase) or _Meaning(), self._specs[product]
        for name, fact in specs.items():
            if meaning.specs & _parts(name):
                first = next(filter(None, _CLAUSES.split(fact.body)), "")
                return Verdict(not self._lacks.search(normalize(first).text), fact)
        if meaning.functions and self._told_in_line(product, phrase):  # 锂电池 and 干电池 are both 电池供电
            listed = self._listed(product, {phrase})
            return listed if listed.holds is not None else Verdict(False)
        functions = self.graph.targets(f"product:{product}", "has_function")
        for function in functions:
            if function.ref in meaning.functions:
                return Verdict(True, function)
        listed = self._listed(product, {phrase, *meaning.listed, *map(_key, self.names(phrase))})
        if listed.holds is not None:
            return listed
        # A function is declared for every product that has it.
        return Verdict(False) if meaning.functions else Verdict(None)

    def value(self, product: str, measure: Measure) -> tuple[Quantity, Fact] | None:
        """What a product measures, with the specification that says so."""
        specs = self._specs[product]
        for name in measure.specs:
            fact = specs.get(name)
            for clause in _CLAUSES.split(fact.body) if fact else ():
                found = [
                    one for one in quantities(normalize(clause).text) if measure.unit in ("", one.dimension)
                ]
                if found:
                    return max(found, key=lambda one: one.high), fact
        return None

    def spec_names(self) -> set[str]:
        """Names of all specifications."""
        return {name for specs in self._specs.values() for name in specs}

    def specs(self, product: str) -> dict[str, Fact]:
        """A product's specifications by name, the price first."""
        return self._specs[product]

    def _learn(self) -> None:
        for fact in self.graph.facts.values():
            if fact.kind in ("product", "product_line", "function"):
                for name in fact.names:
                    meaning = self._meanings[_key(name)]
                    if fact.kind == "function":
                        meaning.functions.add(fact.ref)
                    else:
                        (meaning.products if fact.kind == "product" else meaning.lines).add(fact.name)
        for specs in self._specs.values():
            for name, fact in specs.items():
                for part in _parts(name):
                    self._meanings[_key(part)].specs.add(part)
                for item in _ITEMS.split(fact.body):
                    said = _key(self._verbs.sub("", self._lacks.sub("", normalize(item).text)))
                    if 2 <= len(said) <= _ITEM_LENGTH and len(self._filler.sub("", said)) > 1:
                        self._meanings[said].listed.add(said)

    def _kind(self, said: str, kinds: Iterable[str]) -> str | None:
        meaning = self._meanings.get(said)
        if meaning is None:
            return None
        if "product" in kinds and meaning.products:
            return "product"
        if "line" in kinds and meaning.lines:
            return "line"
        is_trait = len(said) > 1 and (meaning.functions or meaning.specs or meaning.listed)
        return "trait" if "trait" in kinds and is_trait else None

    def _listed(self, product: str, wanted: set[str]) -> Verdict:
        """What a clause of a specification says of something that it lists."""
        verdict = Verdict(None)
        for clause, lacking, fact in self._clauses[product]:
            if any(_holds(clause, one) for one in wanted):
                if not lacking:
                    return Verdict(True, fact)
                verdict = Verdict(False, fact)
        return verdict

    def _told_in_line(self, product: str, phrase: str) -> bool:
        """Whether the specifications of the product's line tell its products apart by just this word."""
        line = self.graph.line_of(product)
        products = [fact.name for fact in self.graph.products_of(line)] if line else []
        clauses = (clause for name in products for clause in self._clauses[name])
        return any(_holds(clause, phrase) and not lacking for clause, lacking, _ in clauses)

    def _clauses_of(self, product: str) -> list[tuple[str, bool, Fact]]:
        facts = [*self._specs[product].values(), self.graph.facts[f"product:{product}"]]
        return [
            (_key(clause), bool(self._lacks.search(normalize(clause).text)), fact)
            for fact in facts
            for clause in _CLAUSES.split(fact.body)
        ]


def _specs(graph: Graph, product: str) -> dict[str, Fact]:
    facts = graph.sources(f"product:{product}", "describes")
    return {fact.name.removeprefix(f"{product} "): fact for fact in facts if fact.kind == "spec"}


def _parts(name: str) -> set[str]:
    """人脸与猫眼 is both."""
    parts = {part.strip() for part in _ITEMS.split(name) if len(part.strip()) > 1}
    return parts | {name}


def _key(text: str) -> str:
    return fold(text)


def _holds(clause: str, wanted: str) -> bool:
    """Whether a clause names something; Latin words and numbers only whole (5ghz is not in 2.5ghz)."""
    at = clause.find(wanted)
    return at >= 0 and _whole(clause, at, at + len(wanted))


def _whole(text: str, start: int, end: int) -> bool:
    """Whether no Latin word or number is cut at the edges."""

    def cut(left: str, right: str) -> bool:
        return _latin(left) and _latin(right) and (left.isdigit() == right.isdigit())

    return not (start and cut(text[start - 1], text[start])) and not (
        end < len(text) and cut(text[end - 1], text[end])
    )


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _merge(into: _Meaning, other: _Meaning) -> None:
    into.products |= other.products
    into.lines |= other.lines
    into.functions |= other.functions
    into.specs |= other.specs
    into.listed |= other.listed
