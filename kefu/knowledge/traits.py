"""What products have, have not and measure: read out of functions and specifications of one edition."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from kefu.knowledge.clauses import (
    CLAUSES,
    Clause,
    holds,
    measured,
    names,
)
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.meanings import ITEMS, Meaning, Meanings, key_of, parts_of
from kefu.knowledge.vocabulary import Measure, Vocabulary
from kefu.knowledge.wording import Wording, cover, joined
from kefu.language.normalize import fold, normalize
from kefu.language.quantities import Quantity, quantities

#: A text means what was said from this share of its wording on, if no other product's says much more of it.
_ALIKE, _AS_MUCH = 0.6, 0.85
#: Where what is said is a name already, it takes so much to mean something else that is called much the same.
_RENAMED = 0.75
#: A function is described in other words from this likeness on, if it is so much more like than the next one.
_DESCRIBED, _STANDS_OUT = 0.24, 1.2
#: What the likeness of functions counts that no product meant has.
_ELSEWHERE = 0.8
#: What is shorter has to stand there as it was said.
_LEAST_SAID = 3
#: What a function of a specification's name counts for it, and the words it shares with what is asked.
_OF_FUNCTION, _OF_WORDS = 0.5, 0.6
#: A name of so many characters is said, be it apart, where so much of it stands there.
_LEAST_NAME, _WHOLLY = 4, 0.85
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


class Traits(Meanings):
    """The traits of one edition's products; immutable."""

    def __init__(
        self,
        graph: Graph,
        vocabulary: Vocabulary,
        likeness: Callable[[str], Mapping[str, float]] = lambda said: {},
    ) -> None:
        """Reads the graph.

        Args:
            graph: The edition.
            vocabulary: Synonyms and what says in a specification that something is not there.
            likeness: How well facts fit what was said in other words, by their refs, 0 to about 1.
        """
        super().__init__(graph, vocabulary)
        self._likeness, self._mutual = likeness, re.compile(vocabulary.mutual)
        self._colours, self._shades = re.compile(vocabulary.colours), vocabulary.shades
        self._lines = [key_of(name) for line in graph.of_kind("product_line") for name in line.names]
        self._called = {name: self._names_of(name, vocabulary) for name in self.spec_names()}
        self._titles = {
            name: [normalize(one).text for one in self._titles_of(name, vocabulary)] for name in self._called
        }
        self._texts = list(self._told())
        self._wording = Wording([text for _, text, _, _ in self._texts])

    def has(self, product: str, phrase: str, among: Sequence[str] = ()) -> Verdict:
        """Whether a product has what a phrase names: what its own specifications say, then its functions.

        Args:
            product: Which.
            phrase: A known name.
            among: The products that may be meant; none for all.
        """
        meaning, specs = self._meanings.get(phrase) or Meaning(), self._specs[product]
        own = [one for one in self._functions[product] if one.ref in meaning.functions]
        named = meaning.specs | {one.name for one in own}
        for name, fact in specs.items():
            if named & parts_of(name):
                first = next(filter(None, CLAUSES.split(fact.body)), "")
                return Verdict(not self._lacks.search(normalize(first).text), fact)
        wanted = {phrase, *meaning.listed, *map(key_of, self.names(phrase))}
        if meaning.functions and self._told_in_line(product, {phrase, *meaning.listed}):
            # 锂电池 and 干电池 are both 电池供电.
            listed = self._listed(product, {phrase, *meaning.listed})
            return listed if listed.holds is not None else Verdict(False)
        if own:
            return Verdict(True, own[0])
        bare = self._verbs.sub("", phrase)
        listed = self._listed(product, wanted | ({bare} if len(bare) > 1 else set()), bool(meaning.lines))
        if listed.holds is not None:
            return listed
        is_known = meaning.functions or meaning.listed or self._is_told(phrase)
        # A function is declared for every product that has it.
        is_short = is_known and len(phrase) < _LEAST_SAID
        verdict = (
            Verdict(None)
            if is_short
            else self._like(product, phrase, _RENAMED if is_known else _ALIKE, among)
        )
        return Verdict(False) if is_known and verdict.holds is None else verdict

    def told(self, product: str, said: str, among: Sequence[str] = ()) -> Verdict:
        """Whether a product has what was said in words that are no name.

        Args:
            product: Which.
            said: Normal text.
            among: The products that may be meant; none for all.
        """
        listed = self._listed(product, {key_of(said)})
        if listed.holds is not None or len(said) < _LEAST_SAID:
            return listed
        return self._like(product, said, _ALIKE, among)

    def coloured(self, product: str, said: str, only: bool = False) -> Verdict:
        """Whether a specification of a product's colours tells of one, or ``only`` of one.

        The colour is said by its last part (灰), or as a shade (深色).
        """

        def tells(item: str) -> bool:
            named = [shade for shade in self._shades if shade in item]
            if named and said in self._shades:  # 浅灰 is no dark one
                return said in named
            return any(one in item for one in self._shades.get(said, said))

        for name, fact in self._specs[product].items():
            if self._colours.search(normalize(name).text):
                colours = [tells(normalize(one).text) for one in ITEMS.split(fact.body)]
                return Verdict(all(colours) if only else any(colours), fact)
        return Verdict(None)

    def only(self, product: str, phrase: str, number: Quantity) -> Verdict:
        """Whether of all such numbers a product has this one only: 只能连 2.4 GHz."""
        verdict = self.has(product, phrase)
        said = verdict.evidence.ref if verdict.evidence else ""
        clauses = (one for one in self._clauses[product] if one.fact.ref == said and not one.lacking)
        told = (one for clause in clauses for one in quantities(clause.text))
        others = [one for one in told if one.dimension == number.dimension and one.high != number.high]
        return Verdict(verdict.holds and not others, verdict.evidence)

    def speaking_of(self, product: str, other: str, about: str) -> Verdict | None:
        """What a clause about a product says of another product and of what is asked, if one does."""
        keys = [key_of(name) for name in self.graph.facts[f"product:{other}"].names]
        for clause in self._clauses[product]:
            names = clause.fact.names if clause.fact.kind != "product" else ()
            text = joined([*(normalize(name).text for name in names), clause.text])
            is_named = any(holds(clause.key, key) for key in keys)
            told = fold(clause.fact.body)
            is_mutual = bool(self._mutual.search(clause.text)) and any(holds(told, key) for key in keys)
            if (is_named or is_mutual) and cover(about, text) >= _SPOKEN:
                return Verdict(not clause.lacking, clause.fact)
        return None

    def is_told(self, said: str, among: Sequence[str] = ()) -> bool:
        """Whether the facts of some product, one of ``among`` if any are given, say just this."""
        key = key_of(said)
        return any(names(one, key) for name in among or self.products for one in self._clauses[name])

    def are_told(self, phrase: str, said: str, among: Sequence[str]) -> bool:
        """Whether what a name stands for says this of some product."""
        meaning, key = self._meanings.get(phrase) or Meaning(), key_of(said)
        for name in among or self.products:
            for one in self._clauses[name]:
                spec = one.fact.name.removeprefix(f"{name} ")
                is_meant = one.fact.ref in meaning.functions or bool(meaning.specs & parts_of(spec))
                if (is_meant or names(one, phrase)) and names(one, key):
                    return True
        return False

    def is_like(self, said: str, among: Sequence[str] = ()) -> bool:
        """Whether some product's facts say it, be it in other words."""
        shares = self._wording.covering(said)
        owned = (share for number, share in shares.items() if self._is_among(number, among))
        return max(owned, default=0.0) >= _ALIKE

    def meant(self, said: str, among: Sequence[str] = ()) -> str | None:
        """The name of the function that is described in other words, if one stands out.

        Args:
            said: Normal text.
            among: The products that may be meant; a function of others has to stand out more.
        """
        decided: dict[frozenset[str], tuple[float, str]] = {}
        for ref, score in self._likeness(said).items():
            if self.graph.facts[ref].kind != "function":
                continue
            owners = frozenset(owner.name for owner in self.graph.sources(ref, "has_function"))
            having = owners & frozenset(among) if among else owners
            score *= 1.0 if having else _ELSEWHERE
            decided[having] = max(decided.get(having, (0.0, "")), (score, self.graph.facts[ref].name))
        # Two functions of the same products decide alike, whichever of them is meant.
        best, *others = [*sorted(decided.values(), reverse=True), (0.0, "")]
        stands_out = best[0] >= _STANDS_OUT * max((score for score, _ in others), default=0.0)
        return best[1] if stands_out and best[0] >= _DESCRIBED else None

    def performs(self, product: str, function: str) -> Verdict:
        """Whether a product has the function of this name."""
        fact = self.functions(product).get(function)
        return Verdict(fact is not None, fact)

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
            is_list = len(clauses) == 1 and not clauses[0].lacking and not quantities(clauses[0].text)
            if measure.unit == "count" and is_list:
                many = float(len(ITEMS.split(clauses[0].fact.body)))  # 星空灰、古铜金: two colours
                return Quantity("count", many, many, 0, 0), clauses[0].fact
        if measure.specs:
            return None
        found = measured(self._clauses[product], measure.unit, about, measure.counter)
        return found[:2] if found and found[2] > 0 else None

    def closeness(self, products: Sequence[str], dimension: str, about: str) -> float:
        """How close to what is asked about a number of a dimension stands, in what is told of products."""
        found = (measured(self._clauses[name], dimension, about) for name in products)
        return max((one[2] for one in found if one), default=0.0)

    def best_spec(
        self, product: str, said: str, dimensions: frozenset[str] = frozenset()
    ) -> tuple[float, Fact] | None:
        """The specification whose names and value say most of what was said, and how much.

        Args:
            product: Which.
            said: Normal text.
            dimensions: What its number measures; none if no number is asked for.
        """
        found = []
        for name, fact in self._specs[product].items():
            names = joined(self._called[name])
            text = joined([names, normalize(fact.body).text])
            if self.tells(product, name, dimensions):
                share = 0.7 * cover(said, names) + 0.6 * cover(said, text)
                found.append((share, fact))
        return max(found, key=lambda one: one[0], default=None)

    def said_spec(self, product: str, text: str) -> Fact | None:
        """The only specification one of whose names a text says nearly whole, be it apart."""
        shares = {
            name: max((cover(one, text) for one in self._titles[name] if len(one) >= _LEAST_NAME), default=0)
            for name in self._specs[product]
        }
        said = [name for name, share in shares.items() if share >= _WHOLLY]
        return self._specs[product][said[0]] if len(said) == 1 else None

    def nearest_spec(
        self, product: str, asked: str, said: str, dimensions: frozenset[str] = frozenset()
    ) -> tuple[float, Fact] | None:
        """The specification that is nearest to a question in meaning and words, and how near.

        Args:
            product: Which.
            asked: The whole question, as normal text.
            said: What of it tells what is asked for.
            dimensions: What its number measures; none if no number is asked for.
        """
        like, found = self._likeness(asked), []
        for name, fact in self._specs[product].items():
            if not self.tells(product, name, dimensions):
                continue
            key = normalize(name).text
            same = (
                one for one in self._functions[product] if any(key in normalize(n).text for n in one.names)
            )
            of_function = max((like.get(one.ref, 0.0) for one in same), default=0.0)
            names = joined(self._called[name])
            share = 0.7 * cover(said, names) + 0.6 * cover(said, joined([names, normalize(fact.body).text]))
            found.append((like.get(fact.ref, 0.0) + _OF_FUNCTION * of_function + _OF_WORDS * share, fact))
        return max(found, key=lambda one: one[0], default=None)

    def specs_telling(self, product: str, dimensions: frozenset[str]) -> list[Fact]:
        """The specifications of a product that tell a number of one of ``dimensions``."""
        return [fact for name, fact in self._specs[product].items() if self.tells(product, name, dimensions)]

    def tells(self, product: str, spec: str, dimensions: frozenset[str]) -> bool:
        """Whether a product's specification has a number of one of ``dimensions``, if any are given."""
        fact = self._specs[product].get(spec)
        told = quantities(normalize(fact.body).text) if fact else ()
        return not dimensions or any(
            one.measured_in(name) for one in told if one.dimension for name in dimensions
        )

    def _names_of(self, spec: str, vocabulary: Vocabulary) -> list[str]:
        """All that customers call a specification, or a function of that name, as normal text."""
        named = self._titles_of(spec, vocabulary)
        for function in self.graph.of_kind("function"):
            named += function.names if any(spec in name for name in function.names) else ()
        named += [word for measure in vocabulary.measures if spec in measure.specs for word in measure.words]
        return [normalize(name).text for name in named]

    @staticmethod
    def _titles_of(spec: str, vocabulary: Vocabulary) -> list[str]:
        """A specification's name and what else it is called."""
        titles = [spec, *vocabulary.synonyms.get(spec, ())]
        for name, others in vocabulary.synonyms.items():
            if spec.endswith(name) and spec != name:  # 基座尺寸: 基座长宽高
                titles += [spec.removesuffix(name) + other for other in others if not other.isascii()]
        return titles

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

    def _listed(self, product: str, wanted: set[str], only_specs: bool = False) -> Verdict:
        """What a clause about a product says of something that it lists."""
        verdict = Verdict(None)
        for clause in self._clauses[product]:
            if only_specs and clause.fact.kind == "function":
                continue
            if any(names(self._without_others(clause, one), one) for one in wanted):
                if not clause.lacking:
                    return Verdict(True, clause.fact)
                verdict = Verdict(False, clause.fact)
        return verdict

    def _without_others(self, clause: Clause, wanted: str) -> Clause:
        """A clause without the words of which what is wanted is only a part (充电 of 充电宝)."""
        others = (one for one in (*self._compounds, *self._lines) if wanted in one and wanted != one)
        key, text = reduce(_without, others, (clause.key, clause.text))
        return replace(clause, key=key, text=text)

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


def _without(texts: tuple[str, str], word: str) -> tuple[str, str]:
    return texts[0].replace(word, "|"), texts[1].replace(word, "|")
