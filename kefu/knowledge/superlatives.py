"""The highest and the lowest of several: 最便宜的锁, R1 和 R3 Pro 哪个轻."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from kefu.knowledge.asked import Asked, Span
from kefu.knowledge.graph import Graph
from kefu.knowledge.replies import Reply
from kefu.knowledge.scopes import Scopes
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.knowledge.wish import Wish, at_once
from kefu.knowledge.wishes import Wishes
from kefu.language.normalize import normalize
from kefu.language.quantities import quantities

#: So many characters may stay unexplained, and so many where products are asked for.
_LEFT_OVER, _BESIDE = 9, 30
#: What compares only within one product line, unless a measure says so: hours and counts of something.
_OF_A_LINE = frozenset({"time", "count", ""})


class Superlatives:
    """Ranks products by what is asked about, in one edition; immutable."""

    def __init__(self, graph: Graph, words: Vocabulary, wishes: Wishes, scopes: Scopes) -> None:
        """Ranks what fits ``wishes``, of the products that ``scopes`` finds."""
        self._graph, self._words, self._wishes, self._scopes = graph, words, wishes, scopes
        self._spec_names = any_of(tuple(normalize(name).text for name in wishes.traits.spec_names()))

    def most(
        self,
        asked: Asked,
        product: str | None,
        among: Sequence[str],
        described: bool = False,
        granted: Sequence[Wish] = (),
    ) -> Reply | None:
        """The products ranked; where one is ``described`` an adjective is enough (便宜的那个).

        Args:
            asked: The question.
            product: The product that the conversation is about.
            among: The products shown last.
            described: Whether what is ranked is only described.
            granted: Wishes that are understood already: what policies grant.
        """
        if product and not (asked.products or asked.lines or asked.is_which):
            return None  # 最大能爬几度的坡, of the one spoken of
        if any(re.search(self._words.excluding, asked.text[:start]) for start, _ in asked.most_spans):
            return None  # 不要最贵的
        scope = self._scopes.of(asked, asked.products, product, among)
        measure, highest, spans = self._superlative(asked, scope, described)
        if measure is None or len(asked.products) == 1:  # L3 最多能录几枚指纹: one value
            return None
        if asked.by_most is False and len(asked.products) < 2 and not among and not asked.lines:
            return None
        wished = self._wishes.read(asked, scope, spans)
        limit = _BESIDE if asked.by_most and asked.is_which else _LEFT_OVER
        first, last = asked.segment(*spans[0])
        beside = replace(wished, left=[one for one in wished.left if first <= one.start < last])
        is_wished = any(one.wanted for one in wished.left)  # 要带虹膜的,哪款最便宜
        if granted:
            wished = replace(wished, wishes=[one for one in wished.wishes if not _is_of_terms(one)])
        elif wished.weight > limit or is_wished or beside.is_partial or self._wishes.unmet(asked, beside):
            return None
        fitting = (name for name in scope if at_once([*wished.wishes, *granted], name))
        measured = [(name, self._wishes.bounds.measured(name, measure)) for name in fitting]
        known = [(name, found) for name, found in measured if found and not math.isnan(found[0].high)]
        if not known:
            return None
        lines = {self._graph.line_of(name) for name, _ in known}
        units = {found[0].dimension for _, found in known}
        apart = measure.of_a_line or not measure.unit and (len(units) > 1 or bool(units & _OF_A_LINE))
        if len(lines) > 1 and apart and len(asked.products) < 2:
            return Reply("which_line", tuple(name for name, _ in known))  # 续航最长的: of what?
        known.sort(key=lambda item: item[1][0].high, reverse=highest)
        if place := self._place(asked):  # 第二贵的
            if place[0] > len(known):
                return None
            at = -place[0] if place[1] else place[0] - 1
            name, found = known[at]
            return Reply("fits", (name,), (asked.said(spans),), ((found[1],),))
        if len(known) > 1 and self._has_both_ends(asked, scope):  # 最贵的和最便宜的
            ends = (known[0], known[-1])
            facts = tuple((found[1],) for _, found in ends)
            return Reply("fits", tuple(name for name, _ in ends), (asked.said(spans),), facts)
        if count := re.search(self._words.first_few, asked.text):  # 最便宜的三样
            known = known[: int(next(one.high for one in quantities(count.group() + "个")))]
            facts = tuple((found[1],) for _, found in known)
            return Reply("fits", tuple(name for name, _ in known), (asked.said(spans),), facts)
        facts = tuple((found[1],) for _, found in known)
        first = sum(found[0].high == known[0][1][0].high for _, found in known)
        return Reply("most", tuple(name for name, _ in known), (asked.said(spans),), facts, first=first)

    def _place(self, asked: Asked) -> tuple[int, bool] | None:
        """Which place is asked for, and whether it is counted from the other end (倒数第二贵)."""
        if match := re.search(self._words.ranked, asked.text):
            said, is_back = match["place"], bool(match["back"])
        elif match := re.search(self._words.placed, asked.text):
            said, is_back = match["rank"] or match["nth"], False
        else:
            return None
        return int(quantities(said + "个")[0].high), is_back

    def _has_both_ends(self, asked: Asked, scope: Sequence[str]) -> bool:
        """Whether the highest and the lowest are asked for together."""
        tells = self._wishes.bounds.tells(scope)
        found = [one for span in asked.most_spans if (one := asked.adjective(span[0], tells))]
        ends = {(tuple(measure.specs), highest) for measure, highest, _ in found}
        return len({specs for specs, _ in ends}) == 1 and len(ends) == 2

    def _order(self, asked: Asked, tells: Callable[[Measure], bool]) -> tuple[Measure, bool, Span] | None:
        """What is counted by, and from which end: 从贵往便宜数."""
        match = re.search(self._words.placed, asked.text)
        top = match["top"] if match else None
        general = Measure(specs=[], unit="", more=self._words.more, less=self._words.less)
        for measure in (*filter(tells, self._words.measures), general) if top else ():
            for highest, words in ((True, measure.more), (False, measure.less)):
                if any(word in top for word in words):
                    return measure, highest, match.span()
        return None

    def _behind_most(
        self, asked: Asked, tells: Callable[[Measure], bool]
    ) -> tuple[Measure, bool, Span] | None:
        """What is right behind 最 and of one measure only, whatever else is named: 最便宜的产品功耗多大."""
        for _, start in asked.most_spans:
            for measure in filter(tells, self._words.measures):
                for highest, words in ((True, measure.more), (False, measure.less)):
                    match = any_of(tuple(words)).match(asked.text, start) if words else None
                    if match and self._is_of_one(match.group()):
                        return measure, highest, match.span()
        return None

    def _is_of_one(self, adjective: str) -> bool:
        """Whether an adjective tells of one measure only: 便宜 of the price, whatever else is named."""
        of = [one for one in self._words.measures if adjective in (*one.more, *one.less)]
        return len(of) == 1 and adjective not in (*self._words.more, *self._words.less)

    def _superlative(
        self, asked: Asked, scope: Sequence[str], described: bool
    ) -> tuple[Measure | None, bool, list[Span]]:
        tells = self._wishes.bounds.tells(scope)
        first = asked.most_spans[0][0] if asked.most_spans else 0
        adjective = asked.adjective(first, tells) or asked.adjective(0, tells)
        if not described and asked.by_most is None or adjective is None or re.search(asked.than, asked.text):
            return None, False, []
        measure, highest, span = self._order(asked, tells) or self._behind_most(asked, tells) or adjective
        spans = [span, *asked.most_spans]
        named = asked.spans(any_of(tuple(measure.words)))
        is_clear = named or self._is_of_one(asked.text[slice(*span)])
        if measure.specs and (is_clear or not self._spec_names.search(asked.text)):
            return measure, highest, spans + named
        for one in filter(tells, self._words.measures):
            if named := asked.spans(any_of(tuple(one.words))):
                return one, highest, spans + named
        for match in self._spec_names.finditer(asked.text):
            names = {
                name for name in self._wishes.traits.spec_names() if normalize(name).text == match.group()
            }
            return Measure(specs=sorted(names), unit=""), highest, [*spans, match.span()]
        return None, False, []


def _is_of_terms(wish: Wish) -> bool:
    """Whether a number may as well be that of a policy: nothing of a product is named that it measures."""
    return wish.numeric and wish.measure is not None and not wish.bound
