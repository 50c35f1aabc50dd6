"""What can be named in questions: products, lines, functions, specifications and what these list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kefu.knowledge.clauses import clauses_of, holds, is_latin, is_whole, specs_of
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.vocabulary import Vocabulary, any_of
from kefu.language.normalize import fold, normalize
from kefu.language.quantities import quantities

ITEMS = re.compile(r"[、和与及+/，；。;（）()]|,\s")
#: What spellings of one name differ by (Wi-Fi, wifi).
_INSIDE_NAMES = " -./"
_PLURAL = re.compile(r"s(?![a-z0-9])")
_VERSION = re.compile(r"\s?\d+(?:\.\d+)?(?![\d.a-z])")
#: A thing listed in a specification is at most so long; longer is prose.
_ITEM_LENGTH = 10
#: Dimensions whose numbers name what something works with.
_NAMING = frozenset({"frequency", "voltage", "current"})


@dataclass(frozen=True)
class Phrase:
    """Something named in a question; ``kind`` is product, line or trait."""

    kind: str
    text: str
    start: int
    end: int


@dataclass
class Meaning:
    """What a phrase may stand for."""

    products: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    specs: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)


class Meanings:
    """The names of one edition; immutable."""

    def __init__(self, graph: Graph, vocabulary: Vocabulary) -> None:
        """Reads the graph.

        Args:
            graph: The edition.
            vocabulary: Synonyms and what says in a specification that something is not there.
        """
        self.graph = graph
        self.products = [product.name for product in graph.of_kind("product")]
        self._lacks, self._compounds = re.compile(vocabulary.lacks), vocabulary.compounds
        self._filler, self._verbs = any_of(tuple(vocabulary.filler)), re.compile(vocabulary.having)
        self._specs = {name: specs_of(graph, name) for name in self.products}
        self._functions = {name: graph.targets(f"product:{name}", "has_function") for name in self.products}
        self._clauses = {name: clauses_of(graph, name, self._lacks) for name in self.products}
        self._everything = [clause.key for clauses in self._clauses.values() for clause in clauses]
        self._meanings: dict[str, Meaning] = defaultdict(Meaning)
        self._learn()
        for known, others in vocabulary.synonyms.items():
            for other in others:
                _merge(self._meanings[key_of(other)], self._meanings[key_of(known)])
                self._meanings[key_of(other)].listed.add(key_of(known))
        self._meanings = {said: meaning for said, meaning in self._meanings.items() if said}
        self._longest = max(map(len, self._meanings), default=0)

    def phrases(self, text: str, kinds: Sequence[str] = ("product", "line", "trait")) -> list[Phrase]:
        """What is named in normal text; where several overlap the longest, of two as long the later.

        人脸 in 认人脸: Chinese is told apart better from its end.
        """
        places = [i for i, character in enumerate(text) if character not in _INSIDE_NAMES]
        compact = "".join(text[i] for i in places)
        others = [match.span() for match in any_of(tuple(self._compounds)).finditer(compact)]
        # Of what ends at or before each place: its weight, and the phrase that ends there, if one does.
        best: list[tuple[int, tuple[int, Phrase] | None]] = [(0, None)]
        for end in range(1, len(compact) + 1):
            best.append((best[-1][0], None))
            for start in range(max(0, end - self._longest), end):
                weight = best[start][0] + (end - start) ** 2
                if weight < best[end][0] or not (kind := self._kind(compact[start:end], kinds)):
                    continue
                if any(a <= start and end <= b and b - a > end - start for a, b in others):
                    continue  # 充电 of 充电宝
                first, last = places[start], places[end - 1] + 1
                last += _plural(text, last)
                if is_whole(text, first, last):
                    phrase = self._with_version(Phrase(kind, compact[start:end], first, last), text)
                    best[end] = weight, (start, phrase)
        found, end = [], len(compact)
        while end:
            _, ending = best[end]
            if ending is None:
                end -= 1
            else:
                end, phrase = ending
                found.append(phrase)
        return found[::-1]

    def products_named(self, phrase: str) -> list[str]:
        """Products that go by a phrase."""
        meaning = self._meanings.get(phrase) or Meaning()
        return [name for name in self.products if name in meaning.products]

    def lines_named(self, phrase: str) -> set[str]:
        """Product lines that go by a phrase."""
        return self._meanings[phrase].lines

    def key(self, said: str) -> str:
        """What was said, as phrases are kept."""
        return key_of(said)

    def is_trait(self, phrase: str) -> bool:
        """Whether a phrase names a function, a specification or something listed in one."""
        return self._kind(phrase, ("trait",)) is not None

    def names(self, phrase: str) -> list[str]:
        """The functions and specifications that a phrase names."""
        meaning = self._meanings.get(phrase) or Meaning()
        return sorted({self.graph.facts[ref].name for ref in meaning.functions} | meaning.specs)

    def spec_names(self) -> set[str]:
        """Names of all specifications."""
        return {name for specs in self._specs.values() for name in specs}

    def specs(self, product: str) -> dict[str, Fact]:
        """A product's specifications by name, the price first."""
        return self._specs[product]

    def functions(self, product: str) -> dict[str, Fact]:
        """A product's functions by name."""
        return {fact.name: fact for fact in self._functions[product]}

    def _learn(self) -> None:
        for fact in self.graph.facts.values():
            if fact.kind in ("product", "product_line", "function"):
                for name in fact.names:
                    meaning = self._meanings[key_of(name)]
                    if fact.kind == "function":
                        meaning.functions.add(fact.ref)
                    else:
                        (meaning.products if fact.kind == "product" else meaning.lines).add(fact.name)
        for specs in self._specs.values():
            for name, fact in specs.items():
                for part in parts_of(name):
                    self._meanings[key_of(part)].specs.add(part)
                for item in ITEMS.split(fact.body):
                    said = key_of(self._verbs.sub("", self._lacks.sub("", normalize(item).text)))
                    is_name = 2 <= len(said) <= _ITEM_LENGTH and self._filler.sub("", said)
                    if is_name and not _is_number(said):
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

    def _with_version(self, phrase: Phrase, text: str) -> Phrase:
        """USB 3.0 is more than USB, if some product's facts speak of it."""
        may_follow = phrase.kind == "trait" and is_latin(phrase.text[-1])
        found = _VERSION.match(text, phrase.end) if may_follow else None
        longer = key_of(phrase.text + found.group()) if found else ""
        if not found or not any(holds(key, longer) for key in self._everything):
            return phrase
        return replace(phrase, text=longer, end=found.end())


def _is_number(said: str) -> bool:
    """Whether something listed is only a number with its unit, or a unit; 5 GHz and 12 V are names."""
    return any(
        one.start == 0 and one.end == len(text) and one.unit and one.dimension not in _NAMING
        for text in (said, f"1{said}")
        for one in quantities(text)
    )


def parts_of(name: str) -> set[str]:
    """人脸与猫眼 is both."""
    parts = {part.strip() for part in ITEMS.split(name) if len(part.strip()) > 1}
    return parts | {name}


def key_of(text: str) -> str:
    """What was said, as phrases are kept."""
    return fold(text)


def _plural(text: str, end: int) -> bool:
    """Whether only the s of a plural follows (locks)."""
    return bool(_PLURAL.match(text, end)) and text[end - 1].isascii() and text[end - 1].isalpha()


def _merge(into: Meaning, other: Meaning) -> None:
    into.products |= other.products
    into.lines |= other.lines
    into.functions |= other.functions
    into.specs |= other.specs
    into.listed |= other.listed
