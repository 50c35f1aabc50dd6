"""What products are chosen by: wishes, and what of a question tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kefu.knowledge.asked import Chunk, Span
from kefu.knowledge.graph import Fact
from kefu.knowledge.traits import Verdict
from kefu.knowledge.vocabulary import Measure
from kefu.language.quantities import Quantity


@dataclass(frozen=True)
class Wish:
    """Something that products are chosen by.

    Attributes:
        said: In the customer's words, or the name of what is meant.
        holds: Tells for a product whether it has it.
        without: Whether it is not to be there.
        numeric: Whether it bounds a number.
        measure, bound, number: For a numeric one, what is measured, how it bounds, and the number.
        weak: Whether it is only named, not asked for by a verb (带, 支持).
        beside: How many characters that nothing explains stand in the same part of the question.
        named: Whether it is said by a known name.
        written: Whether what is not to be there has to be denied, not only to stand nowhere.
    """

    said: str
    holds: Callable[[str], Verdict]
    without: bool = False
    numeric: bool = False
    measure: Measure | None = None
    bound: str = ""
    number: Quantity | None = None
    weak: bool = False
    beside: int = 0
    named: bool = False
    written: bool = False

    def fits(self, product: str) -> bool:
        """Whether a product may be chosen; what no fact says is taken as not there."""
        verdict = self.holds(product)
        if self.without and self.written:
            return verdict.holds is False and verdict.evidence is not None
        return (verdict.holds is True) != self.without

    def verdict(self, product: str) -> bool | None:
        """Whether it is as wished; nothing where no fact says."""
        holds = self.holds(product).holds
        return holds if holds is None else holds != self.without


@dataclass(frozen=True)
class Wished:
    """What a question asks for.

    Attributes:
        wishes: All of them have to hold.
        used: Where they stand.
        others: Products that are only compared with (比 L3 便宜).
        left: What of the question nothing explains.
    """

    wishes: list[Wish]
    used: list[Span]
    others: list[str]
    left: list[Chunk]

    @property
    def is_partial(self) -> bool:
        """Whether something is wished for that nothing explains."""
        return any(chunk.wanted for chunk in self.left)

    @property
    def weight(self) -> int:
        """How many characters nothing explains."""
        return sum(chunk.weight for chunk in self.left)


def at_once(wishes: Sequence[Wish], product: str) -> bool:
    """Whether a product is as all wishes want it."""
    return all(wish.fits(product) for wish in wishes)


def evidence(wishes: Sequence[Wish], product: str) -> tuple[Fact, ...]:
    """What a product's facts say of wishes, each fact once."""
    facts = [wish.holds(product).evidence for wish in wishes]
    return tuple({fact.ref: fact for fact in facts if fact}.values())


def either(one: Wish, other: Wish) -> Wish:
    """A wish that is met by one of two."""

    def holds(product: str) -> Verdict:
        verdicts = [one.holds(product), other.holds(product)]
        return next((verdict for verdict in verdicts if verdict.holds), verdicts[0])

    return replace(one, said=f"{one.said}/{other.said}", holds=holds)
