"""What products are chosen by: what they have, have not, and measure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kefu.knowledge.asked import Asked, Chunk, Span
from kefu.knowledge.graph import Fact
from kefu.knowledge.traits import Traits, Verdict
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.language.quantities import Quantity

_SAME = 1e-6
#: A bare number that can be a price.
_LEAST_PRICE = 50
#: Where less is better when no bound is said (1 公斤的, 1000 块的), and where only the same will do (12 V).
_AT_MOST, _EQUAL = frozenset({"money", "mass", "loudness"}), frozenset({"voltage", "current", "frequency"})
#: A part of a question that says less is not looked up in other words.
_LEAST_SAID = 3


@dataclass(frozen=True)
class Wish:
    """Something that products are chosen by.

    Attributes:
        said: In the customer's words, or the name of what is meant.
        holds: Tells for a product whether it has it.
        without: Whether it is not to be there.
        numeric: Whether it bounds a number.
        measure, bound, number: For a numeric one, what is measured, how it bounds, and the number.
    """

    said: str
    holds: Callable[[str], Verdict]
    without: bool = False
    numeric: bool = False
    measure: Measure | None = None
    bound: str = ""
    number: Quantity | None = None

    def fits(self, product: str) -> bool:
        """Whether a product may be chosen; what no fact says is taken as not there."""
        return (self.holds(product).holds is True) != self.without

    def verdict(self, product: str) -> bool | None:
        """Whether it is as wished; nothing where no fact says."""
        holds = self.holds(product).holds
        return holds if holds is None else holds != self.without


@dataclass(frozen=True)
class Wished:
    """What a question asks for.

    Attributes:
        wishes: All of them have to hold.
        used: Where they stand.
        others: Products that are only compared with (比 L3 便宜).
        left: What of the question nothing explains.
    """

    wishes: list[Wish]
    used: list[Span]
    others: list[str]
    left: list[Chunk]

    @property
    def is_partial(self) -> bool:
        """Whether something is wished for that nothing explains."""
        return any(chunk.wanted for chunk in self.left)

    @property
    def weight(self) -> int:
        """How many characters nothing explains."""
        return sum(chunk.weight for chunk in self.left)


class Wishes:
    """Reads wishes out of questions; immutable."""

    def __init__(self, traits: Traits, words: Vocabulary) -> None:
        """Prepares the reading for one edition's traits."""
        self.traits, self._words = traits, words

    def read(self, asked: Asked, scope: Sequence[str], skip: Sequence[Span] = ()) -> Wished:
        """What a question asks for.

        Args:
            asked: The question.
            scope: The products that may be meant.
            skip: What of it is understood otherwise.
        """
        numeric, used = self._bounds(asked, scope)
        compared, others = self._comparisons(asked, used)
        wishes = [*numeric, *compared]
        places = [(p.start, p.end, p.text, True) for p in asked.traits]
        left = []
        for chunk in asked.chunks([*used, *skip]):
            is_long = chunk.weight >= _LEAST_SAID
            is_told = chunk.weight > 1 and self.traits.is_told(chunk.text)
            known = self.traits.is_like(chunk.text, scope) if is_long else is_told
            if known:
                places.append((chunk.start, chunk.end, chunk.text, False))
            else:
                left.append(chunk)
        before: tuple[int, bool] | None = None
        for start, end, said, is_name in sorted(places):
            if is_within(start, end, [*used, *skip]):
                continue
            used.append((start, end))
            lacking = asked.lacks(start, end, before)
            wish = Wish(said, self._having(said, is_name, scope), lacking)
            between = asked.text[before[0] : start] if before else ""
            if before and re.search(self._words.either, between):
                used.append((before[0], start))
                wishes[-1] = _either(wishes[-1], wish)
            else:
                wishes.append(wish)
            before = end, lacking
        return Wished(wishes, used, others, [one for one in left if not is_within(one.start, one.end, used)])

    def tells(self, products: Sequence[str]) -> Callable[[Measure], bool]:
        """Tells of a measure whether any of the products has it."""
        return lambda measure: any(self.traits.value(name, measure) for name in products)

    def measured(self, product: str, measure: Measure, about: str = "") -> tuple[Quantity, Fact] | None:
        """What a product measures; specifications of other names count where none has the usual ones."""
        found = self.traits.value(product, measure, about)
        is_usual = any(one is measure for one in self._words.measures)
        if found or not measure.specs:
            return found
        if is_usual and any(self.traits.value(name, measure) for name in self.traits.products):
            return None
        said = " ".join([about, *measure.words] if is_usual else measure.words)
        return self.traits.value(product, Measure(specs=[], unit=measure.unit), said)

    def _having(self, said: str, is_name: bool, scope: Sequence[str]) -> Callable[[str], Verdict]:
        if is_name:
            return lambda product: self.traits.has(product, said, scope)
        return lambda product: self.traits.told(product, said, scope)

    def _bounds(self, asked: Asked, scope: Sequence[str]) -> tuple[list[Wish], list[Span]]:
        wishes, used = [], []
        names = [(p.start, p.end) for p in asked.phrases if p.kind != "line"]
        for one in asked.numbers:
            if is_within(one.start, one.end, names) or is_within(one.start, one.end, used):
                continue
            kind, start, end = asked.bound(one)
            if one.dimension == "count" and one.low == one.high == 1 and not kind:
                continue  # 一台, 一个 only count what is to be bought
            first, last = asked.segment(one.start, one.end)
            about = self._about(asked, (first, last), one)
            measure, spans = self._measure_of(asked, one, (first, last), scope, about)
            if measure is None:
                continue
            one = one.measured_in(measure.unit) or one
            used += [(start, end), *spans]
            adjectives = asked.spans(any_of(tuple((*self._words.more, *self._words.less))))
            used += [s for s in adjectives if first <= s[0] < last and not asked.is_inside_name(*s)]
            said = asked.text[start:end].strip()
            holds = self._comparison(measure, kind, one, about)
            wishes.append(Wish(said, holds, numeric=True, measure=measure, bound=kind, number=one))
        return wishes, used

    def _about(self, asked: Asked, segment: Span, one: Quantity) -> str:
        """What is said around a number, without products and the number itself."""
        marked = list(asked.text)
        named = [(p.start, p.end) for p in asked.phrases if p.kind == "product"]
        for start, end in [*named, (one.start, one.end)]:
            marked[start:end] = " " * (end - start)
        around = "".join(marked[segment[0] : segment[1]])
        return around if any_of(tuple(self._words.filler)).sub("", around).strip() else "".join(marked)

    def _measure_of(
        self, asked: Asked, one: Quantity, segment: Span, scope: Sequence[str], about: str
    ) -> tuple[Measure | None, list[Span]]:
        """What a number is about: what is named beside it, else what is measured in its unit."""
        fitting = [m for m in self._words.measures if one.measured_in(m.unit)]
        if one.dimension == "money":
            return next((m for m in fitting if m.unit == "money"), None), []
        named = []
        for measure in fitting:
            for span in asked.spans(any_of((*measure.words, *measure.more, *measure.less))):
                if asked.is_inside_name(*span):
                    continue
                near = segment[0] <= span[0] < segment[1]
                named.append((near, span[1] - span[0], -span[0], measure, span))
        named += self._spec_measures(asked, one, segment, scope)
        for _, _, _, measure, span in sorted(named, key=lambda item: item[:3], reverse=True):
            if any(self.measured(name, measure, about) for name in scope):
                return measure, [span]
        if not one.dimension:
            price = self._words.measures[0]
            is_bound = asked.bound(one)[0] or one.low < one.high
            chooses = asked.is_which or asked.lines or asked.spans(any_of(tuple(price.words)))
            is_price = is_bound or chooses
            return (price if is_price and one.low >= _LEAST_PRICE else None), []
        by_unit = [m for m in fitting if [n.unit for n in fitting].count(m.unit) == 1 and m.unit != "count"]
        if len(one.dimensions) == 1 and any(self.traits.value(p, m) for m in by_unit for p in scope):
            return by_unit[0], []
        unit = max(one.dimensions, key=lambda dimension: self.traits.closeness(scope, dimension, about))
        is_told = self.traits.closeness(scope, unit, about) > 0
        return (Measure(specs=[], unit=unit) if is_told else next(iter(by_unit), None)), []

    def _spec_measures(self, asked: Asked, one: Quantity, segment: Span, scope: Sequence[str]) -> list[tuple]:
        """Specifications named that are no measure of their own: 门卡 50 张以上."""
        specs, found = self.traits.spec_names(), []
        for phrase in asked.traits:
            is_beside = phrase.end in (one.start, one.start - 1) or phrase.start in (one.end, one.end + 1)
            names = [name for name in self.traits.names(phrase.text) if name in specs]
            if not names or not (one.dimension or is_beside):
                continue
            for unit in one.dimensions:
                measure = Measure(specs=names, unit=unit, words=[phrase.text])
                if any(self.traits.value(name, measure) for name in scope):
                    near = segment[0] <= phrase.start < segment[1]
                    span = phrase.start, phrase.end
                    found.append((near, phrase.end - phrase.start, -phrase.start, measure, span))
        return found

    def _comparison(self, measure: Measure, kind: str, one: Quantity, about: str) -> Callable[[str], Verdict]:
        def holds(product: str) -> Verdict:
            found = self.measured(product, measure, about)
            if found is None:
                return Verdict(None)
            return Verdict(compare(found[0], kind or measure.plain, one), found[1])

        return holds

    def _comparisons(self, asked: Asked, used: list[Span]) -> tuple[list[Wish], list[str]]:
        """Wishes that compare with another product: 比 L3 便宜."""
        wishes, others = [], []
        for phrase in asked.products_phrases:
            than = re.search(self._words.than.format(product=re.escape(asked.said([phrase]))), asked.text)
            available = [name for name in self.traits.products if name not in asked.excluded]
            adjective = asked.adjective(than.end() if than else 0, self.tells(available))
            if than is None or adjective is None:
                continue
            measure, highest, span = adjective
            name = self.traits.products_named(phrase.text)[0]
            other = self.measured(name, measure, asked.text) if measure.specs else None
            if other is None:
                continue
            used += [than.span(), span]
            holds = self._comparison(measure, "above" if highest else "below", other[0], "")
            wishes.append(Wish(asked.text[than.start() : span[1]], holds, numeric=True))
            others.append(name)
        return wishes, others


