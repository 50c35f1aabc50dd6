"""Whether products have what is claimed or asked of them, by themselves or together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kefu.knowledge.asked import Asked, Chunk
from kefu.knowledge.bounds import compare
from kefu.knowledge.replies import Reply
from kefu.knowledge.scopes import Scopes
from kefu.knowledge.vocabulary import Vocabulary
from kefu.knowledge.wish import Wished, at_once, evidence
from kefu.knowledge.wishes import Wishes
from kefu.language.quantities import Quantity, quantities

#: So many characters may stay unexplained where a thing is claimed of one product, of several, and a number.
_LEFT_OF_CLAIM, _LEFT_OF_SEVERAL, _LEFT_OF_NUMBER = 3, 8, 16
#: A verb of its own has so many.
_DONE = 2
#: So many may where something else is told beside.
_LEFT_OF_STORY = 16


class Claims:
    """Answers yes or no, in one edition; immutable."""

    def __init__(self, words: Vocabulary, wishes: Wishes, scopes: Scopes) -> None:
        """Judges by ``wishes``; what is asked for and stands nowhere is known to be unknown."""
        self._words, self._wishes, self._scopes, self.traits = words, wishes, scopes, wishes.traits
        texts = (fact.body + " ".join(fact.names) for fact in wishes.traits.graph.facts.values())
        self.told = self.traits.key("\n".join(texts))

    def whether(self, asked: Asked, product: str | None) -> Reply | None:
        """Whether the products meant have what is asked for."""
        if not asked.is_whether:
            return None
        spoken_of = [product] if product and not asked.lines else self.traits.products
        told = self._wishes.read(asked, asked.products or spoken_of)
        wished = self._apart(asked, told)
        products = [name for name in asked.products if name not in wished.others]
        is_meant = product and asked.points  # 它有没有夜视
        if asked.is_which and len(products) != 1 and not is_meant:
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
        if any(self._is_other(asked, chunk, subjects, numeric) for chunk in wished.left):
            return None
        limit = _LEFT_OF_NUMBER if numeric else _LEFT_OF_CLAIM if len(subjects) == 1 else _LEFT_OF_SEVERAL
        if wished.left and (wished.weight > limit or not wished.wishes):
            left = "".join(chunk.text for chunk in wished.left)
            return self._unheard_of(asked, subjects, left) if not wished.wishes else None
        if not wished.wishes:
            return None
        if len({wish.without for wish in wished.wishes if not wish.numeric}) > 1:
            return None
        # 没有钥匙孔吗: what is said is whether there is one.
        wished = replace(wished, wishes=[replace(wish, without=False) for wish in wished.wishes])
        holds = tuple(_together([wish.verdict(name) for wish in wished.wishes]) for name in subjects)
        if len(subjects) == 1 and holds[0] is False:  # 5G Wi-Fi: only what is not there is denied
            wished = replace(wished, wishes=[w for w in wished.wishes if w.verdict(subjects[0]) is False])
        is_beside = told.weight > wished.weight or len(told.wishes) > len(wished.wishes)
        if is_beside and any(holds):
            return None  # what is told beside may be a condition, or asked, too: only a no is sure
        facts = tuple(evidence(wished.wishes, name) for name in subjects)
        lines = {self.traits.graph.line_of(name) for name in subjects}
        if any(holds) and not all(facts) and len(lines) > 1:
            return None  # V5 和 L3 能联动吗: what the one says of it need not be of the other
        said = tuple(wish.said for wish in wished.wishes)
        each: tuple[bool | None, ...] = ()
        if set(holds) == {True, False} and re.search(self._words.all_of, asked.text):
            each, holds = holds, (False,) * len(holds)  # L1 和 L3 都能刷脸吗: no, L1 cannot
        left = bool(wished.left) and not numeric
        numeric = all(wish.numeric for wish in wished.wishes)
        return Reply("has", tuple(subjects), said, facts, holds, numeric, each=each, left=left)

    def _apart(self, asked: Asked, wished: Wished) -> Wished:
        """What the one part of a question wishes for that asks of one product, where others tell a story."""
        if len(asked.products) != 1 or wished.weight > _LEFT_OF_STORY:
            return wished
        numbers = (one for wish in wished.wishes if wish.numeric for one in quantities(wish.said))
        if any(one.dimension for one in numbers):
            return wished  # numbers are conditions
        having = re.compile(self._words.having_verb)
        firm = [span for span in wished.used if having.search(asked.text[: span[0]])]
        parts = {asked.segment(*span) for span in firm or wished.used}
        if len(parts) != 1:
            return wished
        first, last = next(iter(parts))
        if any(first <= phrase.start < last for phrase in asked.phrases if phrase.kind == "line"):
            return wished
        return self._wishes.read(asked, asked.products, [(0, first), (last, len(asked.text))])

    def _is_other(self, asked: Asked, chunk: Chunk, products: Sequence[str], numeric: bool) -> bool:
        """Whether something else is asked about than what is named.

        人脸支付 is more than 人脸, 长毛地毯 only a kind of 地毯, and to share 云存储 is not to have it.
        Beside ``numeric`` wishes it is these that are asked about.
        """
        follows = any(phrase.end == chunk.start for phrase in asked.traits)
        is_longer = follows and len(chunk.text) <= _LEFT_OF_CLAIM
        before, after = asked.text[: chunk.start], asked.text[chunk.end :]
        things = (p.text for p in asked.traits if re.match(rf"一?\w?{re.escape(p.text)}", after))
        is_done = chunk.weight == _DONE and any(things) and re.search(rf"(?:{self._words.modal})$", before)
        is_other = is_longer or not numeric and (is_done or asked.narrows(chunk))
        return bool(is_other) and not self.traits.is_told(chunk.text, products)

    def related(self, asked: Asked) -> Reply | None:
        """Whether two products go together: R1 和 R3 Pro 能混合组网吗."""
        if not asked.is_whether or asked.is_which or len(asked.products) != 2 or asked.numbers:
            return None
        wished = self._wishes.read(asked, asked.products)
        named = (name for phrase in asked.traits for name in self.traits.names(phrase.text))
        about = "".join([*(p.text for p in asked.traits), *named, *(chunk.text for chunk in wished.left)])
        found = [self.traits.speaking_of(*pair, about) for pair in (asked.products, asked.products[::-1])]
        if not any(found):
            return None
        facts = tuple((one.evidence,) if one else () for one in found)
        holds = next(one.holds for one in found if one)
        return Reply("has", tuple(asked.products), (about,), facts, (holds, holds), together=True)

    def _subjects(self, asked: Asked, wished: Wished, products: list[str], product: str | None) -> list[str]:
        """Of which products it is asked: those named, the one spoken of, or the only one there is."""
        if products:
            return products
        if asked.lines:
            of_lines = self._scopes.of_lines(asked.lines)
            first = min((start for start, _ in wished.used), default=-1)
            if len(of_lines) == 1 and asked.first_line < first and not asked.is_which:
                return of_lines  # 扫地机能过 2 厘米的门槛吗
            numeric = [wish for wish in wished.wishes if wish.numeric]
            others = [wish for wish in wished.wishes if not wish.numeric]
            fitting = [name for name in of_lines if at_once(others, name)]
            is_one = numeric and others and len(fitting) == 1 and not asked.is_existential
            return fitting if is_one and not asked.is_which else []  # 一千五能买带人脸的锁吗
        return [product] if product and (asked.points or not asked.is_which) else []

    def _sum(self, products: Sequence[str], wished: Wished) -> Reply | None:
        """Whether products together keep within a price (C2 加 S1, 500 块够吗)."""
        wish = next((one for one in wished.wishes if one.number and one.number.dimension == "money"), None)
        if wish is None or wish.measure is None or wish.number is None:
            return None
        found = [self._wishes.bounds.measured(name, wish.measure) for name in products]
        if not all(found):
            return None
        total = sum(one[0].high for one in found if one)
        holds = compare(Quantity("money", total, total, 0, 0), wish.bound, wish.number)
        facts = tuple((one[1],) for one in found if one)
        each = (holds,) * len(products)
        return Reply("has", tuple(products), (wish.said,), facts, each, numeric=True, together=True)

    def _unheard_of(self, asked: Asked, products: Sequence[str], left: str) -> Reply | None:
        """It is asked for something that stands nowhere: no search would find more than what sounds alike."""
        if not 2 <= len(left) <= 8 or self.traits.key(left) in self.told:
            return None
        at = asked.text.find(left)
        wanted = at > 0 and re.search(self._words.having_verb, asked.text[:at])
        return Reply("unknown", tuple(products), (left,)) if wanted else None


def _together(holds: Sequence[bool | None]) -> bool | None:
    if False in holds:
        return False
    return None if None in holds else True
