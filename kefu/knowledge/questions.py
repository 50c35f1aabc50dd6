"""Questions that the graph answers by itself: which products fit, what they have, which is the most.

A question is taken only if it is understood whole, what it names, its bounds and its wish: when words are
left over that nothing explains, it is left to the search. Numbers are never computed into answers: the
specification that says them is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kefu.knowledge.asked import Asked, Span
from kefu.knowledge.differences import Differences
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.replies import Reply
from kefu.knowledge.traits import Traits
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.knowledge.wishes import Wished, Wishes, at_once, compare, evidence, is_within
from kefu.language.normalize import normalize
from kefu.language.quantities import Quantity

__all__ = ["Questions", "Reply"]

#: So many characters may stay unexplained where products are chosen, and where a thing is claimed.
_LEFT_OVER, _LEFT_OF_CLAIM = 4, 2
#: What compares only within one product line, unless a measure says so: hours and counts of something.
_OF_A_LINE = frozenset({"time", "count", ""})
#: So much of a question's words has to stand in the specification that is taken as the one meant.
_MEANT = 0.75


class Questions:
    """Answers the questions of one edition; immutable."""

    def __init__(self, graph: Graph, vocabulary: Vocabulary) -> None:
        """Prepares what is looked for in questions.

        Args:
            graph: The edition.
            vocabulary: How customers ask.
        """
        self._graph, self._words = graph, vocabulary
        self.traits = Traits(graph, vocabulary)
        self._wishes = Wishes(self.traits, vocabulary)
        self._differences = Differences(graph, self.traits, vocabulary)
        self._spec_names = any_of(tuple(normalize(name).text for name in self.traits.spec_names()))
        texts = (fact.body + " ".join(fact.names) for fact in graph.facts.values())
        self._told = normalize("\n".join(texts)).text.replace(" ", "")

    def ask(self, text: str, product: str | None = None, among: Sequence[str] = ()) -> Reply | None:
        """Answers a question, or gives nothing where it is none of these or not understood whole.

        Args:
            text: As typed.
            product: The product that the conversation is about.
            among: The products shown last, which 最便宜的 means.
        """
        asked = Asked(normalize(text).text, self.traits, self._words)
        if asked.is_elsewhere:
            return None
        described = self._described(asked)
        if described:  # 带猫眼的那款锁多少钱: the price of that one
            product, rest = described
            asked = Asked(rest, self.traits, self._words)
        if asked.differs and (reply := self._differences.asked(asked, product)):
            return reply
        return (
            self._most(asked, product, among)
            or self._related(asked)
            or self._undecided(asked, product)
            or self._whether(asked, product)
            or self._chosen(asked, product, among)
            or self._values(asked, product)
        )

    def difference(self, products: Sequence[str]) -> Reply:
        """In what products differ."""
        return self._differences.between(products)

    def retold(self, text: str, product: str) -> str:
        """The same question about another product (那 L3 呢)."""
        text = normalize(text).text
        named = [phrase for phrase in self.traits.phrases(text) if phrase.kind == "product"]
        for phrase in reversed(named):
            text = f"{text[: phrase.start]} {product} {text[phrase.end :]}"
        return text

    def _most(self, asked: Asked, product: str | None, among: Sequence[str]) -> Reply | None:
        """最便宜的锁, R1 和 R3 Pro 哪个轻."""
        if product and not (asked.products or asked.lines or asked.is_which):
            return None  # 最大能爬几度的坡, of the one spoken of
        scope = self._scope(asked, asked.products, product, among)
        measure, highest, spans = self._superlative(asked, scope)
        if measure is None or len(asked.products) == 1:  # L3 最多能录几枚指纹: one value
            return None
        if asked.by_most is False and len(asked.products) < 2 and not among and not asked.lines:
            return None
        wished = self._wishes.read(asked, scope, spans)
        if wished.weight > _LEFT_OVER + 1 or wished.is_partial:
            return None
        fitting = (name for name in scope if at_once(wished.wishes, name))
        measured = [(name, self._wishes.measured(name, measure)) for name in fitting]
        known = [(name, found) for name, found in measured if found]
        if not known:
            return None
        lines = {self._graph.line_of(name) for name, _ in known}
        units = {found[0].dimension for _, found in known}
        apart = measure.of_a_line or not measure.unit and (len(units) > 1 or bool(units & _OF_A_LINE))
        if len(lines) > 1 and apart and len(asked.products) < 2:
            return Reply("which_line", tuple(name for name, _ in known))  # 续航最长的: of what?
        known.sort(key=lambda item: item[1][0].high, reverse=highest)
        facts = tuple((found[1],) for _, found in known)
        return Reply("most", tuple(name for name, _ in known), (asked.said(spans),), facts)

    def _superlative(self, asked: Asked, scope: Sequence[str]) -> tuple[Measure | None, bool, list[Span]]:
        tells = self._wishes.tells(scope)
        adjective = asked.adjective(0, tells)
        if asked.by_most is None or adjective is None or re.search(asked.than, asked.text):
            return None, False, []
        measure, highest, span = adjective
        spans = [span, *asked.most_spans]
        named = asked.spans(any_of(tuple(measure.words)))
        if measure.specs and (named or not self._spec_names.search(asked.text)):
            return measure, highest, spans + named
        for one in filter(tells, self._words.measures):
            if named := asked.spans(any_of(tuple(one.words))):
                return one, highest, spans + named
        for match in self._spec_names.finditer(asked.text):
            names = {name for name in self.traits.spec_names() if normalize(name).text == match.group()}
            return Measure(specs=sorted(names), unit=""), highest, [*spans, match.span()]
        return None, False, []

    def _related(self, asked: Asked) -> Reply | None:
        """Whether two products go together: R1 和 R3 Pro 能混合组网吗."""
        if not asked.is_whether or asked.is_which or len(asked.products) != 2 or asked.numbers:
            return None
        wished = self._wishes.read(asked, asked.products)
        about = "".join([*(p.text for p in asked.traits), *(chunk.text for chunk in wished.left)])
        found = [self.traits.speaking_of(*pair, about) for pair in (asked.products, asked.products[::-1])]
        if not any(found):
            return None
        facts = tuple((one.evidence,) if one else () for one in found)
        holds = next(one.holds for one in found if one)
        return Reply("has", tuple(asked.products), (about,), facts, (holds, holds), together=True)

    def _described(self, asked: Asked) -> tuple[str, str] | None:
        """The only product that has what is said before it is pointed at, and what is asked of it."""
        pointed = re.search(self._words.pronoun, asked.text)
        if asked.products or asked.is_which or not pointed or not asked.text[pointed.end() :].strip():
            return None
        scope = self._of_lines(asked.lines) or self.traits.products
        wished = self._wishes.read(Asked(asked.text[: pointed.start()], self.traits, self._words), scope)
        fitting = [name for name in scope if at_once(wished.wishes, name)]
        return (fitting[0], asked.text[pointed.end() :]) if wished.wishes and len(fitting) == 1 else None

    def _undecided(self, asked: Asked, product: str | None) -> Reply | None:
        """Asks back which product is meant where one is pointed at that nobody named (它支持 5G 吗)."""
        if product or asked.products or not asked.points or asked.is_which:
            return None
        scope = self._of_lines(asked.lines) or self.traits.products
        is_about = asked.traits or asked.numbers or self._differences.aspects(asked, scope)
        return Reply("which_product", tuple(scope)) if is_about and len(scope) > 1 else None

    def _whether(self, asked: Asked, product: str | None) -> Reply | None:
        """Whether the products meant have what is asked for."""
        if not asked.is_whether:
            return None
        wished = self._wishes.read(asked, asked.products or self.traits.products)
        products = [name for name in asked.products if name not in wished.others]
        if asked.is_which and len(products) != 1:
            return None
        subjects = self._subjects(asked, wished, products, product)
        if not subjects:
            return None
        if asked.sums and len(subjects) > 1 and (reply := self._sum(subjects, wished)):
            return reply
        numeric = any(wish.numeric for wish in wished.wishes)
        last = max((end for _, end in wished.used), default=0)
        claims = any(re.search(self._words.modal, asked.text[last : one.start]) for one in wished.left)
        if wished.wishes and (
            claims and not numeric or wished.is_partial
        ):  # S1 的电池可以拆吗: it is not about the battery
            return None
        limit = _LEFT_OVER if numeric else _LEFT_OF_CLAIM
        if wished.left and (wished.weight > limit or not wished.wishes):
            left = "".join(chunk.text for chunk in wished.left)
            return self._unheard_of(asked, subjects, left) if not wished.wishes else None
        if not wished.wishes:
            return None
        holds = tuple(_together([wish.verdict(name) for wish in wished.wishes]) for name in subjects)
        facts = tuple(evidence(wished.wishes, name) for name in subjects)
        said = tuple(wish.said for wish in wished.wishes)
        return Reply("has", tuple(subjects), said, facts, holds, all(wish.numeric for wish in wished.wishes))

    def _subjects(self, asked: Asked, wished: Wished, products: list[str], product: str | None) -> list[str]:
        """Of which products it is asked: those named, the one spoken of, or the only one there is."""
        if products:
            return products
        if asked.lines:
            of_lines = self._of_lines(asked.lines)
            first = min((start for start, _ in wished.used), default=-1)
            if len(of_lines) == 1 and asked.first_line < first and not asked.is_which:
                return of_lines  # 扫地机能过 2 厘米的门槛吗
            numeric = [wish for wish in wished.wishes if wish.numeric]
            others = [wish for wish in wished.wishes if not wish.numeric]
            fitting = [name for name in of_lines if at_once(others, name)]
            is_one = numeric and others and len(fitting) == 1 and not asked.is_existential
            return fitting if is_one and not asked.is_which else []  # 一千五能买带人脸的锁吗
        return [product] if product and not asked.is_which else []

    def _sum(self, products: Sequence[str], wished: Wished) -> Reply | None:
        """Whether products together keep within a price (C2 加 S1, 500 块够吗)."""
        wish = next((one for one in wished.wishes if one.number and one.number.dimension == "money"), None)
        if wish is None or wish.measure is None or wish.number is None:
            return None
        found = [self._wishes.measured(name, wish.measure) for name in products]
        if not all(found):
            return None
        total = sum(one[0].high for one in found if one)
        holds = compare(Quantity("money", total, total, 0, 0), wish.bound, wish.number)
        facts = tuple((one[1],) for one in found if one)
        each = (holds,) * len(products)
        return Reply("has", tuple(products), (wish.said,), facts, each, numeric=True, together=True)

    def _unheard_of(self, asked: Asked, products: Sequence[str], left: str) -> Reply | None:
        """It is asked for something that stands nowhere: no search would find more than what sounds alike."""
        if not 2 <= len(left) <= 8 or left in self._told:
            return None
        at = asked.text.find(left)
        wanted = at > 0 and re.search(self._words.having_verb, asked.text[:at])
        return Reply("unknown", tuple(products), (left,)) if wanted else None

    def _chosen(self, asked: Asked, product: str | None, among: Sequence[str]) -> Reply | None:
        """Which products fit."""
        scope = self._scope(asked, asked.products, None if asked.is_which else product, among)
        wished = self._wishes.read(asked, scope)
        products = [name for name in asked.products if name not in wished.others]
        if wished.others:
            scope = [name for name in self._scope(asked, products, None, among) if name not in wished.others]
        is_bare = not (wished.wishes or asked.excluded or asked.excluded_lines or asked.counts)
        if len(products) == 1 or wished.weight > _LEFT_OVER or is_bare:
            return None
        if wished.is_partial:
            return None
        if not wished.wishes and (wished.left or not (asked.is_which or asked.counts)):
            return None
        numeric = any(wish.numeric for wish in wished.wishes)
        is_wish = asked.ends_with_wish and not asked.asks_value
        asks = asked.is_whether and not asked.asks_value
        is_choice = asked.is_which or asks or asked.counts or is_wish
        if product and not (asked.lines or asked.products or asked.is_which or is_wish):
            return None  # it is about the one spoken of
        if not is_choice and not (numeric and not asked.asks_value):
            return None
        fitting = tuple(name for name in scope if at_once(wished.wishes, name))
        facts = tuple(evidence(wished.wishes, name) for name in fitting)
        said = tuple(wish.said for wish in wished.wishes) or tuple(asked.lines)
        return Reply("fits", fitting, said, facts)

    def _values(self, asked: Asked, product: str | None) -> Reply | None:
        """What products measure: R1 和 R3 Pro 分别多重, 它的适用面积."""
        of_lines = self._of_lines(asked.lines)
        is_meant = product and (not asked.lines or product in of_lines)
        products = asked.products or ([product] if is_meant else [])
        if asked.is_whether or asked.is_which:
            return None
        is_named = bool(products)
        products = products or of_lines
        if not products:
            return self._which(asked) if asked.asks_value else None
        found = self._named_values(asked, products) or self._meant_values(asked, products)
        if not found:
            return None
        if not is_named and len({fact.body for fact in found}) > 1:
            return Reply("which_product", tuple(products), (), tuple((fact,) for fact in found))
        kept = found if is_named else found[:1]
        return Reply("values", tuple(products[: len(kept)]), (), tuple((fact,) for fact in kept))

    def _which(self, asked: Asked) -> Reply | None:
        """Asks back whose value is meant where nobody named a product and their values differ."""
        scope = self.traits.products
        aspects = self._differences.aspects(asked, scope)
        names = [name for name in aspects if name in self.traits.spec_names()]
        if any(not set(names) & set(self.traits.names(phrase.text)) for phrase in asked.traits):
            return None  # 安装要多少钱: the price of something else
        having = [name for name in scope if any(one in self.traits.specs(name) for one in names)]
        if len(having) < 2 or not self._differences.differing_specs(having, names):
            return None
        spans = [(p.start, p.end) for p in asked.traits]
        spans += [span for name in names for span in asked.spans(any_of((normalize(name).text,)))]
        left = self._wishes.read(asked, scope, spans).weight
        return Reply("which_product", tuple(having)) if left <= _LEFT_OVER else None

    def _named_values(self, asked: Asked, products: Sequence[str]) -> list[Fact]:
        """The specifications of products that a question names, if nothing else is said."""
        named = [(m, spans) for m in self._words.measures if (spans := asked.spans(any_of(tuple(m.words))))]
        # The name of a specification of these products goes before words for a measure.
        exact = {
            name: spans
            for name in dict.fromkeys(spec for one in products for spec in self.traits.specs(one))
            if (spans := asked.spans(any_of((normalize(name).text,))))
        }
        if exact:
            longest = max(exact, key=len)
            found = [self.traits.specs(name).get(longest) for name in products]
            used = exact[longest]
        elif named:
            measure, used = max(named, key=lambda one: max(end - start for start, end in one[1]))
            if any(not is_within(p.start, p.end, used) for p in asked.traits):
                return []  # 主刷一套多少钱: the price of something else
            values = [self._wishes.measured(name, measure, asked.text) for name in products]
            found = [value and value[1] for value in values]
        else:
            return []
        # Without a word that asks, what is left says that something is wrong with it (指纹不灵).
        limit = _LEFT_OVER if asked.asks_value else 0
        left = sum(chunk.weight for chunk in asked.chunks(used))
        facts = [fact for fact in found if fact]
        return facts if len(facts) == len(products) and left <= limit else []

    def _meant_values(self, asked: Asked, products: Sequence[str]) -> list[Fact]:
        """The specifications that say most of what is asked, where one says nearly all of it."""
        if not asked.asks_value:
            return []
        said = asked.content()
        found = [self.traits.best_spec(name, said) for name in products]
        facts = [one[1] for one in found if one and one[0] >= _MEANT]
        return facts if len(facts) == len(products) else []

    def _scope(
        self, asked: Asked, products: Sequence[str], product: str | None, among: Sequence[str]
    ) -> list[str]:
        """The products to choose from: those named, of the lines named, shown last, or like the last."""
        left_out = {*asked.excluded, *self._of_lines(asked.excluded_lines)}
        if len(products) > 1:
            scope = list(products)
        elif asked.lines:
            scope = self._of_lines(asked.lines)
        elif among:
            scope = [name for name in self.traits.products if name in among]
        else:
            line = self._graph.line_of(product) if product else None
            scope = self._of_lines([line]) if line and not asked.excluded_lines else self.traits.products
        return [name for name in scope if name not in left_out]

    def _of_lines(self, lines: Sequence[str]) -> list[str]:
        return [product.name for line in lines for product in self._graph.products_of(line)]


def _together(holds: Sequence[bool | None]) -> bool | None:
    if False in holds:
        return False
    return None if None in holds else True
