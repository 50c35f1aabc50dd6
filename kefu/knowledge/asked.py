"""One question, taken apart: what it names, its numbers, what is negated, and what is left over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kefu.knowledge.meanings import Phrase
from kefu.knowledge.purposes import MARKS, NUMBER
from kefu.knowledge.sought import named_in, sought
from kefu.knowledge.traits import Traits
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.language.clock import lasting
from kefu.language.quantities import Quantity, dimensions_of, quantities
from kefu.language.words import words as words_of

Span = tuple[int, int]
#: A Latin word says as much as so many Han characters.
_WORD = 2
#: What narrows a name has no more characters.
_NARROWING = 3
#: What is asked for is taken to be so from this likelihood on, from that on if it is the likeliest, and
#: an expression to be right from the last one on.
_SURE, _LIKELY, _HARDLY = 0.6, 0.45, 0.1
#: Yes or no is asked for without a word that asks from this likelihood on.
_PLAIN = 0.85


@dataclass(frozen=True)
class Chunk:
    """A part of a question that names nothing known.

    Attributes:
        text: The words, without what says nothing at its edges.
        weight: How many characters of it say something.
        start, end: Where it stands.
        wanted: Whether a verb before it wishes for it (带, 支持).
    """

    text: str
    weight: int
    start: int
    end: int
    wanted: bool


class Asked:
    """One question, taken apart; immutable."""

    def __init__(
        self,
        text: str,
        traits: Traits,
        words: Vocabulary,
        judge: Callable[[str], Mapping[str, float]] | None = None,
        product: str | None = None,
    ) -> None:
        """Reads a question.

        Args:
            text: Normal text.
            traits: What can be named.
            words: How customers ask.
            judge: How likely it asks for what (`kefu.knowledge.purposes`); for a whole question only.
            product: The product spoken of.
        """
        self._words = words
        self._lines_of = lambda said: sorted(traits.lines_named(said))
        self._filler = any_of(tuple(words.filler))
        text = lasting(words.plain(text))
        self.is_whether = bool(re.search(words.whether, text))
        self.is_which = bool(re.search(words.which, text))
        self.asks_for_products = bool(re.search(words.which_products, text))
        self.is_conditional = bool(re.search(words.provided, text))
        self.is_elsewhere = bool(re.search(words.elsewhere, text))
        for doubled, plain in words.doubled.items():
            text, count = re.subn(doubled, plain, text)
            self.is_whether = self.is_whether or bool(count)
        self.text = text
        self.differs = bool(re.search(words.difference, text))
        self.is_existential = bool(re.search(words.existential, text))
        self.asks_value = bool(re.search(words.measuring, text))
        self.suggests = bool(re.search(words.suggesting, text))
        self.counts = bool(re.search(words.count, text))
        self.sums = bool(re.search(words.sum, text))
        named = named_in(traits, text, self.is_which)
        self.phrases = [one for one in named if not self._is_middle(one)]
        self._turns = [match.span() for match in re.finditer(words.turn, text) if self._is_outside(match)]
        self.products_phrases = [one for one in self.phrases if one.kind == "product"]
        self.products = _each(
            name
            for p in self.products_phrases
            if not self.excludes(p)
            for name in traits.products_named(p.text)
        )
        line_phrases = [one for one in self.phrases if one.kind == "line" and not self._is_added(one)]
        self.lines = _each(
            line for p in line_phrases if not self.excludes(p) for line in sorted(traits.lines_named(p.text))
        )
        self.excluded_lines = _each(
            line for p in line_phrases if self.excludes(p) for line in sorted(traits.lines_named(p.text))
        )
        self.excluded = _each(
            name for p in self.products_phrases if self.excludes(p) for name in traits.products_named(p.text)
        )
        self.first_line = line_phrases[0].start if line_phrases else -1
        owned = [p for p in line_phrases if re.search(words.own, text[: p.start])]
        self._owned = {line for p in owned for line in traits.lines_named(p.text)}
        self.points = bool(owned) or bool(re.search(words.pronoun, text))
        self.traits = [phrase for phrase in self.phrases if phrase.kind == "trait"]
        self.numbers = quantities(text)
        self.than = words.than.format(product=".{1,8}?")
        self.most_spans = sorted(self.spans(re.compile(f"{words.most}|{words.ranked}|{words.placed}")))
        self.chances = judge(self._marked_about(product)) if judge else {}
        if self.chances:
            self._agree(self.chances)

    def _agree(self, chances: Mapping[str, float]) -> None:
        """What expressions find counts unless it is hardly asked for, and what is surely asked for counts."""

        def judged(found: bool, purpose: str) -> bool:
            is_likely = self.purpose == purpose or chances[purpose] >= _SURE
            return is_likely or found and chances[purpose] >= _HARDLY

        self.is_elsewhere = judged(self.is_elsewhere, "policy")
        self.is_which = judged(self.is_which, "products")
        self.differs = judged(self.differs, "differs")
        if chances["value"] >= _SURE and not self.asks_for_products:
            self.is_which = False  # 用的是哪种电池
        if self.purpose == "products" and re.search(self._words.anything, self.text):
            self.lines = [line for line in self.lines if line not in self._owned]
        if self.purpose == "products" and len(self.lines) > 1:
            said = sought(self.text, self.phrases, self._words)
            self.lines = self._lines_of(said) if said else self.lines
        self.is_whether = self.is_whether or chances["yes"] >= _PLAIN
        self.asks_value = self.asks_value or self.purpose == "value"

    def _is_added(self, phrase: Phrase) -> bool:
        """Whether a kind of product is only said to count, too (锁也算)."""
        return bool(re.match(self._words.counting_too, self.text[phrase.end :]))

    def _is_middle(self, phrase: Phrase) -> bool:
        """Whether a name of one character is only within a longer word (锁 of 连锁店)."""
        return phrase.end - phrase.start == 1 and any(
            start < phrase.start and phrase.end < end for start, end in self._words_said
        )

    def _marked_about(self, product: str | None) -> str:
        """The marked text, with the product spoken of where it is pointed at or nothing is named."""
        if product is None or self.products or self.lines:
            return self.marked
        pointed, count = re.subn(self._words.pronoun, MARKS["product"], self.marked)
        return pointed if count else MARKS["product"] + pointed

    @property
    def purpose(self) -> str:
        """What is most likely asked for; empty where nothing is likely."""
        first = max(self.chances, key=self.chances.__getitem__, default="")
        return first if self.chances.get(first, 0.0) >= _LIKELY else ""

    @cached_property
    def marked(self) -> str:
        """The text with marks for what it names and its numbers."""
        named = [(p.start, p.end, MARKS[p.kind]) for p in self.phrases]
        spans = [(start, end) for start, end, _ in named]
        numbers = [(n.start, n.end) for n in self.numbers if n.end - n.start > 1]
        named += [(*span, NUMBER) for span in numbers if not is_within(*span, spans)]
        text = self.text
        for start, end, mark in sorted(named, reverse=True):
            text = text[:start] + mark + text[end:]
        return text

    @cached_property
    def dimensions(self) -> frozenset[str]:
        """What the number measures that is asked for (多重, 几瓦); none if no number is."""
        units = (match[1] for match in re.finditer(self._words.asked_unit, self.text))
        found = {name for unit in units for name in dimensions_of(unit)}
        for expression, names in self._words.sizes.items():
            found.update(names if re.search(expression, self.text) else ())
        return frozenset(found)

    @property
    def by_most(self) -> bool | None:
        """Whether the highest or lowest of several is asked for: by 最, by a comparison (False), or not."""
        if self.most_spans or re.search(r"\b\w{2,}est\b", self.text):
            return True
        return False if re.search(self._words.more_than_other, self.text) else None

    @property
    def ends_with_wish(self) -> bool:
        """Whether the text is a wish for a kind of product: 带猫眼的门锁, 能看 8 米远的."""
        text = self.text.rstrip(" ?!.,")
        last = self.phrases[-1] if self.phrases else None
        return bool(re.search(self._words.wish_end, text)) or bool(
            last and last.kind == "line" and not text[last.end :].strip()
        )

    def spans(self, expression: re.Pattern[str]) -> list[Span]:
        """Where an expression stands."""
        return [match.span() for match in expression.finditer(self.text)]

    def said(self, spans: Sequence[Phrase | Span]) -> str:
        """The text from the first of ``spans`` to the end of the last."""
        edges = [(s.start, s.end) if isinstance(s, Phrase) else s for s in spans]
        return self.text[min(start for start, _ in edges) : max(end for _, end in edges)]

    def segment(self, start: int, end: int) -> Span:
        """The part of the text between two turns (但是, 而且, a comma) around a place."""
        before = max((last for _, last in self._turns if last <= start), default=0)
        after = min((first for first, _ in self._turns if first >= end), default=len(self.text))
        return before, after

    def parts(self, expression: str) -> list[Span]:
        """The parts of the text, between two turns, in which an expression stands."""
        places = self.spans(re.compile(expression))
        return list(dict.fromkeys(self.segment(*place) for place in places))

    def excludes(self, phrase: Phrase) -> bool:
        """Whether a product or line is named only to be left out (除了路由器)."""
        before, after = self.text[: phrase.start], self.text[phrase.end :]
        return bool(re.search(self._words.excluding, before) or re.search(self._words.excluding_after, after))

    def narrows(self, chunk: Chunk) -> bool:
        """Whether something stands right before a name, so that only a kind of that is meant (长毛地毯)."""
        is_before = any(phrase.start == chunk.end for phrase in self.traits)
        return is_before and 1 < chunk.weight <= _NARROWING

    def lacks(self, start: int, end: int, before: tuple[int, bool] | None = None) -> bool:
        """Whether what stands at a place is not to be there; ``before`` is the end of the wish before it."""
        is_dropped = bool(re.search(self._words.lacking_after, self.text[end:]))
        since = max(self.segment(start, end)[0], before[0] if before else 0)
        if before and re.fullmatch(self._words.joiner, self.text[before[0] : start]):
            return before[1]
        is_negated = len(re.findall(self._words.negation, self.text[since:start])) % 2 == 1
        return is_negated != is_dropped  # 不带盖的就别报了: with one

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
        names = [*((p.start, p.end) for p in self.traits), *self._measure_spans]
        return any(s <= start and end <= e and e - s > end - start for s, e in names)

    def is_inside(self, start: int, end: int) -> bool:
        """Whether a place is inside of a name, or one character of a longer word (卡 of 购物卡)."""
        word = end - start == 1 and not self.text[start].isascii() and (start, end) not in self._words_said
        return word or self.is_inside_name(start, end)

    def _is_of_other(self, start: int, end: int) -> bool:
        """Whether an adjective is a part of a name, or begins a longer word (小 of 小孩, not of 小点)."""
        begins = any(
            start == first and end == start + 1 < last and all(self._says[end:last])
            for first, last in self._words_said
        )
        is_measure = is_within(start, end, self._measure_spans)
        return self.is_inside_name(start, end) or begins and not is_measure

    @cached_property
    def qualifies(self) -> bool:
        """Whether it is asked if there is much of something that the graph tells (吸力很大吗)."""
        vague = re.search(self._words.vague, self.text)
        if vague is None or self.segment(*vague.span())[1] < len(self.text):
            return False  # 门槛有点高,扫地机过得去不: told first, of the home
        named = [*((p.start, p.end) for p in self.traits), *self._measure_spans]
        return any(end == vague.start() for _, end in named)

    @cached_property
    def _words_said(self) -> list[Span]:
        found, at = [], 0
        for word in words_of(self.text):
            at = self.text.index(word, at)
            found.append((at, at + len(word)))
            at += len(word)
        return found

    @cached_property
    def _says(self) -> list[bool]:
        """Of each character, whether it says something: it is no filler, and no sign."""
        says = [bool(re.match(r"[^\W_]", character)) for character in self.text]
        spans = self.spans(self._filler)
        for start, end in spans:
            says[start:end] = [False] * (end - start)
        single = {start for start, end in spans if end - start == 1}
        for start, end in self._words_said:
            if end - start == 2 and sum(says[start:end]) == 1 and single & {start, start + 1}:
                says[start:end] = [True, True]  # a filler may be a part of a word (外 of 外置)
        return says

    @cached_property
    def _measure_spans(self) -> list[Span]:
        words = [word for measure in self._words.measures for word in measure.words]
        return self.spans(any_of(tuple(words)))

    def adjective(self, start: int, tells: Callable[[Measure], bool]) -> tuple[Measure, bool, Span] | None:
        """The first adjective from ``start``: what it measures, whether up, where it stands.

        Args:
            start: From where on.
            tells: Whether a measure can be meant: some product has it.
        """
        general = Measure(specs=[], unit="", more=self._words.more, less=self._words.less)
        found = []
        for measure in (*filter(tells, self._words.measures), general):
            for highest, words in ((True, measure.more), (False, measure.less)):
                matches = any_of(tuple(words)).finditer(self.text, start) if words else ()
                if match := next((one for one in matches if not self._is_of_other(*one.span())), None):
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

    def chunks(self, used: Sequence[Span]) -> list[Chunk]:
        """What names nothing known, beside ``used`` and all names."""
        marked = list(self.text)
        asking = [match.span() for match in re.finditer(self._words.which_only, self.text)]
        named = ((p.start, p.end) for p in self.phrases)
        for start, end in [*used, *named, *asking, *self._turns]:
            marked[start:end] = "\0" * (end - start)
        return [
            chunk
            for match in re.finditer(r"[^\0]+", "".join(marked))
            if (chunk := self._chunk(match.start(), match.end()))
        ]

    def plain(self, start: int, end: int) -> str:
        """What is said at a place, without products, lines and the words that only ask for them."""
        marked = list(self.text)
        asking = [match.span() for match in re.finditer(self._words.which_only, self.text)]
        named = ((p.start, p.end) for p in self.phrases if p.kind != "trait")
        for first, last in [*asking, *named]:
            marked[first:last] = " " * (last - first)
        return " ".join("".join(marked[start:end]).split())

    def telling(self, start: int, end: int) -> str:
        """What is said at a place, without the words that say nothing."""
        asking = [match.span() for match in re.finditer(self._words.which_only, self.text)]
        policies = self.spans(re.compile(self._words.elsewhere))
        told = [*policies, *((p.start, p.end) for p in (*self.traits, *self.numbers))]
        kept = {i for first, last in told for i in range(first, last)}
        dropped = {i for first, last in asking for i in range(first, last)}
        says = (i in kept or self._says[i] and i not in dropped for i in range(start, end))
        text = "".join(c if told else " " for c, told in zip(self.text[start:end], says, strict=True))
        return " ".join(text.split())

    def content(self) -> str:
        """What is said beside products, lines and words that say nothing."""
        marked = list(self.text)
        for one in self.phrases:
            if one.kind != "trait":
                marked[one.start : one.end] = " " * (one.end - one.start)
        text = re.sub(self._words.measuring, " ", "".join(marked))
        return " ".join(self._filler.sub(" ", text).split())

    def _chunk(self, start: int, end: int) -> Chunk | None:
        """What of a piece says something: filler is taken from both ends, then counted out of the middle."""
        first, piece = start, self.text[start:end]
        says = [i for i in range(start, end) if self._says[i]]
        start, end = (says[0], says[-1] + 1) if says else (start, start)
        piece = self.text[start:end]
        told = "".join(self.text[i] if self._says[i] else " " for i in range(start, end))
        weight = sum(
            len(one) if not one.isascii() else _WORD for one in re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", told)
        )
        wanted = weight > 1 and bool(re.search(self._words.having_verb, self.text[first:start]))
        return Chunk(piece, weight, start, end, wanted) if weight else None

    def _is_outside(self, match: re.Match[str]) -> bool:
        return not any(p.start < match.end() and match.start() < p.end for p in self.phrases)


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def is_within(start: int, end: int, spans: Sequence[Span]) -> bool:
    """Whether a place overlaps one of ``spans``."""
    return any(start < last and first < end for first, last in spans)
