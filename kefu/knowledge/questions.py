"""Questions that the graph answers by itself: which products fit, what they have, which is the most.

A question is taken only if it is understood whole, what it names, its bounds and its wish: when words are
left over that nothing explains, it is left to the search. Numbers are never computed into answers: the
specification that says them is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kefu.knowledge.asked import Asked
from kefu.knowledge.categories import rules
from kefu.knowledge.claims import Claims
from kefu.knowledge.differences import Differences
from kefu.knowledge.gaps import Gaps
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.purposes import chances
from kefu.knowledge.replies import Reply
from kefu.knowledge.scopes import Scopes
from kefu.knowledge.statements import Statements
from kefu.knowledge.superlatives import Superlatives
from kefu.knowledge.terms import Terms
from kefu.knowledge.traits import Traits
from kefu.knowledge.values import Values
from kefu.knowledge.variations import Variations
from kefu.knowledge.vocabulary import Vocabulary, any_of
from kefu.knowledge.wish import Wish, at_once, evidence
from kefu.knowledge.wishes import Wishes
from kefu.language.normalize import normalize

__all__ = ["Questions", "Reply"]

#: So many characters may stay unexplained, so many where a product is spoken of that may be meant, and so
#: many where products are asked for: there the rest tells of circumstances (西晒的门).
_LEFT_OVER, _LEFT_OF_SPOKEN, _BESIDE = 8, 4, 30
#: So much may stand in a part beside the words for a policy and its numbers (保修三年的里面).
_BESIDE_TERMS = 4
#: From this likelihood on a case of the customer's own is open, and below the other it hardly is.
_OPEN, _HARDLY_OPEN = 0.45, 0.03
#: From this likelihood on it is sure what is asked for.
_SURELY = 0.6
#: Below this chance of being anything else a message asks for products, values, yes or no, or terms.
_OTHER = 0.2
#: From this likelihood on yes or no may be asked for.
_ASKED = 0.3
#: From so many things on that are listed for two products, it is asked which of them differ.
_LISTED = 3
#: A longer text is a story; none of that length is understood whole.
_LONGEST = 160
#: A model: letters and digits in one (X40, AX86U).
_MODEL = re.compile(r"(?<![a-z0-9.])(?:[a-z]{1,4}-?\d+[a-z0-9]*|\d+(?:pro|max|plus))(?![a-z0-9])")


class Questions:
    """Answers the questions of one edition; immutable."""

    def __init__(
        self,
        graph: Graph,
        vocabulary: Vocabulary,
        likeness: Callable[[str], Mapping[str, float]] = lambda said: {},
    ) -> None:
        """Prepares what is looked for in questions.

        Args:
            graph: The edition.
            vocabulary: How customers ask.
            likeness: How well functions fit what was said in other words, by their refs, 0 to about 1.
        """
        self._words, self._scopes = vocabulary, Scopes(graph)
        self.traits = Traits(graph, vocabulary, likeness)
        self._wishes = Wishes(self.traits, vocabulary)
        self._terms = Terms(graph, self.traits, vocabulary.denies)
        self._variations = Variations(graph, self.traits)
        self._differences = Differences(graph, self.traits, vocabulary)
        self._superlatives = Superlatives(graph, vocabulary, self._wishes, self._scopes)
        self._claims = Claims(vocabulary, self._wishes, self._scopes)
        self._gaps = Gaps(vocabulary, self._wishes)
        self._values = Values(
            vocabulary, self._wishes, self._scopes, self._differences,
            lambda description: self._superlatives.most(description, None, (), described=True),
        )  # fmt: skip
        self._statements = Statements(vocabulary)
        brands = (normalize(brand).text for brand in rules().other_brands)
        self._brands = any_of(tuple(brand for brand in brands if not brand.isdigit()))

    def ask(self, text: str, product: str | None = None, among: Sequence[str] = ()) -> Reply | None:
        """Answers a question, or gives nothing where it is none of these or not understood whole.

        Args:
            text: As typed.
            product: The product that the conversation is about.
            among: The products shown last, which 最便宜的 means.
        """
        if len(text) > _LONGEST:
            return None
        asked = self._read(text, product)
        if product in self._wishes.bounds.compared(asked, [])[1]:
            product = None  # only compared with: 比 C2 贵又比 L1 便宜的
        if self._is_foreign(asked):
            return None
        if asked.is_conditional and not asked.is_which and not any(one.dimension for one in asked.numbers):
            return None  # 不联网能用吗: what it has says nothing of how it does without
        if self._is_open(asked, product):
            is_of_product = not (among or asked.is_elsewhere)
            return is_of_product and self._which_product(asked, product) or Reply("which_case", ())
        if (reply := self._granted(asked, product)) or asked.is_elsewhere:
            return reply
        if reply := self._gaps.asked(asked):
            return reply
        described = None if asked.purpose == "products" else self._values.described(asked)
        if described:  # 带猫眼的那款锁多少钱: the price of that one
            product, rest = described
            if reply := self._values.of(rest, product):
                return replace(reply, about=rest)
            whole = asked.chances
            asked = Asked(rest, self.traits, self._words, lambda marked: whole, product)
        if self._compares(asked) and (reply := self._differences.asked(asked, product)):
            return reply
        return (
            (None if among else self._undecided(asked, product))
            or self._superlatives.most(asked, product, among)
            or self._claims.related(asked)
            or self._values.partly(asked)
            or self._values.vaguely(asked, product)
            or self._claims.whether(asked, product)
            or self._values.of_only(asked, product)
            or self._chosen(asked, product, among)
            or self._values.asked(asked, product)
        )

    def _read(self, text: str, product: str | None) -> Asked:
        return Asked(normalize(text).text, self.traits, self._words, chances, product)

    def _is_foreign(self, asked: Asked) -> bool:
        """Whether it is about another maker's device, or a model that stands nowhere (华为 AX6)."""
        for brand in self._brands.finditer(asked.text):
            if not re.match(self._words.worked_with, asked.text[brand.end() :]):
                return True
        known = [(one.start, one.end) for one in (*asked.phrases, *asked.numbers)]
        for model in _MODEL.finditer(asked.text):
            is_known = any(start <= model.start() and model.end() <= end for start, end in known)
            if not is_known and self.traits.key(model.group()) not in self._claims.told:
                return True
        return False

    def is_of_policies(self, text: str, surely: bool = False) -> bool:
        """Whether a question is, or ``surely`` is, about what no product's fact decides: warranty, fees."""
        asked = self._read(text, None)
        if surely:
            return asked.chances["policy"] >= _SURELY
        is_open = asked.chances["ask"] >= _OPEN and re.search(self._words.elsewhere, asked.text)
        return asked.is_elsewhere or bool(is_open)  # 我之前买的那个还在保修期里吗

    def is_asked(self, text: str) -> bool:
        """Whether a message asks for what knowledge tells, rather than reports a fault or asks for steps."""
        return len(text) <= _LONGEST and self._read(text, None).chances["other"] < _OTHER

    def asking(self, text: str) -> str:
        """The parts of a question that ask, where products are surely asked for; else all of it.

        What is told beside it (机房用的, 抽奖用的) says what they are for, and no product has to tell it.
        """
        if len(text) > _LONGEST:
            return normalize(text).text
        asked = self._read(text, None)
        if asked.chances["products"] < _SURELY:
            return asked.text
        return " ".join(asked.text[start:end] for start, end in asked.parts(self._words.which)) or asked.text

    def stated(self, text: str, fact: Fact, product: str | None) -> Reply | None:
        """What a fact that answers a question says to it: yes or no, if it is asked and the fact says so.

        Args:
            text: As typed.
            fact: What answers it.
            product: The product that the conversation is about.
        """
        asked = self._read(text, product)
        products = asked.products or ([product] if product else [])
        is_asked = asked.purpose == "yes" or asked.is_whether and asked.chances["yes"] >= _ASKED
        if not products or not is_asked:
            return None
        holds = self._statements.holds(fact, asked.text)
        each = (holds,) * len(products)
        evidence = ((fact,),) * len(products)
        return None if holds is None else Reply("has", tuple(products), (), evidence, each, together=True)

    def varying(self, text: str, policy: Fact, asks_number: bool, of_anything: bool = False) -> Reply | None:
        """Asks back which product is meant where a policy tells other figures for each, and none is named.

        Args:
            text: As typed.
            policy: What would be answered.
            asks_number: Whether a number is asked for (修一次多少钱), not if one is within (两年了还保吗).
            of_anything: Whether a number is asked for without saying of what (要多少).
        """
        asked = self._read(text, None)
        told = [] if asks_number else [one for one in asked.numbers if one.dimension]
        is_named = asked.products or asked.lines or asked.excluded_lines
        if is_named or not (asks_number or told and asked.is_whether):
            return None
        dimensions = frozenset() if of_anything else asked.dimensions
        products = self._variations.products(policy, asked.text, dimensions, told)
        return Reply("which_product", products) if products else None

    def difference(self, products: Sequence[str]) -> Reply:
        """In what products differ."""
        return self._differences.between(products)

    def retold(self, text: str, name: str, kinds: Sequence[str] = ("product",)) -> str:
        """The same question about another product (那 L3 呢), or what else is named (滤网呢).

        Args:
            text: The question before.
            name: What it is asked about now.
            kinds: Kinds of phrases that the name stands for; where there are none, and others than products
                are meant, too, it is put before the question.
        """
        text = normalize(text).text
        named = [phrase for phrase in self.traits.phrases(text) if phrase.kind in kinds]
        if not named and tuple(kinds) != ("product",):
            return f"{name} {text}"
        for phrase in reversed(named):
            text = f"{text[: phrase.start]} {name} {text[phrase.end :]}"
        return text

    def _compares(self, asked: Asked) -> bool:
        """Whether it is asked in what products differ: by a word, or as three things are listed for two."""
        compared = asked.products or self._scopes.of_lines(asked.lines)
        lists = len(asked.traits) >= _LISTED and len(compared) == 2 and not asked.numbers
        is_of_two = len(asked.products) == 2 or bool(re.search(self._words.both, asked.text))
        return asked.differs or lists and is_of_two

    def _is_open(self, asked: Asked, product: str | None) -> bool:
        """Whether a case of the customer's own is asked about, of which nothing is told that would decide it.

        我买的还在保修期吗, 这单能价保不; 门槛有点高, 扫地机过得去不.
        """
        is_spoken_of = product and not asked.products
        if not asked.is_elsewhere and (is_spoken_of or asked.qualifies):
            return False  # 它很重吗, 吸力很大吗: of the thing itself
        is_of_terms = re.search(self._words.elsewhere, asked.text)
        is_of_product = asked.products and (is_of_terms or not asked.is_whether)
        is_measured = any(one.dimension not in ("", "count") for one in asked.numbers)
        if asked.chances["ask"] >= _OPEN and not (is_of_product or is_measured):
            return True
        if asked.chances["ask"] < _HARDLY_OPEN:
            return False
        is_told = asked.products or asked.numbers or re.search(self._words.circumstance, asked.text)
        if is_told or asked.differs:
            return False
        if asked.is_elsewhere:
            asks = asked.is_whether or re.search(self._words.decided, asked.text)
            return bool(
                asks and re.search(self._words.own_case, asked.text) and not asked.lines and not product
            )
        if asked.by_most:
            return False
        is_vague = re.search(self._words.vague, asked.text) and (asked.is_whether or asked.is_which)
        return bool(is_vague or re.search(self._words.suits, asked.text))

    def _granted(self, asked: Asked, product: str | None) -> Reply | None:
        """Which products a policy grants something: 保修三年而且能连 wifi 的是哪个."""
        if not asked.is_which or product or asked.products:
            return None
        parts = asked.parts(self._words.elsewhere)
        granted = [
            (said, found, part)
            for part in parts
            for said in [next(filter(self._terms.granted, self._told_of_terms(asked, part)), "")]
            if said and (found := self._terms.granted(said))
        ]
        if not granted:
            return None
        scope = self._scopes.of(asked, [], None, ())
        wished = self._wishes.read(asked, scope, parts)
        unmet = self._wishes.unmet(asked, wished)
        wishes = [
            Wish(said, found.__getitem__, self._leaves_out(asked, part)) for said, found, part in granted
        ]
        if (
            asked.by_most
            and not unmet
            and (reply := self._superlatives.most(asked, None, (), granted=wishes))
        ):
            return reply
        wishes += [*wished.wishes, *unmet]
        fitting = tuple(name for name in scope if at_once(wishes, name))
        facts = tuple(evidence(wishes, name) for name in fitting)
        is_sure = fitting or unmet
        return Reply("fits", fitting, tuple(wish.said for wish in wishes), facts) if is_sure else None

    def _told_of_terms(self, asked: Asked, part: tuple[int, int]) -> list[str]:
        """What a part says of policies: all of it, and only the words for these with the numbers."""
        places = [*asked.spans(re.compile(self._words.elsewhere)), *((n.start, n.end) for n in asked.numbers)]
        bare = [asked.text[start:end] for start, end in sorted(places) if part[0] <= start and end <= part[1]]
        told = asked.telling(*part)
        is_nearly_all = len(told) - sum(map(len, bare)) <= _BESIDE_TERMS
        return [told, " ".join(bare)] if is_nearly_all else [told]

    def _leaves_out(self, asked: Asked, part: tuple[int, int]) -> bool:
        """Whether a part asks whom a policy leaves out (哪些不参加), not what products lack (不含电池)."""
        named = {phrase.start for phrase in asked.phrases}
        places = asked.spans(re.compile(self._words.left_out))
        terms = [place for place in asked.spans(re.compile(self._words.elsewhere)) if place[0] >= part[0]]
        if terms and terms[0][1] <= part[1] and asked.lacks(*terms[0]):
            return True  # 没有免息的
        return any(part[0] <= start < part[1] and end not in named for start, end in places)

    def _which_product(self, asked: Asked, product: str | None) -> Reply | None:
        """Asks back which product is meant, where nothing else is open: 多少钱."""
        valued = self._values.asked(asked, product)
        asks_back = valued and valued.kind == "which_product"
        return self._undecided(asked, product) or (valued if asks_back else None)

    def _undecided(self, asked: Asked, product: str | None) -> Reply | None:
        """Asks back which product is meant where one is pointed at that nobody named (它支持 5G 吗)."""
        if re.search(self._words.pronouns, asked.text) and not (product or asked.products or asked.lines):
            return Reply("which_product", tuple(self.traits.products))  # 这俩有啥不一样
        if product or asked.products or not asked.points or asked.is_which:
            return None
        scope = self._scopes.of_lines(asked.lines) or self.traits.products
        is_about = asked.traits or asked.numbers or self._differences.aspects(asked, scope)
        return Reply("which_product", tuple(scope)) if is_about and len(scope) > 1 else None

    def _chosen(self, asked: Asked, product: str | None, among: Sequence[str]) -> Reply | None:
        """Which products fit."""
        scope = self._scopes.of(asked, asked.products, None if asked.is_which else product, among)
        wished = self._wishes.read(asked, scope)
        unexplained = wished.weight
        products = [name for name in asked.products if name not in wished.others]
        if wished.others:
            scope = [
                name for name in self._scopes.of(asked, products, None, among) if name not in wished.others
            ]
        is_bare = not (wished.wishes or asked.excluded or asked.excluded_lines or asked.counts)
        if is_bare and asked.suggests and wished.weight <= _LEFT_OVER and len(scope) > 1 and asked.lines:
            return Reply("which_product", tuple(scope), tuple(asked.lines))
        if len(products) == 1 or len(products) > 1 and asked.is_whether and not asked.is_which:
            return None
        if wished.left and (asked.is_which or asked.ends_with_wish or not asked.asks_value):
            wished = self._wishes.described(asked, wished, scope)
        bounded = [wish.measure for wish in wished.wishes if wish.measure]
        has_budget = any(one.measure.unit == "money" for one in wished.wishes if one.measure and one.bound)
        exists = asked.is_existential and asked.is_whether and asked.lines
        is_sought = asked.is_which or (has_budget or exists) and not asked.asks_value
        is_asked = asked.is_existential or re.search(self._words.which_only, asked.text)
        # Beside a number that is understood, what a verb asks for else tells of circumstances (扛得住).
        is_of_ours = asked.lines or wished.wishes and wished.weight <= _LEFT_OVER
        may_lack = is_sought and is_asked and is_of_ours and not bounded
        unmet = self._wishes.unmet(asked, wished) if may_lack else []
        if unmet:
            wished = replace(wished, wishes=[*wished.wishes, *unmet])
        limit = _LEFT_OF_SPOKEN if product else _BESIDE if is_sought else _LEFT_OVER
        is_bare = is_bare and not wished.wishes
        if is_bare or wished.weight > limit and not unmet:
            return None
        if not wished.wishes and (wished.left or not (asked.is_which or asked.counts)):
            return None
        is_wish = asked.ends_with_wish and not asked.asks_value
        is_named = asked.lines or asked.products or asked.is_existential
        asks = asked.is_whether and not asked.asks_value and is_named
        is_choice = is_sought or asks or asked.counts or is_wish
        names_kind = asked.lines or asked.products or is_wish or asked.asks_for_products
        if product and not names_kind:
            return None  # it is about the one spoken of
        has_bound = any(wish.bound and wish.measure for wish in wished.wishes)
        if not is_choice and not (has_bound and asked.lines and not asked.asks_value):
            return None
        wishes = self._wishes.relaxed(self._wishes.apiece(asked, wished.wishes), scope, unexplained)
        fitting = tuple(name for name in scope if at_once(wishes, name))
        facts = tuple(evidence(wishes, name) for name in fitting)
        said = tuple(wish.said for wish in wishes) or tuple(asked.lines)
        left = [one for one in wished.left if asked.narrows(one) and not self.traits.is_told(one.text)]
        return Reply("fits", fitting, said, facts, left=bool(left) and not asked.is_which)
