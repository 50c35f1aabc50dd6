"""Wishes that are numbers: what is measured, how it is bounded, and whether a product keeps to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from kefu.knowledge.asked import Asked, Span, is_within
from kefu.knowledge.graph import Fact
from kefu.knowledge.traits import Traits, Verdict
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.knowledge.wish import Wish
from kefu.knowledge.wording import joined
from kefu.language.quantities import Quantity, quantities

_SAME = 1e-6
#: A bare number that can be a price.
_LEAST_PRICE = 50
#: Where less is better when no bound is said (1 公斤的, 1000 块的), and where only the same will do (12 V).
_AT_MOST, _EQUAL = (
    frozenset({"money", "mass", "loudness"}),
    frozenset({"voltage", "current", "frequency", "charge"}),
)
#: Units that also tell how many of anything there are, and of ranges within which all has to be.
_COUNTING, _WITHIN = frozenset({"count", "money"}), frozenset({"temperature"})
#: What counts anything, and so does not tell of which things there are so many.
_ANY_COUNTERS = frozenset({"个", "台", "只", "件", "部", "种", "次"})
#: Where no product and no kind of product is named, a number has to stand in words so close to what is told.
_CLOSE = 0.15
#: A number without a unit is of what stands within so many characters.
_BESIDE = 4
#: What stands in a number's own part of the question counts so many times.
_OWN_PART = 3


class Bounds:
    """Reads numbers out of questions; immutable."""

    def __init__(self, traits: Traits, words: Vocabulary) -> None:
        """Prepares the reading for one edition's traits."""
        self.traits, self._words = traits, words

    def exactly(self, wishes: Sequence[Wish]) -> list[Wish]:
        """The same wishes, with numbers as they are: 四根天线的那个 has four, not four or more."""
        return [
            replace(wish, holds=self._comparison(wish.measure, "exactly", wish.number, wish.said))
            if wish.measure and wish.number and not wish.bound
            else wish
            for wish in wishes
        ]

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

    def read(self, asked: Asked, scope: Sequence[str], skip: Sequence[Span]) -> tuple[list[Wish], list[Span]]:
        """Wishes for numbers, and where they stand; numbers in ``skip`` are understood otherwise."""
        wishes, used = [], []
        named = {p.start for p in asked.phrases if p.kind != "trait"}
        names = [*skip, *((p.start, p.end) for p in asked.phrases if p.kind != "line")]
        for one in asked.numbers:
            if is_within(one.start, one.end, names) or is_within(one.start, one.end, used):
                continue
            kind, start, end = asked.bound(one)
            if one.dimension in _COUNTING and one.low == one.high == 1 and not kind:
                continue  # 一台, 一块硬盘 only count what is to be bought, or is there
            behind = one.end + asked.text.startswith(" ", one.end)
            if one.dimension == "count" and behind in named:
                continue  # 两台 R3 Pro
            first, last = asked.segment(one.start, one.end)
            about = self._about(asked, (first, last), one)
            measure, spans = self._measure_of(asked, one, (first, last), scope, about)
            if measure is None:
                continue
            one = one.measured_in(measure.unit) or one
            if measure.unit == "money" and (pieces := self._pieces(asked)) > 1:
                one = replace(one, low=one.low / pieces, high=one.high / pieces)
            used += [(start, end), *spans]
            adjectives = asked.spans(any_of(tuple((*self._words.more, *self._words.less))))
            used += [s for s in adjectives if first <= s[0] < last and not asked.is_inside_name(*s)]
            said = asked.text[start:end].strip()
            holds = self._comparison(measure, kind, one, about)
            weak = not measure.specs and not kind
            wishes.append(Wish(said, holds, numeric=True, measure=measure, bound=kind, number=one, weak=weak))
        return wishes, used

    def _pieces(self, asked: Asked) -> float:
        """How many are to be bought for a total: 民宿 30 间房,预算六万,全换成……的锁."""
        words = self._words
        if not re.search(words.total, asked.text) or re.search(words.price_of_one, asked.text):
            return 1.0
        is_everywhere = re.search(words.everywhere, asked.text)
        named = {one.start for one in asked.phrases if one.kind != "trait"}
        for match in re.finditer(words.bought, asked.text):
            if match["places"] and not is_everywhere:
                continue
            is_last = not re.match(r"\w", asked.text[match.end() :])
            if match["places"] or is_last or match.end() in named:
                return quantities((match["many"] or match["places"]) + "个")[0].high
        return 1.0

    def _about(self, asked: Asked, segment: Span, one: Quantity) -> str:
        """What is said around a number, without products and the number itself."""
        marked = list(asked.text)
        named = [(p.start, p.end) for p in asked.phrases if p.kind == "product"]
        for start, end in [*named, (one.start, one.end)]:
            marked[start:end] = " " * (end - start)
        # What stands in its own part of the question counts for more.
        return joined([*["".join(marked[segment[0] : segment[1]])] * _OWN_PART, "".join(marked)])

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
                near = segment[0] <= span[0] < segment[1]
                if asked.is_inside(*span) or not (near or one.dimension):
                    continue  # a number without a unit is of what stands beside it, or a price
                away = max(span[0] - one.end, one.start - span[1], 0)
                between = sorted((*span, one.start, one.end))[1:3]
                is_apart = away > _BESIDE or bool(asked.telling(*between))  # 一千的购物卡
                if not one.dimension and (is_apart or measure.unit == "protection"):
                    continue
                named.append((near, -away, span[1] - span[0], measure, span))
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
        told = [m for m in fitting if any(self.traits.value(name, m) for name in scope)] or fitting
        is_of_product = bool(asked.lines or asked.products)
        by_unit = [
            m
            for m in told
            if [n.unit for n in told].count(m.unit) == 1
            and m.unit != "count"
            and (is_of_product or m.unit != "time")
        ]
        valued = [m for m in by_unit if any(self.traits.value(p, m) for p in scope)]
        if is_of_product and len(valued) == 1:
            return valued[0], []
        if len(one.dimensions) == 1 and any(self.traits.value(p, m) for m in by_unit for p in scope):
            return by_unit[0], []
        unit = max(one.dimensions, key=lambda dimension: self.traits.closeness(scope, dimension, about))
        is_told = self.traits.closeness(scope, unit, about) > (0 if is_of_product else _CLOSE)
        counter = one.unit if unit == "count" and one.unit not in _ANY_COUNTERS else ""
        return (Measure(specs=[], unit=unit, counter=counter) if is_told else next(iter(by_unit), None)), []

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
                    away = max(span[0] - one.end, one.start - span[1], 0)
                    found.append((near, -away, phrase.end - phrase.start, measure, span))
        return found

    def _comparison(self, measure: Measure, kind: str, one: Quantity, about: str) -> Callable[[str], Verdict]:
        def holds(product: str) -> Verdict:
            found = self.measured(product, measure, about)
            if found is None:
                return Verdict(None)
            return Verdict(compare(found[0], kind or measure.plain, one), found[1])

        return holds

    def compared(self, asked: Asked, used: list[Span]) -> tuple[list[Wish], list[str]]:
        """Wishes that compare with another product: 比 L3 便宜."""
        wishes, others = [], []
        for phrase in asked.products_phrases:
            than = re.search(self._words.than.format(product=re.escape(asked.said([phrase]))), asked.text)
            available = [name for name in self.traits.products if name not in asked.excluded]
            # cheaper than the ... tells it before, 比……便宜 behind.
            since = (than.start() if than[0].isascii() else than.end()) if than else 0
            adjective = asked.adjective(since, self.tells(available)) if than else None
            if than is None or adjective is None:
                continue
            measure, highest, span = adjective
            name = self.traits.products_named(phrase.text)[0]
            other = self.measured(name, measure, asked.text) if measure.specs else None
            if other is None:
                continue
            used += [than.span(), span]
            last = max(than.end(), span[1])
            holds = self._comparison(measure, "above" if highest else "below", other[0], "")
            wishes.append(Wish(asked.text[than.start() : last], holds, numeric=True))
            others.append(name)
        return wishes, others


def compare(found: Quantity, kind: str, one: Quantity) -> bool:
    """Whether what a product measures (``found``) is as wished."""
    slack = _SAME * max(abs(one.high), 1.0)
    if found.low < found.high and one.dimension in _WITHIN:
        return found.low - slack <= one.low and one.high <= found.high + slack
    if kind == "below":
        return found.high < one.low - slack
    if kind == "above":
        return found.high > one.high + slack
    if kind == "at_least":
        return found.high >= one.low - slack
    if kind == "at_most" and one.low < one.high:  # 预算一千到一千五
        return one.low - slack <= found.high <= one.high + slack
    if kind == "at_most":
        return found.high <= one.high + slack
    if kind == "exactly" and found.low == found.high:
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
