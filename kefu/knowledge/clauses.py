"""What is said of a product, clause by clause."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.wording import cover, joined
from kefu.language.normalize import fold, normalize
from kefu.language.quantities import Quantity, quantities

CLAUSES = re.compile(r"[，；。;（）()]|,\s|\.(?!\d)")

#: Behind a number: it is the least of a range.
_AND_MORE = re.compile(r"\s*(?:及|或)?以上")


@dataclass(frozen=True)
class Clause:
    """A part of what a fact says of a product.

    Attributes:
        key: Its text, as phrases are kept.
        text: Its normal text.
        lacking: Whether it says that something is not there.
        fact: Who says it.
    """

    key: str
    text: str
    lacking: bool
    fact: Fact


def specs_of(graph: Graph, product: str) -> dict[str, Fact]:
    """A product's specifications by name, the price first."""
    facts = graph.sources(f"product:{product}", "describes")
    return {fact.name.removeprefix(f"{product} "): fact for fact in facts if fact.kind == "spec"}


def clauses_of(graph: Graph, product: str, lacks: re.Pattern[str]) -> list[Clause]:
    """What is said of a product; of a text about several, what does not speak of another one.

    Args:
        graph: The edition.
        product: Which.
        lacks: What says in a clause that something is not there.
    """
    facts = [*specs_of(graph, product).values(), graph.facts[f"product:{product}"]]
    clauses = [one for fact in facts for one in _split(fact, lacks)]
    line = graph.line_of(product)
    others = [one.name for one in graph.products_of(line)] if line else []
    names = {fold(name): name for name in sorted(others, key=len, reverse=True)}
    for function in graph.targets(f"product:{product}", "has_function"):
        about = product
        for one in _split(function, lacks):
            named = [name for key, name in names.items() if holds(one.key, key)]
            about = product if product in named else named[0] if named else about
            if about == product:
                clauses.append(one)
    return clauses


def _split(fact: Fact, lacks: re.Pattern[str]) -> list[Clause]:
    texts = [normalize(clause).text for clause in CLAUSES.split(fact.body)]
    return [Clause(fold(text), text, bool(lacks.search(text)), fact) for text in texts if text]


def measured(
    clauses: Sequence[Clause], dimension: str, about: str, counter: str = ""
) -> tuple[Quantity, Fact, float] | None:
    """The number of the clause whose wording is closest to what is asked about, and how close.

    Args:
        clauses: What is told of a product.
        dimension: What the number measures.
        about: What it is asked about; empty for the first number.
        counter: How things are counted (条): where some number is counted so, others do not count.
    """
    found, beside = [], [one for one in quantities(about) if one.dimension not in ("", "count")]
    for clause in clauses:
        told = (one for one in quantities(clause.text) if one.dimension or not dimension)
        numbers = [one for number in told if (one := number.measured_in(dimension))]
        if numbers:
            named = normalize(clause.fact.name).text if clause.fact.kind == "spec" else ""
            share = cover(about, joined([named, clause.text])) if about else 0.0
            share += any(_says(other, clause.text) for other in beside)
            number = max(numbers, key=lambda one: one.high)
            if _AND_MORE.match(clause.text, number.end):
                number = replace(number, high=math.inf)
            is_range = number.low < number.high
            if clause.lacking:  # 无 3.5 毫米接口
                number = replace(number, low=math.nan, high=math.nan)
            found.append((bool(counter) and number.unit == counter, share, is_range, number, clause.fact))
    # Of two that are as close, a range says what is possible, a number may be an example.
    best = max(found, key=lambda one: one[:3], default=None) if about else next(iter(found), None)
    return (best[3], best[4], best[1]) if best else None


def _says(number: Quantity, text: str) -> bool:
    """Whether a text says just this number (256 GB in: 256 GB 约 20 天)."""
    told = (one.measured_in(name) for one in quantities(text) for name in number.dimensions if one.dimension)
    asked = {name: number.measured_in(name) for name in number.dimensions}
    return any(one and (mine := asked[one.dimension]) and one.high == mine.high for one in told)


def names(clause: Clause, key: str) -> bool:
    """Whether a clause names something, given as phrases are kept; items of a list stay apart."""
    return holds(clause.key, key) or holds(clause.text, key)


def holds(clause: str, wanted: str) -> bool:
    """Whether a clause names something; Latin words and numbers only whole (5ghz is not in 2.5ghz)."""
    at = clause.find(wanted)
    return at >= 0 and is_whole(clause, at, at + len(wanted))


def is_whole(text: str, start: int, end: int) -> bool:
    """Whether no Latin word or number is cut at the edges."""

    def cut(left: str, right: str) -> bool:
        return is_latin(left) and is_latin(right) and (left.isdigit() == right.isdigit())

    decimal = start > 1 and text[start].isdigit() and text[start - 1] == "." and text[start - 2].isdigit()
    return not (decimal or start and cut(text[start - 1], text[start])) and not (
        end < len(text) and cut(text[end - 1], text[end])
    )


def is_latin(character: str) -> bool:
    """Whether a character is a Latin letter or a digit."""
    return character.isascii() and character.isalnum()
