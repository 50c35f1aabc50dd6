"""Which entries merge, and where two contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import fuzz

from kefu.knowledge.comparison import Described
from kefu.knowledge.distinctions import Wording, distinctions
from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.extraction.measures import Measure, measures
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.likeness import probabilities, told_apart
from kefu.language.embedding import embed_all
from kefu.language.normalize import fold

#: From this probability on two entries are merged.
SAME = 0.5
#: An entry is compared with so many of those that share a part of its name, the rarest parts first.
_PARTNERS = 8
_PART_LIMIT = 200
_TABLES, _PLANES = 8, 7


def clusters(entries: Sequence[Described]) -> list[list[int]]:
    """Groups of entries that say the same, as positions; those alone are groups of one.

    Near-linear: only entries that share a rare part of a name, or an equal one, are compared.
    """
    names = [entry.name for entry in entries]
    vectors = dict(zip(names, embed_all(names), strict=True))
    pairs = list(_blocked(entries, vectors))
    chances = probabilities([(entries[i], entries[j]) for i, j in pairs], vectors)
    leader = list(range(len(entries)))

    def first(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    members: dict[int, list[int]] = {i: [i] for i in leader}
    unlike = {pair for pair, chance in zip(pairs, chances, strict=True) if chance < 1 - SAME - 0.2}
    for at in np.argsort(-chances):
        if chances[at] < SAME:
            break
        one, other = (first(i) for i in pairs[at])
        # A chain of small likenesses must not join what is told apart.
        if one == other or any(
            (min(i, j), max(i, j)) in unlike for i in members[one] for j in members[other]
        ):
            continue
        leader[other] = one
        members[one] += members.pop(other)
    return sorted(sorted(group) for group in members.values())


def merged(candidates: Sequence[Candidate]) -> Candidate:
    """One candidate of several that say the same: the surest one, with all names, relations and products."""
    best = max(candidates, key=lambda candidate: candidate.confidence)
    names = dict.fromkeys(name for c in candidates for name in (c.name, *c.aliases) if name != best.name)
    doubt = float(np.prod([1 - c.confidence for c in candidates]))
    return replace(
        best,
        aliases=tuple(names),
        body=best.body or max((c.body for c in candidates), key=len),
        steps=best.steps or max((c.steps for c in candidates), key=len),
        products=tuple(dict.fromkeys(product for c in candidates for product in c.products)),
        relations=tuple(dict.fromkeys(relation for c in candidates for relation in c.relations)),
        confidence=round(min(1 - doubt, 0.999), 3),
    )


def merge(candidates: Sequence[Candidate]) -> list[Candidate]:
    """All candidates, those that say the same as one."""
    groups = clusters([Described.of_candidate(candidate) for candidate in candidates])
    return [merged([candidates[i] for i in group]) for group in groups]


def known_as(candidate: Candidate, graph: Graph, limit: int = 3) -> list[tuple[Fact, float]]:
    """Entries of the graph that may say the same as a candidate, the likeliest first."""
    facts = graph.of_kind(candidate.kind)
    entry = Described.of_candidate(candidate)
    others = [Described.of_fact(fact, graph) for fact in facts]
    partners = sorted(range(len(facts)), key=lambda i: -_likeness(entry, others[i]))[:_PARTNERS]
    chances = probabilities([(entry, others[i]) for i in partners])
    found = sorted(zip(partners, chances, strict=True), key=lambda item: -item[1])
    return [(facts[i], float(chance)) for i, chance in found[:limit] if chance >= SAME]


def _likeness(one: Described, other: Described) -> float:
    names = (fold(name) for name in (other.name, *other.aliases))
    return max(fuzz.ratio(fold(one.name), name) for name in names)


@dataclass(frozen=True)
class Side:
    """What one source says: ``said``, in the words of ``quote``."""

    said: str
    document: str
    quote: str


@dataclass(frozen=True)
class Contradiction:
    """Sources that do not agree.

    Attributes:
        subject: The product, or the policy.
        attribute: The spec's name; the kind of time or amount for a policy.
        sides: What each says, the differing ones only.
    """

    subject: str
    attribute: str
    sides: tuple[Side, ...]


def contradictions(candidates: Sequence[Candidate], graph: Graph | None = None) -> list[Contradiction]:
    """Specs of one product with two values, and policies of one name with two periods or amounts."""
    told: dict[tuple[str, str, str], list[tuple[Measure, Side]]] = defaultdict(list)
    for kind, name, owners, said, side in (*_sayings(candidates), *_known_sayings(graph)):
        for found in _measured(kind, said):
            attribute = name if kind == "spec" else found.group
            for owner in owners:
                told[fold(owner), fold(attribute), found.group].append(
                    (found, replace(side, said=f"{owner}\t{attribute}\t{side.said}"))
                )
    found = []
    for sayings in told.values():
        differing: list[tuple[Measure, Side]] = []
        for value, side in sayings:
            if not any(value.equals(other) for other, _ in differing):
                differing.append((value, side))
        if len(differing) > 1:
            owner, attribute, _ = differing[0][1].said.split("\t", 2)
            sides = tuple(replace(side, said=side.said.split("\t", 2)[2]) for _, side in differing)
            found.append(Contradiction(owner, attribute, sides))
    return found


def _sayings(candidates: Iterable[Candidate]) -> Iterator[tuple[str, str, tuple[str, ...], str, Side]]:
    for c in candidates:
        if c.kind == "spec" and c.value:
            said = f"{c.value} {c.unit or ''}".strip()
            yield (
                c.kind,
                c.name,
                c.products or ((c.line,) if c.line else ()),
                said,
                Side(said, c.source.document, c.source.quote),
            )
        elif c.kind == "policy":
            owners = tuple(f"{c.name} ({product})" for product in c.products) or (c.name,)
            text = c.body or c.source.quote
            yield c.kind, c.name, owners, text, Side(text, c.source.document, c.source.quote)


def _known_sayings(graph: Graph | None) -> Iterator[tuple[str, str, tuple[str, ...], str, Side]]:
    for fact in graph.of_kind("spec") if graph else ():
        products = tuple(target.name for target in graph.targets(fact.ref, "describes"))
        name = fact.name
        for product in products:
            name = name.removeprefix(f"{product} ")
        yield "spec", name, products, fact.body, Side(fact.body, fact.source, fact.body)
    for fact in graph.of_kind("policy") if graph else ():
        owners = tuple(f"{fact.name} ({p})" for p in sorted(graph.products_about(fact.ref))) or (fact.name,)
        yield "policy", fact.name, owners, fact.body, Side(fact.body, fact.source, fact.body)


def _measured(kind: str, said: str) -> list[Measure]:
    """A spec's one value; of a policy the first of each kind of time or amount."""
    told = Wording(said, distinctions()).measures
    found = [m for m in told if kind == "spec" or m.group in ("days", "months", "money", "share")]
    if kind == "spec":
        return found[:1]
    return list({m.group: m for m in reversed(found)}.values())


