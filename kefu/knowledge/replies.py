"""What the graph answers by itself."""

from __future__ import annotations

from dataclasses import dataclass

from kefu.knowledge.graph import Fact


@dataclass(frozen=True)
class Reply:
    """What the graph answers.

    Attributes:
        kind: ``fits`` (these products; none if nothing fits), ``has`` (for each product whether it does),
            ``most`` (the first, then the others), ``values`` (one for each product), ``difference``,
            ``which_line`` (the line is to be asked back), ``which_product`` (one of the products is to be),
            ``which_case`` (what decides the customer's own case is to be told) or ``unknown`` (no fact knows
            of what is asked for).
        products: Names.
        wishes: What was asked for; for ``which_product`` the line, if nothing but one of it was.
        evidence: What each product's facts say, in the order of ``products``.
        holds: For ``has``, whether each product has all of it; nothing where no fact says.
        numeric: Whether all that was asked for are bounds of numbers.
        together: For ``has``, whether it is asked of the products together, not of each.
        each: For ``has``, where all of the products are asked about and only some have it: which.
        about: For ``values`` of a product that is described: what is asked of it.
        left: For ``has`` and ``fits``, whether something is said beside that nothing explains.
        near: For ``values``, whether nothing names them: they are the nearest in meaning.
        first: For ``most``, how many share the first place.
    """

    kind: str
    products: tuple[str, ...]
    wishes: tuple[str, ...] = ()
    evidence: tuple[tuple[Fact, ...], ...] = ()
    holds: tuple[bool | None, ...] = ()
    numeric: bool = False
    together: bool = False
    first: int = 1
    near: bool = False
    each: tuple[bool | None, ...] = ()
    about: str = ""
    left: bool = False