def compare(found: Quantity, kind: str, one: Quantity) -> bool:
    """Whether what a product measures (``found``) is as wished."""
    slack = _SAME * max(abs(one.high), 1.0)
    if kind == "below":
        return found.high < one.low - slack
    if kind == "above":
        return found.high > one.high + slack
    if kind == "at_least":
        return found.high >= one.low - slack
    if kind == "at_most":
        return found.high <= one.high + slack
    if kind == "exactly":
        return abs(found.high - one.high) <= slack
    if one.low < one.high:  # between two numbers
        return one.low - slack <= found.high <= one.high + slack
    if kind == "about":
        return 0.8 * one.low <= found.high <= 1.2 * one.high
    if found.low < found.high:
        return found.low - slack <= one.low <= found.high + slack
    if one.dimension in _EQUAL:
        return abs(found.high - one.high) <= slack
    if one.dimension in _AT_MOST:
        return found.high <= one.high + slack
    return found.high >= one.low - slack


def at_once(wishes: Sequence[Wish], product: str) -> bool:
    """Whether a product is as all wishes want it."""
    return all(wish.fits(product) for wish in wishes)


def evidence(wishes: Sequence[Wish], product: str) -> tuple[Fact, ...]:
    """What a product's facts say of wishes, each fact once."""
    facts = [wish.holds(product).evidence for wish in wishes]
    return tuple({fact.ref: fact for fact in facts if fact}.values())


def is_within(start: int, end: int, spans: Sequence[Span]) -> bool:
    """Whether a place overlaps one of ``spans``."""
    return any(start < last and first < end for first, last in spans)


def _either(one: Wish, other: Wish) -> Wish:
    def holds(product: str) -> Verdict:
        verdicts = [one.holds(product), other.holds(product)]
        return next((verdict for verdict in verdicts if verdict.holds), verdicts[0])

    return replace(one, said=f"{one.said}/{other.said}", holds=holds)
