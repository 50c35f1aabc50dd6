"""What policies grant to some products only: 保修三年的, 送运费险的, 能分 6 期免息的."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kefu.db import today
from kefu.knowledge.clauses import CLAUSES
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.traits import Traits, Verdict
from kefu.knowledge.wording import Wording, joined
from kefu.language.normalize import normalize
from kefu.language.quantities import quantities

_SENTENCES = re.compile(r"[。!！?？\n]")
#: A clause grants what is asked from this share of its wording on, if no other says much more of it.
_GRANTED, _AS_MUCH = 0.45, 0.85
#: Begins a clause that tells of some products what is not so of the others.
_AMONG = "其中"


@dataclass(frozen=True)
class _Term:
    """One clause of a policy, with the policy's names: whom it is about, and whether it denies."""

    names: str
    text: str
    products: frozenset[str]
    denies: bool
    policy: Fact


class Terms:
    """The clauses of one edition's policies; immutable."""

    def __init__(self, graph: Graph, traits: Traits, lacks: str) -> None:
        """Reads the policies.

        Args:
            graph: The edition.
            traits: Finds the products and lines that a clause names.
            lacks: What says in a clause that something is not granted.
        """
        self._graph, self._traits, self._lacks = graph, traits, re.compile(lacks)
        self._terms = [term for policy in graph.of_kind("policy") for term in self._of(policy)]
        self._wording = Wording([joined([term.names, term.text]) for term in self._terms])
        self._own = Wording([term.text for term in self._terms])

    def granted(self, said: str) -> dict[str, Verdict] | None:
        """Which products get what was said, if policies grant it to some of them only.

        Args:
            said: Normal text.
        """
        told = [one for one in quantities(said) if one.dimension]
        numbers = [(one.dimension, one.high) for one in told]
        for one in (one for one in told[::-1] if one.dimension != "count" or not said[one.start].isascii()):
            said = said[: one.start] + " " + said[one.end :]
        shares, own = self._wording.covering(said), self._own.covering(said)
        fitting = {
            number: share for number, share in shares.items()
            if self._terms[number].policy.valid_on(today()) and self._is_of(self._terms[number], numbers)
        }  # fmt: skip
        best = max(fitting.values(), default=0.0)
        if best < _GRANTED:
            return None
        close = [number for number, share in fitting.items() if share >= _AS_MUCH * best]
        most = max(own.get(number, 0.0) for number in close)
        found = [self._terms[number] for number in close if own.get(number, 0.0) >= _AS_MUCH * most]
        granting = [term for term in found if term.products and not term.denies]
        verdicts = {
            name: next(
                (Verdict(True, one.policy) for one in granting if name in one.products), Verdict(False)
            )
            for name in self._traits.products
        }
        return verdicts if len({one.holds for one in verdicts.values()}) > 1 else None

    @staticmethod
    def _is_of(term: _Term, numbers: list[tuple[str, float]]) -> bool:
        """Whether a clause says each number that is asked about."""
        told = [(one.dimension, one.high) for one in quantities(term.text)]
        return all(number in told for number in numbers)

    def _of(self, policy: Fact) -> Iterator[_Term]:
        names = joined(normalize(name).text for name in policy.names)
        everyone = frozenset(self._graph.products_about(policy.ref)) or frozenset(self._traits.products)
        for sentence in _SENTENCES.split(policy.body):
            about, terms = everyone, []
            for clause in CLAUSES.split(sentence):
                text = normalize(clause).text
                named = self._named(text)
                if named and text.startswith(_AMONG):  # 保修 1 年,其中门锁保修 3 年: not 1 year for these
                    terms = [_without(term, named, text) for term in terms]
                about = named or about
                if text:
                    terms.append(_Term(names, text, about, bool(self._lacks.search(text)), policy))
            yield from terms

    def _named(self, text: str) -> frozenset[str]:
        """The products that a clause names, by their names or their lines."""
        named: set[str] = set()
        phrases = self._traits.phrases(text, ("product", "line"))
        for before, phrase in zip([None, *phrases], phrases, strict=False):
            if phrase.kind == "product":
                named.update(self._traits.products_named(phrase.text))
            elif before is None or before.kind == "line" or phrase.start - before.end > 1:  # not: L3 门锁
                lines = self._traits.lines_named(phrase.text)
                named.update(one.name for line in lines for one in self._graph.products_of(line))
        return frozenset(named)


def _without(term: _Term, named: frozenset[str], text: str) -> _Term:
    """A clause, without the products for which another one tells another number."""
    numbers = [{one.dimension for one in quantities(said)} for said in (term.text, text)]
    is_other = bool(numbers[0] & numbers[1] - {""})
    return replace(term, products=term.products - named) if is_other else term
