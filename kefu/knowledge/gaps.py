"""By how much two products differ: L3 比 L1 贵一千一, R1 和 C2 差不到 100."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from kefu.knowledge.asked import Asked, Span
from kefu.knowledge.bounds import compare
from kefu.knowledge.replies import Reply
from kefu.knowledge.vocabulary import Measure, Vocabulary
from kefu.knowledge.wishes import Wishes
from kefu.language.quantities import Quantity

#: So much of a number may two differ and be the same where no bound is said.
_SAME = 0.01
#: So many characters may stay unexplained.
_LEFT_OVER = 8


class Gaps:
    """Compares two products by a number, in one edition; immutable."""

    def __init__(self, words: Vocabulary, wishes: Wishes) -> None:
        """Measures as ``wishes`` do."""
        self._words, self._wishes, self._bounds = words, wishes, wishes.bounds

    def asked(self, asked: Asked) -> Reply | None:
        """Whether one product is by so much more or less than another as is claimed."""
        is_asked = asked.is_whether or asked.purpose == "yes"
        if not is_asked or len(asked.products) != 2 or not asked.numbers:
            return None
        one, other = asked.products
        than = re.search(self._words.than.format(product=re.escape(self._said(asked, other))), asked.text)
        if than is None and not re.search(self._words.apart, asked.text):
            return None
        holds, facts, used = [], {}, [than.span()] if than else []
        numbers = [number for number in asked.numbers if not self._is_in_name(asked, number)]
        for number in numbers:
            measure, highest, span = self._measure(asked, number)
            found = [self._bounds.measured(name, measure) for name in (one, other)] if measure else []
            if not (found and all(found)):
                return None
            gap = found[0][0].high - found[1][0].high
            gap = abs(gap) if than is None else gap if highest else -gap
            bound, start, end = asked.bound(number)
            is_so = self._is_so(gap, bound, measure, number, asked.text[number.end :])
            holds.append(is_so and (than is None or gap > 0))  # 贵不到 2000 is dearer all the same
            facts.update({name: one[1] for name, one in zip((one, other), found, strict=True)})
            used += [(start, end), span]
        left = sum(chunk.weight for chunk in asked.chunks(used))
        if not holds or left > _LEFT_OVER:
            return None
        each = (all(holds),) * 2
        told = tuple((facts[name],) for name in (one, other))
        return Reply("has", (one, other), (asked.said(used),), told, each, numeric=True, together=True)

    def _said(self, asked: Asked, product: str) -> str:
        phrases = asked.products_phrases
        named = next(p for p in phrases if product in self._wishes.traits.products_named(p.text))
        return asked.text[named.start : named.end]

    @staticmethod
    def _is_in_name(asked: Asked, number: Quantity) -> bool:
        return any(p.start <= number.start < p.end for p in asked.products_phrases)

    def _measure(self, asked: Asked, number: Quantity) -> tuple[Measure | None, bool, Span]:
        """What a number measures: what the adjective before it tells (贵一千一), else its unit."""
        first, last = asked.segment(number.start, number.end)
        tells = self._bounds.tells(asked.products)
        adjective = asked.adjective(first, tells)
        if adjective and adjective[0].specs and adjective[2][1] <= last:
            if not number.dimension or number.measured_in(adjective[0].unit):
                return adjective
        unit = number.dimension or "money"
        fitting = [one for one in self._words.measures if one.unit == unit and tells(one)]
        same = adjective[2] if adjective and adjective[2][1] <= last else (number.start, number.start)
        highest = adjective[1] if adjective else True
        return (fitting[0] if len(fitting) == 1 else None), highest, same

    @staticmethod
    def _is_so(gap: float, bound: str, measure: Measure, number: Quantity, after: str) -> bool:
        is_over = bound == "above" and not number.dimension and after.lstrip().startswith("多")
        number = number.measured_in(measure.unit) or number
        if not bound and number.low == number.high:
            return abs(gap - number.high) <= _SAME * abs(number.high)
        if is_over:  # 800 多 is less than 900, 1050 多 less than 1060
            zeros = len(str(int(number.low))) - len(str(int(number.low)).rstrip("0"))
            step = 10 ** min(zeros, int(math.log10(max(number.low, 1.0))))
            bound, number = "", replace(number, high=number.low + step - _SAME)
        return compare(Quantity(measure.unit, gap, gap, 0, 0), bound, number)
