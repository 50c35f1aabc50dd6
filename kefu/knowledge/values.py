"""What products measure: the value that a question asks for, of a product named, spoken of, or described."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from kefu.knowledge.asked import Asked, Span, is_within
from kefu.knowledge.differences import Differences
from kefu.knowledge.graph import Fact
from kefu.knowledge.replies import Reply
from kefu.knowledge.scopes import Scopes
from kefu.knowledge.vocabulary import Vocabulary, any_of
from kefu.knowledge.wish import at_once
from kefu.knowledge.wishes import Wishes
from kefu.language.normalize import normalize

#: So many characters may stay unexplained, and so many where a number is surely asked for.
_LEFT_OVER, _LEFT_OF_STORY = 4, 12
#: More places at which a story could be parted are not tried.
_MOST_PLACES = 4
#: So much of what is asked has to stand in the specification that is taken as the one meant, and so much
#: where the number asked for is of its kind.
_MEANT, _MEANT_OF_KIND = 0.75, 0.45
#: A specification is near enough in meaning and words from here on, and one of a product that nobody named
#: if it is so much nearer than those of others.
_NEAR, _APART = 0.6, 1.3
_MONEY = "money"
#: What is measured of a product as a whole, unlike lengths or weights of its parts.
_OF_WHOLE = frozenset({"power", "loudness", "pressure", "charge", "voltage", "area"})


class Values:
    """Finds the values that questions ask for, in one edition; immutable."""

    def __init__(
        self,
        words: Vocabulary,
        wishes: Wishes,
        scopes: Scopes,
        differences: Differences,
        most: Callable[[Asked], Reply | None],
    ) -> None:
        """Finds what is told of the products that ``wishes``, or ``most`` (the cheapest), describe."""
        self._words, self._wishes, self._scopes = words, wishes, scopes
        self._traits, self._differences, self._most = wishes.traits, differences, most

    def described(self, asked: Asked) -> tuple[str, str] | None:
        """The only product that is described, and what is asked of it.

        带猫眼的那款多重, 全自动那个锁多厚的门能装, 能一键呼叫的摄像头,线有多长; the weight of the cheaper.
        """
        if asked.products:
            return None
        for said, rest, is_pointed in self._divided(asked):
            description, wanted = self._read(said), self._read(rest)
            if description.is_whether or description.is_which and not is_pointed or description.products:
                continue
            if description.dimensions:
                continue  # 电池能用多久,我家这个老是响
            is_apart = is_pointed or asked.text[len(said) :][:1] in ",;"
            asks = (wanted.asks_value or wanted.is_whether and is_apart) and not wanted.is_which or is_pointed
            if asks and (wanted.content() or wanted.dimensions) and (product := self._only(description)):
                return product, rest
        return None

    def _divided(self, asked: Asked) -> Iterator[tuple[str, str, bool]]:
        """The ways to part a question: what describes a product, what is asked, whether it is pointed at."""
        text, ends = asked.text, {}
        lines = [phrase for phrase in asked.phrases if phrase.kind == "line" and phrase.start > 0]
        for match in re.finditer(self._words.described, text):
            line = next((one for one in lines if one.start - match.end() in (0, 1)), None)  # 那个锁
            ends[line.end if line else match.end()] = True
        for line in lines:
            ends.setdefault(line.end, False)
        for end in sorted(ends)[:_MOST_PLACES]:
            start = max((text.rfind(sign, 0, end) for sign in ",;?!"), default=-1) + 1
            if start:  # 锁没电了充电宝插哪儿?带人脸的那把
                yield text[start:end], f"{text[: start - 1]} {text[end:]}".strip(" ,的"), ends[end]
            yield text[:end], text[end:].strip(" ,的"), ends[end]
        for match in re.finditer(self._words.of, text):
            yield text[match.end() :], text[: match.start()], True

    def _only(self, description: Asked) -> str | None:
        """The product that a description leaves, if it is one only."""
        scope = self._scopes.of_lines(description.lines) or self._traits.products
        if len(scope) == 1:
            return scope[0]
        if reply := self._most(description):
            return reply.products[0] if reply.kind == "most" and reply.first == 1 else None
        wished = self._wishes.described(description, self._wishes.read(description, scope), scope)
        for wishes in (wished.wishes, self._wishes.bounds.exactly(wished.wishes)):
            fitting = [name for name in scope if at_once(wishes, name)]
            if wishes and len(fitting) == 1:
                return fitting[0]
        return None

    def _read(self, text: str) -> Asked:
        return Asked(text, self._traits, self._words)

    def of(self, text: str, product: str) -> Reply | None:
        """The value that is asked of a product."""
        asked = self._read(text)
        if asked.is_whether or not asked.asks_value:
            return None
        named = self._named_values(asked, [product]) or self._meant_values(asked, [product])
        found = named or self._near_values(asked, [product])
        return Reply("values", (product,), (), ((found[0],),), near=not named) if found else None

    def partly(self, asked: Asked) -> Reply | None:
        """The number that one part asks for, where another asks yes or no (多重,一个人抬得动吗)."""
        if len(asked.products) != 1 or not asked.dimensions - {_MONEY} or not asked.is_whether:
            return None
        for start, end in asked.parts(self._words.measuring):
            said = asked.text[start:end]
            if self._read(said).dimensions and not re.search(self._words.whether, said):
                return self.of(said, asked.products[0])
        return None

    def of_only(self, asked: Asked, product: str | None) -> Reply | None:
        """The value that is asked of the only product that all of the question fits, wherever that is told.

        门锁夜里要能认脸,最多存几张; how heavy is the lock without wifi.
        """
        if asked.products or product or asked.purpose != "value" or asked.is_which:
            return None
        scope = self._scopes.of_lines(asked.lines) or self._traits.products
        wished = self._wishes.described(asked, self._wishes.read(asked, scope), scope)
        fitting = [name for name in scope if at_once(wished.wishes, name)]
        if len(fitting) != 1 or not (wished.wishes or len(scope) == 1):
            return None
        if self._wishes.unmet(asked, wished):
            return None  # 带虹膜和人脸的锁: it is not this one
        only = fitting[0]
        telling = [wish.said for wish in wished.wishes if not all(wish.fits(name) for name in scope)]
        if found := self._named_values(asked, [only]) or self._meant_values(asked, [only]):
            return Reply("values", (only,), (), ((found[0],),))
        rest = re.sub(any_of(tuple(telling)), " ", asked.text) if telling else asked.text
        reply = self.of(" ".join(rest.split()), only)
        return replace(reply, about=rest) if reply else None

    def asked(self, asked: Asked, product: str | None) -> Reply | None:
        """What products measure: R1 和 R3 Pro 分别多重, 它的适用面积."""
        of_lines = self._scopes.of_lines(asked.lines)
        is_meant = product and (not asked.lines or product in of_lines)
        products = asked.products or ([product] if is_meant else [])
        if asked.is_whether or asked.is_which:
            return None
        is_named = bool(products)
        products = products or of_lines
        is_asked = asked.purpose == "value"
        if not products:
            reply = self._which(asked) if asked.asks_value else None
            return reply or (self._of_any(asked) if is_asked else None)
        found = self._named_values(asked, products) or self._meant_values(asked, products)
        is_near = not found and is_asked
        if is_near:
            found = self._near_values(asked, products)
        if not found:
            return None
        if not is_named and len({fact.body for fact in found}) > 1:
            return Reply("which_product", tuple(products), (), tuple((fact,) for fact in found))
        kept = found if is_named else found[:1]
        facts = tuple((fact,) for fact in kept)
        return Reply("values", tuple(products[: len(kept)]), (), facts, near=is_near)

    def _of_any(self, asked: Asked) -> Reply | None:
        """The value of the one product of which facts speak of what is asked (洗完吹干要吹多久)."""
        near = {name: self._near(asked, name) for name in self._traits.products}
        ranked = sorted(((one[0], name) for name, one in near.items() if one), reverse=True)
        if not ranked or ranked[0][0] < _NEAR or len(ranked) > 1 and ranked[0][0] < _APART * ranked[1][0]:
            return None
        name = ranked[0][1]
        found = near[name]
        return Reply("values", (name,), (), ((found[1],),), near=True) if found else None

    def _near_values(self, asked: Asked, products: Sequence[str]) -> list[Fact]:
        """The specifications that are nearest to what is asked in other words."""
        if _MONEY in asked.dimensions:
            return []  # the price of something else than the product
        found = [self._near(asked, name) for name in products]
        facts = [one[1] for one in found if one and one[0] >= _NEAR]
        return facts if len(facts) == len(products) else []

    def _near(self, asked: Asked, product: str) -> tuple[float, Fact] | None:
        return self._traits.nearest_spec(product, asked.text, asked.content(), asked.dimensions)

    def vaguely(self, asked: Asked, product: str | None) -> Reply | None:
        """How much it is of the product spoken of, where it is asked whether it is much (它很重吗)."""
        if not (product and asked.is_whether and re.search(self._words.vague, asked.text)) or asked.products:
            return None
        tells = self._wishes.bounds.tells([product])
        measure, _, span = asked.adjective(0, tells) or (None, None, (0, 0))
        if measure is None or not measure.specs:
            return None
        left = sum(chunk.weight for chunk in asked.chunks([span, *asked.spans(any_of(tuple(measure.words)))]))
        found = self._wishes.bounds.measured(product, measure)
        return Reply("values", (product,), (), ((found[1],),)) if found and left <= _LEFT_OVER else None

    def _which(self, asked: Asked) -> Reply | None:
        """Asks back whose value is meant where nobody named a product and their values differ."""
        scope = self._traits.products
        aspects = self._differences.aspects(asked, scope)
        names = [name for name in aspects if name in self._traits.spec_names()]
        if any(not set(names) & set(self._traits.names(phrase.text)) for phrase in asked.traits):
            return None  # 安装要多少钱: the price of something else
        named = [set(names) & set(self._traits.names(phrase.text)) for phrase in asked.traits] or [set(names)]
        having = [name for name in scope if all(one & set(self._traits.specs(name)) for one in named)]
        if len(having) < 2 or not self._differences.differing_specs(having, names):
            return None
        spans = [(p.start, p.end) for p in asked.traits]
        spans += [span for name in names for span in asked.spans(any_of((normalize(name).text,)))]
        left = self._wishes.read(asked, scope, spans).weight
        return Reply("which_product", tuple(having)) if left <= _LEFT_OVER else None

    def _named_values(self, asked: Asked, products: Sequence[str]) -> list[Fact]:
        """The specifications of products that a question names, if nothing else is said."""
        others = asked.spans(any_of(tuple(self._words.compounds)))  # 充电宝 is no 充电
        spoken = ((m, asked.spans(any_of(tuple(m.words)))) for m in self._words.measures)
        apart = ((m, [span for span in spans if not is_within(*span, others)]) for m, spans in spoken)
        named = [(m, spans) for m, spans in apart if spans]
        # The name of a specification of these products goes before words for a measure.
        said = [(p.start, p.end) for p in asked.products_phrases]
        told = dict.fromkeys(spec for one in products for spec in self._traits.specs(one))

        def named_by(places: Callable[[str], list[Span]]) -> dict[str, list[Span]]:
            return {
                name: spans
                for name in told
                if (spans := [s for s in places(name) if not is_within(*s, said)])
                and all(self._traits.tells(one, name, asked.dimensions) for one in products)
            }

        exact = named_by(lambda spec: asked.spans(any_of((normalize(spec).text,))))
        named = [one for one in named if not asked.dimensions or one[0].unit in asked.dimensions]
        if not (exact or named):  # 叫它什么: 唤醒词
            phrases = [(p.start, p.end, self._traits.names(p.text)) for p in asked.traits]
            exact = named_by(lambda spec: [(start, end) for start, end, names in phrases if spec in names])
        if exact:
            longest = max(exact, key=len)
            found = [self._traits.specs(name).get(longest) for name in products]
            used = exact[longest]
            if not asked.asks_value and any(not is_within(p.start, p.end, used) for p in asked.traits):
                return []  # 两台要组立体声,但我只用蓝牙放: nothing is asked
        elif named:
            measure, used = max(named, key=lambda one: max(end - start for start, end in one[1]))
            values = [self._wishes.bounds.measured(name, measure, asked.text) for name in products]
            found = [value and value[1] for value in values]
            told = [normalize(fact.body).text for fact in found if fact]
            for phrase in asked.traits:  # 电池一次能用多久 asks for what is told of the battery
                is_own = any(phrase.end == start for start, _ in used) and all(phrase.text in t for t in told)
                if not is_own and not is_within(phrase.start, phrase.end, used):
                    return []  # 主刷一套多少钱: the price of something else
        else:
            return []
        # Without a word that asks, what is left says that something is wrong with it (指纹不灵).
        limit = _LEFT_OVER if asked.asks_value else 0
        if asked.purpose == "value" and asked.dimensions - {_MONEY}:
            limit = _LEFT_OF_STORY
        left = sum(chunk.weight for chunk in asked.chunks(used))
        facts = [fact for fact in found if fact]
        return facts if len(facts) == len(products) and left <= limit else []

    def _meant_values(self, asked: Asked, products: Sequence[str]) -> list[Fact]:
        """The specifications that say most of what is asked, where one says nearly all of it."""
        if not asked.asks_value:
            return []
        said = asked.content()
        least = _MEANT_OF_KIND if asked.dimensions else _MEANT
        wholly = [fact for name in products if (fact := self._traits.said_spec(name, asked.text))]
        if len(wholly) == len(products) and not asked.dimensions:
            return wholly
        if asked.dimensions and asked.dimensions <= _OF_WHOLE:  # 多少瓦: only one says a power
            only = [self._traits.specs_telling(name, asked.dimensions) for name in products]
            if all(len(facts) == 1 for facts in only):
                return [facts[0] for facts in only]
        found = [self._traits.best_spec(name, said, asked.dimensions) for name in products]
        facts = [one[1] for one in found if one and one[0] >= least]
        if not said and asked.dimensions:  # 多少瓦: what is usually measured so
            usual = [one for one in self._words.measures if one.unit in asked.dimensions]
            values = ([self._wishes.bounds.measured(name, one) for name in products] for one in usual)
            facts = [one[1] for one in next(filter(all, values), []) if one]
        return facts if len(facts) == len(products) else []
