"""What a question wishes for: what products have to have or not, and to measure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from kefu.knowledge.asked import Asked, Chunk, Span, is_within
from kefu.knowledge.bounds import Bounds
from kefu.knowledge.traits import Traits, Verdict
from kefu.knowledge.vocabulary import Vocabulary
from kefu.knowledge.wish import Wish, Wished, at_once, either
from kefu.language.quantities import quantities

#: A part of a question that says less is not looked up in other words.
_LEAST_SAID = 3
#: From so many characters on that nothing explains, a question tells a story.
_STORY = 3
#: What stands amid so many of them tells of circumstances, if something else is wished for firmly.
_AMID = 2
#: Amid so many of them it does, whatever else is wished for.
_DEEP = 5


class Wishes:
    """Reads wishes out of questions; immutable."""

    def __init__(self, traits: Traits, words: Vocabulary) -> None:
        """Prepares the reading for one edition's traits."""
        self.traits, self._words = traits, words
        self.bounds = Bounds(traits, words)

    def read(self, asked: Asked, scope: Sequence[str], skip: Sequence[Span] = ()) -> Wished:
        """What a question asks for.

        Args:
            asked: The question.
            scope: The products that may be meant.
            skip: What of it is understood otherwise.
        """
        spared = asked.spans(re.compile(self._words.spared))
        skip = [*skip, *((start, asked.segment(start, end)[1]) for start, end in spared)]
        numeric, used = self.bounds.read(asked, scope, skip)
        compared, others = self.bounds.compared(asked, used)
        wishes = [*numeric, *compared, *self._colours(asked, used, skip)]
        places = [(p.start, p.end, p.text, True) for p in asked.traits if not self._is_colour(p.text)]
        left = []
        for chunk in asked.chunks([*used, *skip]):
            is_long = chunk.weight >= _LEAST_SAID
            # What only other products' facts speak of is a wish where a verb says so (带猫眼), else noise.
            among = () if chunk.wanted else scope
            is_told = chunk.weight > 1 and self.traits.is_told(chunk.text, among)
            known = self.traits.is_like(chunk.text, scope) if is_long else is_told
            if known and (chunk.wanted or self._is_apart(asked, chunk, used, scope)):
                places.append((chunk.start, chunk.end, chunk.text, False))
            else:
                left.append(chunk)
        before: tuple[int, bool] | None = None
        for start, end, said, is_name in sorted(places):
            if is_within(start, end, [*used, *skip]):
                continue
            used.append((start, end))
            lacking = asked.lacks(start, end, before)
            holds = self._having(said, is_name, scope)
            if is_name and re.search(self._words.only, asked.text[:start]):
                told = (one.measured_in("frequency") for one in quantities(asked.text[start:end]))
                number = next(filter(None, told), None)
                holds = partial(self.traits.only, phrase=said, number=number) if number else holds
            is_weak = not re.search(self._words.having_verb, asked.text[:start])
            is_weak = is_weak and not re.match(self._words.attributed, asked.text[end:])
            first, last = asked.segment(start, end)
            beside = sum(one.weight for one in left if first <= one.start < last)
            is_written = bool(re.search(self._words.written, asked.text[first:last]))
            wish = Wish(said, holds, lacking, weak=is_weak, beside=beside, named=is_name, written=is_written)
            between = asked.text[before[0] : start] if before else ""
            if before and re.search(self._words.either, between):
                used.append((before[0], start))
                wishes[-1] = either(wishes[-1], wish)
            else:
                wishes.append(wish)
            before = end, lacking
        return Wished(wishes, used, others, [one for one in left if not is_within(one.start, one.end, used)])

    def described(self, asked: Asked, wished: Wished, scope: Sequence[str]) -> Wished:
        """The same, with functions told in other words (关上门自己就锁) for what is left over."""
        wishes, used, left = list(wished.wishes), list(wished.used), []
        for chunk in wished.left:
            first, last = asked.segment(chunk.start, chunk.end)
            if is_within(chunk.start, chunk.end, used):
                continue
            said = asked.plain(first, last)
            # Beside a name, what is left says more of that (集尘袋有没有抗菌涂层).
            is_apart = not any(first <= phrase.start < last for phrase in asked.traits)
            name = self.traits.meant(said, scope) if is_apart and len(said) > _LEAST_SAID else None
            if name is None:
                left.append(chunk)
                continue
            used.append((first, last))
            lacking = asked.lacks(chunk.start, chunk.end)
            wishes.append(Wish(name, partial(self.traits.performs, function=name), lacking, weak=True))
        return Wished(wishes, used, wished.others, left)

    def _is_apart(self, asked: Asked, chunk: Chunk, used: list[Span], scope: Sequence[str]) -> bool:
        """Whether what is no name is a wish of its own, or of what is named beside it.

        外置 beside 天线 stands in what is said of that; 单台 beside 两千块 only tells of circumstances.
        """
        first, last = asked.segment(chunk.start, chunk.end)
        beside = [phrase for phrase in asked.traits if first <= phrase.start < last]
        if beside:
            return any(self.traits.are_told(phrase.text, chunk.text, scope) for phrase in beside)
        return not any(first <= start < last for start, _ in used)

    def unmet(self, asked: Asked, wished: Wished) -> list[Wish]:
        """Wishes that a verb asks for (带, 支持) and that nothing told of any product explains."""
        left = [one for one in wished.left if self._is_wanted(asked, one) and one.weight > 1]
        return [Wish(one.text, lambda product: Verdict(None)) for one in left]

    def _is_wanted(self, asked: Asked, chunk: Chunk) -> bool:
        if chunk.wanted:
            return True
        # What can be done beside something named (天黑也能看清) is said of that.
        first, _ = asked.segment(chunk.start, chunk.end)
        before = [phrase for phrase in asked.traits if first <= phrase.start < chunk.start]
        is_of_name = bool(before) and not asked.telling(before[-1].end, chunk.start)
        return not is_of_name and bool(re.search(self._words.wanting, asked.text[: chunk.start]))

    def apiece(self, asked: Asked, wishes: Sequence[Wish]) -> list[Wish]:
        """The wishes, with numbers of one measure as alternatives where there is a product for each."""
        if not re.search(self._words.apiece, asked.text):
            return list(wishes)
        kept: list[Wish] = []
        for wish in wishes:
            same = (i for i, one in enumerate(kept) if one.measure and one.measure is wish.measure)
            if (at := next(same, None)) is None:
                kept.append(wish)
            else:
                kept[at] = either(kept[at], wish)
        return kept

    @staticmethod
    def relaxed(wishes: Sequence[Wish], scope: Sequence[str], unexplained: int) -> list[Wish]:
        """The wishes; where nothing fits all, without the fewest of the weak ones so that something does.

        Where more is told than is understood, it is a story, and what it names (有一块闲置的移动硬盘) need
        not be asked of the product.
        """
        if unexplained < _STORY:
            return list(wishes)
        plain = [wish for wish in wishes if not (wish.weak and wish.beside >= _DEEP)]
        if plain and any(at_once(plain, name) for name in scope):
            return plain
        if any(not wish.weak for wish in wishes):
            wishes = [wish for wish in wishes if not (wish.weak and wish.beside >= _AMID)]
        # A name of its own, with nothing unexplained around it, is no circumstance: nothing may fit it all.
        told = [w.weak and not (w.named and not w.beside) for w in wishes]
        met = (
            [w for w, weak in zip(wishes, told, strict=True) if not weak or w.without or w.fits(name)]
            for name in scope
        )
        fitting = [kept for kept, name in zip(met, scope, strict=True) if kept and at_once(kept, name)]
        return max(fitting, key=len, default=list(wishes))

    def _having(self, said: str, is_name: bool, scope: Sequence[str]) -> Callable[[str], Verdict]:
        if is_name:
            return lambda product: self.traits.has(product, said, scope)
        return lambda product: self.traits.told(product, said, scope)

    def _is_colour(self, name: str) -> bool:
        """Whether a name is only a colour (白色), not a shade of its own (云白)."""
        found = re.match(self._words.colour, name)
        return bool(found) and found.end() == len(name) - 1

    def _colours(self, asked: Asked, used: list[Span], skip: Sequence[Span]) -> list[Wish]:
        wishes = []
        shades = [(p.start, p.end) for p in asked.traits if not self._is_colour(p.text)]
        after: tuple[int, bool] | None = None
        for start, end in reversed(asked.spans(re.compile(self._words.colour))):
            if not is_within(start, end, [*shades, *used, *skip]):
                said, lacking = asked.text[start:end], asked.lacks(start, end)
                is_listed = after and re.fullmatch(r"色?的?[、和跟与]?", asked.text[end : after[0]])
                lacking = after[1] if after and is_listed else lacking  # 黑的灰的不要
                after = start, lacking
                # What is not to be white may be had in white, too.
                holds = partial(self.traits.coloured, said=said, only=lacking)
                wishes.append(Wish(said, holds, lacking))
                used.append((start, end))
        return wishes[::-1]
