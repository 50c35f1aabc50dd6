"""Questions that the graph answers by itself: which products fit, what they have, which is the most.

A question is taken only if it is understood whole, what it names, its bounds and its wish: when words are
left over that nothing explains, it is left to the search. Numbers are never computed into answers: the
specification that says them is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.traits import Phrase, Traits, Verdict
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.language.normalize import normalize
from kefu.language.quantities import Quantity, quantities

#: So many characters may stay unexplained where products are chosen; none where a thing is claimed.
_LEFT_OVER = 3
_SAME = 1e-6
#: A bare number that can be a price.
_LEAST_PRICE = 50
#: What only compares within one product line: a lock's battery lasts months, a speaker's hours.
_OF_A_LINE = frozenset({"time", ""})
#: Where less is better when no bound is said (1 公斤的, 1000 块的).
_AT_MOST = frozenset({"money", "mass", "loudness"})


@dataclass(frozen=True)
class Wish:
    """Something that products are chosen by.

    Attributes:
        said: In the customer's words, or the name of what is meant.
        holds: Tells for a product whether it has it.
        without: Whether it is not to be there.
        numeric: Whether it bounds a number.
    """

    said: str
    holds: Callable[[str], Verdict]
    without: bool = False
    numeric: bool = False

    def fits(self, product: str) -> bool:
        """Whether a product may be chosen; what no fact says is taken as not there."""
        return (self.holds(product).holds is True) != self.without


@dataclass(frozen=True)
class Reply:
    """What the graph answers.

    Attributes:
        kind: ``fits`` (these products; none if nothing fits), ``has`` (for each product whether it does),
            ``most`` (the first, then the others), ``values`` (one for each product), ``difference``,
            ``which_line`` (the line is to be asked back) or ``unknown`` (no fact knows of what is asked for).
        products: Names.
        wishes: What was asked for.
        evidence: What each product's facts say, in the order of ``products``.
        holds: For ``has``, whether each product has all of it; nothing where no fact says.
        numeric: Whether all that was asked for are bounds of numbers.
    """

    kind: str
    products: tuple[str, ...]
    wishes: tuple[str, ...] = ()
    evidence: tuple[tuple[Fact, ...], ...] = ()
    holds: tuple[bool | None, ...] = ()
    numeric: bool = False


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
        self._filler = any_of(tuple(vocabulary.filler))
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
        asked = _Asked(self._plain(text), self.traits, self._words)
        if asked.differs and (reply := self._difference(asked, product)):
            return reply
        found = self._most(asked, product, among) or self._chosen(asked, product, among)
        return found or self._values(asked, product)

    def difference(self, products: Sequence[str]) -> Reply:
        """In what products differ."""
        return Reply("difference", tuple(products), (), self._differing(products, ()))

    def retold(self, text: str, product: str) -> str:
        """The same question about another product (那 L3 呢)."""
        text = self._plain(text)
        named = [phrase for phrase in self.traits.phrases(text) if phrase.kind == "product"]
        for phrase in reversed(named):
            text = f"{text[: phrase.start]} {product} {text[phrase.end :]}"
        return text

    def _plain(self, text: str) -> str:
        return normalize(text).text

    def _difference(self, asked: _Asked, product: str | None) -> Reply | None:
        products = asked.products
        if len(products) == 1 and product and product not in products:
            products = [product, *products]
        if len(products) < 2:
            products = self._of_lines(asked.lines)
        if len(products) < 2:
            return None
        aspects = list(
            dict.fromkeys(name for one in asked.traits for name in self._aspects(one.text, products))
        )
        return Reply("difference", tuple(products), tuple(aspects), self._differing(products, aspects))

    def _aspects(self, phrase: str, products: Sequence[str]) -> list[str]:
        """The specifications that a phrase names, else the functions."""
        specs = {spec for name in products for spec in self.traits.specs(name)}
        names = self.traits.names(phrase)
        return [name for name in names if name in specs] or names

    def _differing(self, products: Sequence[str], aspects: Sequence[str]) -> tuple[tuple[Fact, ...], ...]:
        """The facts of each product in what differs, out of ``aspects`` or of everything."""
        specs = [self.traits.specs(name) for name in products]
        functions = [
            {fact.name: fact for fact in self._graph.targets(f"product:{name}", "has_function")}
            for name in products
        ]
        differing = []
        for name in dict.fromkeys(name for one in specs for name in one):
            if len({one[name].body if name in one else "" for one in specs}) > 1:
                differing.append(name)
        for name in dict.fromkeys(name for one in functions for name in one):
            if not all(name in one for one in functions):
                differing.append(name)
        chosen = [name for name in differing if not aspects or name in aspects]
        return tuple(
            tuple(facts[name] for name in chosen if (facts := one | more) and name in facts)
            for one, more in zip(functions, specs, strict=True)
        )

    def _most(self, asked: _Asked, product: str | None, among: Sequence[str]) -> Reply | None:
        """最便宜的锁, R1 和 R3 Pro 哪个轻."""
        measure, highest, spans = self._superlative(asked)
        if measure is None or len(asked.products) == 1:  # L3 最多能录几枚指纹: one value
            return None
        scope = self._scope(asked.products, asked.lines, product, among)
        if asked.by_most is False and len(asked.products) < 2 and not among and not asked.lines:
            return None
        wishes, used = self._wishes(asked, skip=spans)
        if len(self._left(asked, [*used, *spans])) > _LEFT_OVER + 2:
            return None
        measured = [(name, self.traits.value(name, measure)) for name in scope if _all(wishes, name)]
        known = [(name, found) for name, found in measured if found]
        if not known:
            return None
        lines = {self._graph.line_of(name) for name, _ in known}
        if len(lines) > 1 and measure.unit in _OF_A_LINE and len(asked.products) < 2:
            return Reply("which_line", tuple(name for name, _ in known))  # 续航最长的: of what?
        known.sort(key=lambda item: item[1][0].high, reverse=highest)
        names = tuple(name for name, _ in known)
        return Reply("most", names, (asked.said(spans),), tuple((found[1],) for _, found in known))

    def _chosen(self, asked: _Asked, product: str | None, among: Sequence[str]) -> Reply | None:
        """Which products fit, or whether one does."""
        wishes, used = self._wishes(asked)
        others = self._bounded(asked, [])[1]
        products = [name for name in asked.products if name not in others]
        named = products or ([product] if product and asked.is_whether and not asked.lines else [])
        left = self._left(asked, used)
        if asked.is_whether and named and (len(products) == 1 or not asked.is_which):
            if left:
                return self._unheard_of(asked, named, left) if not wishes else None
            return self._whether(named, wishes) if wishes else None
        if not wishes or len(left) > _LEFT_OVER or len(products) == 1:
            return None
        is_choice = asked.is_which or asked.is_whether or any(wish.numeric for wish in wishes)
        if not is_choice and not asked.ends_with_line:
            return None
        scope = self._scope(products, asked.lines, None if asked.is_which else product, among)
        fitting = tuple(name for name in scope if _all(wishes, name))
        evidence = tuple(self._evidence(wishes, name) for name in fitting)
        return Reply("fits", fitting, tuple(wish.said for wish in wishes), evidence)

    def _whether(self, products: Sequence[str], wishes: Sequence[Wish]) -> Reply:
        holds = tuple(_together([wish.holds(name).holds for wish in wishes]) for name in products)
        evidence = tuple(self._evidence(wishes, name) for name in products)
        return Reply("has", tuple(products), tuple(wish.said for wish in wishes), evidence, holds,
                     all(wish.numeric for wish in wishes))  # fmt: skip

    def _unheard_of(self, asked: _Asked, products: Sequence[str], left: str) -> Reply | None:
        """It is asked for something that stands nowhere: no search would find more than what sounds alike."""
        if not 2 <= len(left) <= 8 or left in self._told:
            return None
        at = asked.text.find(left)
        wanted = at > 0 and re.search(self._words.having_verb, asked.text[:at])
        return Reply("unknown", tuple(products), (left,)) if wanted else None

    def _values(self, asked: _Asked, product: str | None) -> Reply | None:
        """What products measure: R1 和 R3 Pro 分别多重, 它的适用面积."""
        products = asked.products or ([product] if product and not asked.lines else [])
        if not products or asked.is_whether or asked.is_which:
            return None
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
        elif len(named) == 1:
            values = [self.traits.value(name, named[0][0]) for name in products]
            found, used = [value and value[1] for value in values], named[0][1]
        else:
            return None
        # Without a word that asks, what is left says that something is wrong with it (指纹不灵).
        limit = _LEFT_OVER + 1 if re.search(self._words.measuring, asked.text) else 0
        if not all(found) or len(self._left(asked, used)) > limit:
            return None
        return Reply("values", tuple(products), (), tuple((fact,) for fact in found if fact))

    def _scope(
        self, products: Sequence[str], lines: Sequence[str], product: str | None, among: Sequence[str]
    ) -> list[str]:
        """The products to choose from: those named, of the lines named, shown last, or like the last."""
        if len(products) > 1:
            return list(products)
        if lines:
            return self._of_lines(lines)
        if among:
            return [name for name in self.traits.products if name in among]
        line = self._graph.line_of(product) if product else None
        return self._of_lines([line]) if line else self.traits.products

    def _of_lines(self, lines: Sequence[str]) -> list[str]:
        return [product.name for line in lines for product in self._graph.products_of(line)]

    def _wishes(self, asked: _Asked, skip: Sequence[tuple[int, int]] = ()) -> tuple[list[Wish], list]:
        """What the question asks for, and where that stands."""
        used: list[tuple[int, int]] = []
        wishes, _ = self._bounded(asked, used)
        taken = [*used, *skip]
        before: Phrase | None = None
        for phrase in asked.traits:
            if _within(phrase.start, phrase.end, taken):
                continue
            used.append((phrase.start, phrase.end))
            wish = Wish(phrase.text, lambda name, said=phrase.text: self.traits.has(name, said),
                        asked.lacks(phrase))  # fmt: skip
            between = asked.text[before.end : phrase.start] if before else ""
            if before and re.search(self._words.either, between):
                used.append((before.end, phrase.start))
                wishes[-1] = _either(wishes[-1], wish)
            else:
                wishes.append(wish)
            before = phrase
        return wishes, used

    def _bounded(self, asked: _Asked, used: list[tuple[int, int]]) -> tuple[list[Wish], list[str]]:
        """The wishes that bound a number, and the products that others are only compared with."""
        wishes: list[Wish] = []
        others: list[str] = []
        for one in asked.numbers:
            if _within(one.start, one.end, [(p.start, p.end) for p in asked.phrases if p.kind != "line"]):
                continue
            kind, start, end = asked.bound(one)
            measure = self._measure_of(asked, one)
            if measure is None:
                continue
            one = replace(one, dimension=measure.unit)
            said = asked.text[start:end].strip()
            used += [(start, end), *asked.spans(any_of(tuple(measure.words)))]
            adjectives = asked.spans(any_of(tuple((*self._words.more, *self._words.less))))
            used += [span for span in adjectives if not asked.is_inside_name(*span)]
            wishes.append(Wish(said, self._comparison(measure, kind, one), numeric=True))
        for phrase in asked.products_phrases:
            than = re.search(self._words.than.format(product=re.escape(asked.said([phrase]))), asked.text)
            adjective = asked.adjective(than.end() if than else 0)
            if than is None or adjective is None:
                continue
            measure, highest, span = adjective
            other = self.traits.value(self.traits.products_named(phrase.text)[0], measure)
            if other is None:
                continue
            used += [than.span(), span]
            kind = "above" if highest else "below"
            wishes.append(
                Wish(
                    asked.text[than.start() : span[1]],
                    self._comparison(measure, kind, other[0]),
                    numeric=True,
                )
            )
            others += self.traits.products_named(phrase.text)
        return wishes, others

    def _measure_of(self, asked: _Asked, one: Quantity) -> Measure | None:
        """What a number is about: what is named beside it, else what is measured in its unit."""
        fitting = [m for m in self._words.measures if one.dimension in ("", m.unit)]
        named = [m for m in fitting if asked.spans(any_of((*m.words, *m.more, *m.less)))]
        if named:
            return named[0]
        if one.dimension and len(fitting) == 1:
            return fitting[0]
        for phrase in asked.traits:  # a specification that is no measure of its own: 门卡 50 张以上
            return Measure(specs=self.traits.names(phrase.text), unit=one.dimension)
        return self._words.measures[0] if not one.dimension and one.low >= _LEAST_PRICE else None

    def _comparison(self, measure: Measure, kind: str, one: Quantity) -> Callable[[str], Verdict]:
        def holds(product: str) -> Verdict:
            found = self.traits.value(product, measure)
            return Verdict(_compare(found[0], kind, one), found[1]) if found else Verdict(None)

        return holds

    def _superlative(self, asked: _Asked) -> tuple[Measure | None, bool, list[tuple[int, int]]]:
        adjective = asked.adjective(0)
        if asked.by_most is None or adjective is None or re.search(asked.than, asked.text):
            return None, False, []
        measure, highest, span = adjective
        spans = [span, *asked.most_spans]
        if measure.specs:
            return measure, highest, spans + asked.spans(any_of(tuple(measure.words)))
        for one in self._words.measures:
            if named := asked.spans(any_of(tuple(one.words))):
                return one, highest, spans + named
        for match in self._spec_names.finditer(asked.text):
            names = {name for name in self.traits.spec_names() if normalize(name).text == match.group()}
            return Measure(specs=sorted(names), unit=""), highest, [*spans, match.span()]
        return None, False, []

    def _evidence(self, wishes: Sequence[Wish], product: str) -> tuple[Fact, ...]:
        facts = [wish.holds(product).evidence for wish in wishes]
        return tuple(dict.fromkeys(fact.ref for fact in facts if fact)) and tuple(
            {fact.ref: fact for fact in facts if fact}.values()
        )

    def _left(self, asked: _Asked, used: Sequence[tuple[int, int]]) -> str:
        """What of the question nothing explains."""
        characters = list(asked.text)
        for start, end in [*used, *((p.start, p.end) for p in asked.phrases if p.kind != "trait")]:
            characters[start:end] = " " * (end - start)
        text = "".join(characters)
        for expression in (self._words.which, self._words.whether):
            text = re.sub(expression, " ", text) if expression != self._words.which else text
        return re.sub(r"[\W_]+", "", self._filler.sub(" ", text))


class _Asked:
    """One question, taken apart."""

    def __init__(self, text: str, traits: Traits, words: Vocabulary) -> None:
        self._words = words
        self.is_whether = bool(re.search(words.whether, text))
        self.is_which = bool(re.search(words.which, text))
        for doubled, plain in words.doubled.items():
            text, count = re.subn(doubled, plain, text)
            self.is_whether = self.is_whether or bool(count)
        self.text = text
        self.differs = bool(re.search(words.difference, text))
        self.phrases = _named(traits, text, self.is_which)
        self.products_phrases = [phrase for phrase in self.phrases if phrase.kind == "product"]
        self.products = list(
            dict.fromkeys(name for p in self.products_phrases for name in traits.products_named(p.text))
        )
        lines = [
            line for p in self.phrases if p.kind == "line" for line in sorted(traits.lines_named(p.text))
        ]
        self.lines = list(dict.fromkeys(lines))
        self.traits = [phrase for phrase in self.phrases if phrase.kind == "trait"]
        self.numbers = quantities(text)
        self.than = words.than.format(product=".{1,8}?")
        self.most_spans = self.spans(re.compile(words.most))

    @property
    def by_most(self) -> bool | None:
        """Whether the highest or lowest of several is asked for: by 最, by a comparison (False), or not."""
        if self.most_spans or re.search(r"\b\w+est\b", self.text):
            return True
        return False if re.search(self._words.more_than_other, self.text) else None

    @property
    def ends_with_line(self) -> bool:
        """Whether the text is a wish for a kind of product: 带猫眼的门锁."""
        return (
            bool(self.phrases)
            and self.phrases[-1].kind == "line"
            and not self.text[self.phrases[-1].end :].strip(" ?!.,")
        )

    def spans(self, expression: re.Pattern[str]) -> list[tuple[int, int]]:
        """Where an expression stands."""
        return [match.span() for match in expression.finditer(self.text)]

    def said(self, spans: Sequence) -> str:
        """The text from the first of ``spans`` to the end of the last."""
        edges = [(s.start, s.end) if isinstance(s, Phrase) else s for s in spans]
        return self.text[min(start for start, _ in edges) : max(end for _, end in edges)]

    def lacks(self, phrase: Phrase) -> bool:
        """Whether what a phrase names is not to be there."""
        before = re.search(self._words.lacking, self.text[: phrase.start])
        return bool(before or re.search(self._words.lacking_after, self.text[phrase.end :]))

    def bound(self, one: Quantity) -> tuple[str, int, int]:
        """How a number bounds, and from where to where that is said."""
        before, after = self.text[: one.start], self.text[one.end :]
        for kind, bound in self._words.bounds.items():
            if match := re.search(bound.before, before):
                return kind, match.start(), one.end
            if match := re.search(bound.after, after):
                return kind, one.start, one.end + match.end()
        return "", one.start, one.end

    def is_inside_name(self, start: int, end: int) -> bool:
        """Whether a place is inside of a name (远 of 远程开锁)."""
        return any(p.start <= start and end <= p.end and p.end - p.start > end - start for p in self.traits)

    def adjective(self, start: int) -> tuple[Measure, bool, tuple[int, int]] | None:
        """The first adjective from ``start``: what it measures, whether up, where it stands."""
        general = Measure(specs=[], unit="", more=self._words.more, less=self._words.less)
        found = []
        for measure in (*self._words.measures, general):
            for highest, words in ((True, measure.more), (False, measure.less)):
                matches = any_of(tuple(words)).finditer(self.text, start) if words else ()
                if match := next((one for one in matches if not self.is_inside_name(*one.span())), None):
                    found.append(
                        (not measure.specs, match.start(), -match.end(), measure, highest, match.span())
                    )
        if not found:
            return None
        named = {id(m) for m in self._words.measures if self.spans(any_of(tuple(m.words)))}
        # An adjective of many measures (长) belongs to the one that is named.
        found.sort(key=lambda item: (id(item[3]) not in named and bool(named) and not item[0], *item[:3]))
        *_, measure, highest, span = found[0]
        return measure, highest, span


def _named(traits: Traits, text: str, is_which: bool) -> list[Phrase]:
    """What a question names; where products are asked for, a nickname (带猫眼的锁) is what it says."""
    phrases = []
    for phrase in traits.phrases(text):
        inner = traits.phrases(text[phrase.start : phrase.end], ("line", "trait"))
        if is_which and phrase.kind == "product" and {one.kind for one in inner} == {"line", "trait"}:
            phrases += [
                replace(one, start=one.start + phrase.start, end=one.end + phrase.start) for one in inner
            ]
        else:
            phrases.append(phrase)
    named = any(phrase.kind == "product" for phrase in phrases)
    # S1 有摄像头吗: beside a product, what can be a part of it is one.
    return [
        replace(phrase, kind="trait")
        if named and phrase.kind == "line" and traits.is_trait(phrase.text)
        else phrase
        for phrase in phrases
    ]


def _compare(found: Quantity, kind: str, one: Quantity) -> bool:
    slack = _SAME * max(abs(one.high), 1.0)
    if kind == "below":
        return found.high < one.low - slack
    if kind == "above":
        return found.high > one.high + slack
    if kind == "at_least":
        return found.high >= one.low - slack
    if kind == "at_most":
        return found.high <= one.high + slack
    if one.low < one.high:  # between two numbers
        return one.low - slack <= found.high <= one.high + slack
    if kind == "about":
        return 0.8 * one.low <= found.high <= 1.2 * one.high
    if found.low < found.high:
        return found.low - slack <= one.low <= found.high + slack
    if one.dimension in _AT_MOST:
        return found.high <= one.high + slack
    return found.high >= one.low - slack


def _either(one: Wish, other: Wish) -> Wish:
    def holds(product: str) -> Verdict:
        verdicts = [one.holds(product), other.holds(product)]
        return next((verdict for verdict in verdicts if verdict.holds), verdicts[0])

    return Wish(f"{one.said}/{other.said}", holds, one.without)


def _all(wishes: Sequence[Wish], product: str) -> bool:
    return all(wish.fits(product) for wish in wishes)


def _together(holds: Sequence[bool | None]) -> bool | None:
    if False in holds:
        return False
    return None if None in holds else True


def _within(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < last and first < end for first, last in spans)
