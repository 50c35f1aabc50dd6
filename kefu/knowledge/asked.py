"""One question, taken apart: what it names, its numbers, what is negated, and what is left over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kefu.knowledge.traits import Phrase, Traits
from kefu.knowledge.vocabulary import Measure, Vocabulary, any_of
from kefu.language.quantities import Quantity, quantities

Span = tuple[int, int]


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

    def __init__(self, text: str, traits: Traits, words: Vocabulary) -> None:
        """Reads a question.

        Args:
            text: Normal text.
            traits: What can be named.
            words: How customers ask.
        """
        self._words = words
        self._filler = any_of(tuple(words.filler))
        self.is_whether = bool(re.search(words.whether, text))
        self.is_which = bool(re.search(words.which, text))
        self.is_elsewhere = bool(re.search(words.elsewhere, text))
        for doubled, plain in words.doubled.items():
            text, count = re.subn(doubled, plain, text)
            self.is_whether = self.is_whether or bool(count)
        self.text = text
        self.differs = bool(re.search(words.difference, text))
        self.is_existential = bool(re.search(words.existential, text))
        self.points = bool(re.search(words.pronoun, text))
        self.asks_value = bool(re.search(words.measuring, text))
        self.counts = bool(re.search(words.count, text))
        self.sums = bool(re.search(words.sum, text))
        self.phrases = _named(traits, text, self.is_which)
        self._turns = [match.span() for match in re.finditer(words.turn, text) if self._is_outside(match)]
        self.products_phrases = [one for one in self.phrases if one.kind == "product"]
        self.products = _each(
            name
            for p in self.products_phrases
            if not self.excludes(p)
            for name in traits.products_named(p.text)
        )
        line_phrases = [one for one in self.phrases if one.kind == "line"]
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
        self.traits = [phrase for phrase in self.phrases if phrase.kind == "trait"]
        self.numbers = quantities(text)
        self.than = words.than.format(product=".{1,8}?")
        self.most_spans = self.spans(re.compile(words.most))

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

    def excludes(self, phrase: Phrase) -> bool:
        """Whether a product or line is named only to be left out (除了路由器)."""
        before, after = self.text[: phrase.start], self.text[phrase.end :]
        return bool(re.search(self._words.excluding, before) or re.search(self._words.excluding_after, after))

    def lacks(self, start: int, end: int, before: tuple[int, bool] | None = None) -> bool:
        """Whether what stands at a place is not to be there; ``before`` is the end of the wish before it."""
        if re.search(self._words.lacking_after, self.text[end:]):
            return True
        since = max(self.segment(start, end)[0], before[0] if before else 0)
        if before and re.fullmatch(self._words.joiner, self.text[before[0] : start]):
            return before[1]
        return len(re.findall(self._words.negation, self.text[since:start])) % 2 == 1

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
        trimmed = any_of(tuple(self._words.filler)).pattern
        if match := re.match(rf"(?:{trimmed}|[\W_])+", piece):
            start, piece = start + match.end(), piece[match.end() :]
        # One at a time: fillers that are made of fillers would be tried in every division.
        while match := re.search(rf"(?:{trimmed}|[\W_])$", piece):
            end, piece = end - (len(piece) - match.start()), piece[: match.start()]
        weight = len(re.sub(r"[\W_]+", "", self._filler.sub(" ", piece)))
        wanted = weight > 1 and bool(re.search(self._words.having_verb, self.text[first:start]))
        return Chunk(piece, weight, start, end, wanted) if weight else None

    def _is_outside(self, match: re.Match[str]) -> bool:
        return not any(p.start < match.end() and match.start() < p.end for p in self.phrases)


def _named(traits: Traits, text: str, is_which: bool) -> list[Phrase]:
    """What a question names; where products are asked for, a nickname (带猫眼的锁) is what it says."""
    phrases = []
    for phrase in traits.phrases(text):
        inner = traits.phrases(text[phrase.start : phrase.end], ("line", "trait"))
        is_wish = is_which or not text[phrase.end :].strip(" ?!.,")
        if is_wish and phrase.kind == "product" and {one.kind for one in inner} == {"line", "trait"}:
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


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