def _blocked(entries: Sequence[Described], vectors: dict[str, np.ndarray]) -> Iterator[tuple[int, int]]:
    """Pairs worth comparing: of one kind, with a part of a name in common or close in meaning."""
    parts: dict[tuple[str, str], list[int]] = defaultdict(list)
    own: list[set[str]] = []
    sides = _sides([vectors[entry.name] for entry in entries])
    for i, entry in enumerate(entries):
        names = [fold(name) for name in (entry.name, *entry.aliases)]
        mine = {name[k : k + 2] for name in names for k in range(max(1, len(name) - 1))} | set(names)
        mine |= {f"{m.group}{m.numbers}" for m in measures(entry.text)[:3]} if entry.kind == "spec" else set()
        mine |= set(list(entry.around)[:4]) | set("".join(names)) | sides[i]
        own.append(mine)
        for part in mine:
            parts[entry.kind, part].append(i)
    seen: set[tuple[int, int]] = set()
    for i, entry in enumerate(entries):
        shared: dict[int, float] = defaultdict(float)
        for part in own[i]:
            holders = parts[entry.kind, part]
            if len(holders) <= _PART_LIMIT:
                for j in holders:
                    shared[j] += 1 / len(holders)
        shared.pop(i, None)
        for j in sorted(shared, key=shared.get, reverse=True)[:_PARTNERS]:
            if not told_apart(entry, entries[j]):
                seen.add((min(i, j), max(i, j)))
    yield from sorted(seen)


def _sides(vectors: Sequence[np.ndarray]) -> list[set[str]]:
    """On which sides of random planes vectors lie: close ones share some of these (Charikar 2002)."""
    if not vectors:
        return []
    planes = np.random.default_rng(5).normal(size=(len(vectors[0]), _TABLES * _PLANES))
    signs = (np.stack(vectors) @ planes > 0).reshape(len(vectors), _TABLES, _PLANES)
    numbers = signs @ (1 << np.arange(_PLANES))
    return [{f"#{table}:{number}" for table, number in enumerate(row)} for row in numbers.tolist()]
