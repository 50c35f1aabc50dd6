"""What products have, have not and measure: read out of functions and specifications of one edition."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kefu.knowledge.clauses import CLAUSES, clauses_of, holds, is_latin, is_whole, measured, specs_of
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.knowledge.wording import Wording, cover, joined
from kefu.language.normalize import fold, normalize
from kefu.language.quantities import Quantity, quantities

_ITEMS = re.compile(r"[、和与及+/，；。;（）()]|,\s")
#: What spellings of one name differ by (Wi-Fi, wifi).
_INSIDE_NAMES = " -./"
_PLURAL = re.compile(r"s(?![a-z0-9])")
_VERSION = re.compile(r"\s?\d+(?:\.\d+)?(?![\d.a-z])")
#: A thing listed in a specification is at most so long; longer is prose.
_ITEM_LENGTH = 10
#: A text means what was said from this share of its wording on, if no other product's says much more of it.
_ALIKE, _AS_MUCH = 0.6, 0.85
#: Where what is said is a name already, it takes so much to mean something else that is called much the same.
_RENAMED = 0.75
#: Dimensions whose numbers name what something works with.
_NAMING = frozenset({"frequency", "voltage", "current"})
#: What is shorter has to stand there as it was said.
_LEAST_SAID = 3
#: So much of what is asked of two products stands in the clause that speaks of both.
_SPOKEN = 0.25


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
        self._specs = {name: specs_of(graph, name) for name in self.products}
        self._functions = {name: graph.targets(f"product:{name}", "has_function") for name in self.products}
        self._clauses = {name: clauses_of(graph, name, self._lacks) for name in self.products}
        self._everything = [clause.key for clauses in self._clauses.values() for clause in clauses]
        self._meanings: dict[str, _Meaning] = defaultdict(_Meaning)
        self._learn()
        for known, others in vocabulary.synonyms.items():
            for other in others:
                _merge(self._meanings[_key(other)], self._meanings[_key(known)])
                self._meanings[_key(other)].listed.add(_key(known))
        self._meanings = {said: meaning for said, meaning in self._meanings.items() if said}
        self._longest = max(map(len, self._meanings), default=0)
        self._texts = list(self._told())
        self._wording = Wording([text for _, text, _, _ in self._texts])

    def phrases(self, text: str, kinds: Sequence[str] = ("product", "line", "trait")) -> list[Phrase]:
        """What is named in normal text; where several overlap the longest, of two as long the later.

        人脸 in 认人脸: Chinese is told apart better from its end.
        """
        places = [i for i, character in enumerate(text) if character not in _INSIDE_NAMES]
        compact = "".join(text[i] for i in places)
        # Of what ends at or before each place: its weight, and the phrase that ends there, if one does.
        best: list[tuple[int, tuple[int, Phrase] | None]] = [(0, None)]
        for end in range(1, len(compact) + 1):
            best.append((best[-1][0], None))
            for start in range(max(0, end - self._longest), end):
                weight = best[start][0] + (end - start) ** 2
                if weight < best[end][0] or not (kind := self._kind(compact[start:end], kinds)):
                    continue
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
        meaning = self._meanings.get(phrase) or _Meaning()
        return [name for name in self.products if name in meaning.products]

    def lines_named(self, phrase: str) -> set[str]:
        """Product lines that go by a phrase."""
        return self._meanings[phrase].lines

    def key(self, said: str) -> str:
        """What was said, as phrases are kept."""
        return _key(said)

    def is_trait(self, phrase: str) -> bool:
        """Whether a phrase names a function, a specification or something listed in one."""
        return self._kind(phrase, ("trait",)) is not None

    def names(self, phrase: str) -> list[str]:
        """The functions and specifications that a phrase names."""
        meaning = self._meanings.get(phrase) or _Meaning()
        return sorted({self.graph.facts[ref].name for ref in meaning.functions} | meaning.specs)

    def has(self, product: str, phrase: str, among: Sequence[str] = ()) -> Verdict:
        """Whether a product has what a phrase names: what its own specifications say, then its functions.

        Args:
            product: Which.
            phrase: A known name.
            among: The products that may be meant; none for all.
        """
        meaning, specs = self._meanings.get(phrase) or _Meaning(), self._specs[product]
        named = meaning.specs | {self.graph.facts[ref].name for ref in meaning.functions}
        for name, fact in specs.items():
            if named & _parts(name):
                first = next(filter(None, CLAUSES.split(fact.body)), "")
                return Verdict(not self._lacks.search(normalize(first).text), fact)
        wanted = {phrase, *meaning.listed, *map(_key, self.names(phrase))}
        if meaning.functions and self._told_in_line(product, {phrase, *meaning.listed}):
            # 锂电池 and 干电池 are both 电池供电.
            listed = self._listed(product, {phrase, *meaning.listed})
            return listed if listed.holds is not None else Verdict(False)
        for function in self._functions[product]:
            if function.ref in meaning.functions:
                return Verdict(True, function)
        bare = self._verbs.sub("", phrase)
        listed = self._listed(product, wanted | ({bare} if len(bare) > 1 else set()), bool(meaning.lines))
        if listed.holds is not None:
            return listed
        is_known = meaning.functions or meaning.listed or self._is_told(phrase)
        # A function is declared for every product that has it.
        verdict = self._like(product, phrase, _RENAMED if is_known else _ALIKE, among)
        return Verdict(False) if is_known and verdict.holds is None else verdict

    def told(self, product: str, said: str, among: Sequence[str] = ()) -> Verdict:
        """Whether a product has what was said in words that are no name.

        Args:
            product: Which.
            said: Normal text.
            among: The products that may be meant; none for all.
        """
        listed = self._listed(product, {_key(said)})
        if listed.holds is not None or len(said) < _LEAST_SAID:
            return listed
        return self._like(product, said, _ALIKE, among)

    def speaking_of(self, product: str, other: str, about: str) -> Verdict | None:
        """What a clause about a product says of another product and of what is asked, if one does."""
        keys = [_key(name) for name in self.graph.facts[f"product:{other}"].names]
        for clause in self._clauses[product]:
            names = clause.fact.names if clause.fact.kind != "product" else ()
            text = joined([*(normalize(name).text for name in names), clause.text])
            if any(holds(clause.key, key) for key in keys) and cover(about, text) >= _SPOKEN:
                return Verdict(not clause.lacking, clause.fact)
        return None

    def is_told(self, said: str) -> bool:
        """Whether some product's facts say just this."""
        return self._is_told(_key(said))

    def is_like(self, said: str, among: Sequence[str] = ()) -> bool:
        """Whether some product's facts say it, be it in other words."""
        shares = self._wording.covering(said)
        owned = (share for number, share in shares.items() if self._is_among(number, among))
        return max(owned, default=0.0) >= _ALIKE

    def _like(self, product: str, said: str, least: float, among: Sequence[str]) -> Verdict:
        best, mine = 0.0, (0.0, None, False)
        for number, share in self._wording.covering(said).items():
            owners, _, fact, lacking = self._texts[number]
            if self._is_among(number, among):
                best = max(best, share)
            if product in owners and share > mine[0]:
                mine = share, fact, lacking
        if mine[0] >= max(least, _AS_MUCH * best):
            return Verdict(not mine[2], mine[1])
        return Verdict(False if best >= least else None)

    def _is_among(self, number: int, among: Sequence[str]) -> bool:
        return not among or not self._texts[number][0].isdisjoint(among)

    def value(self, product: str, measure: Measure, about: str = "") -> tuple[Quantity, Fact] | None:
        """What a product measures, with the fact that says so.

        Args:
            product: Which.
            measure: Its specifications are looked at in order; without any, all that is told of the product.
            about: What the number is asked about; of several numbers the one of the closest wording counts.
        """
        for name in measure.specs:
            clauses = [one for one in self._clauses[product] if _is_of(one.fact, product, name)]
            if found := measured(clauses, measure.unit, about):
                return found[0], found[1]
        if measure.specs:
            return None
        found = measured(self._clauses[product], measure.unit, about)
        return found[:2] if found and found[2] > 0 else None

    def closeness(self, products: Sequence[str], dimension: str, about: str) -> float:
        """How close to what is asked about a number of a dimension stands, in what is told of products."""
        found = (measured(self._clauses[name], dimension, about) for name in products)
        return max((one[2] for one in found if one), default=0.0)

    def best_spec(self, product: str, said: str, dimension: str = "") -> tuple[float, Fact] | None:
        """The specification whose name and value say most of what was said, and how much."""
        found = []
        for name, fact in self._specs[product].items():
            text = normalize(f"{name} {fact.body}").text
            is_such = not dimension or any(one.measured_in(dimension) for one in quantities(text))
            if is_such and (share := 0.7 * cover(said, normalize(name).text) + 0.6 * cover(said, text)):
                found.append((share, fact))
        return max(found, key=lambda one: one[0], default=None)

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
                    is_name = 2 <= len(said) <= _ITEM_LENGTH and self._filler.sub("", said)
                    if is_name and not _is_number(said):
                        self._meanings[said].listed.add(said)

    def _told(self) -> Iterable[tuple[frozenset[str], str, Fact, bool]]:
        """Every text about products: whose it is, as normal text, who says it, whether it denies."""
        of_functions: dict[tuple[str, str], set[str]] = defaultdict(set)
        for product in self.products:
            for clause in self._clauses[product]:
                if clause.fact.kind == "spec":
                    name = normalize(clause.fact.name.removeprefix(f"{product} ")).text
                    yield frozenset([product]), joined([name, clause.text]), clause.fact, clause.lacking
            for function in self._functions[product]:
                own = [one.text for one in self._clauses[product] if one.fact is function]
                names = (normalize(name).text for name in function.names)
                of_functions[function.ref, joined([*names, *own])].add(product)
        for (ref, text), owners in of_functions.items():
            yield frozenset(owners), text, self.graph.facts[ref], False

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
        longer = _key(phrase.text + found.group()) if found else ""
        if not found or not any(holds(key, longer) for key in self._everything):
            return phrase
        return replace(phrase, text=longer, end=found.end())

    def _listed(self, product: str, wanted: set[str], only_specs: bool = False) -> Verdict:
        """What a clause about a product says of something that it lists."""
        verdict = Verdict(None)
        for clause in self._clauses[product]:
            if only_specs and clause.fact.kind == "function":
                continue
            if any(holds(clause.key, one) for one in wanted):
                if not clause.lacking:
                    return Verdict(True, clause.fact)
                verdict = Verdict(False, clause.fact)
        return verdict

    def _is_told(self, phrase: str) -> bool:
        return any(holds(key, phrase) for key in self._everything)

    def _told_in_line(self, product: str, said: set[str]) -> bool:
        """Whether the specifications of the product's line tell its products apart by just these words."""
        line = self.graph.line_of(product)
        products = [fact.name for fact in self.graph.products_of(line)] if line else []
        clauses = (one for name in products for one in self._clauses[name] if one.fact.kind != "function")
        return any(not one.lacking and any(holds(one.key, word) for word in said) for one in clauses)


def _is_of(fact: Fact, product: str, spec: str) -> bool:
    return fact.kind == "spec" and fact.name == f"{product} {spec}"


def _is_number(said: str) -> bool:
    """Whether something listed is only a number with its unit, or a unit; 5 GHz and 12 V are names."""
    return any(
        one.start == 0 and one.end == len(text) and one.unit and one.dimension not in _NAMING
        for text in (said, f"1{said}")
        for one in quantities(text)
    )


def _parts(name: str) -> set[str]:
    """人脸与猫眼 is both."""
    parts = {part.strip() for part in _ITEMS.split(name) if len(part.strip()) > 1}
    return parts | {name}


def _key(text: str) -> str:
    return fold(text)


def _plural(text: str, end: int) -> bool:
    """Whether only the s of a plural follows (locks)."""
    return bool(_PLURAL.match(text, end)) and text[end - 1].isascii() and text[end - 1].isalpha()


def _merge(into: _Meaning, other: _Meaning) -> None:
    into.products |= other.products
    into.lines |= other.lines
    into.functions |= other.functions
    into.specs |= other.specs
    into.listed |= other.listed
