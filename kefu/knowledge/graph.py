"""The graph in memory: one immutable snapshot per edition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.knowledge.models import RELATIONS, Alias, Edge, Node
from kefu.language.normalize import fold

_Key = tuple[str, str]


@dataclass(frozen=True)
class Fact:
    """A node as readers see it.

    Attributes:
        ref: ``kind:key``, stable over editions; what slots and buttons carry.
        names: Every way to say it, its own name first.
    """

    ref: str
    kind: str
    name: str
    english: str | None
    body: str
    data: dict[str, Any]
    source: str
    names: tuple[str, ...]

    def valid_on(self, day: date) -> bool:
        """Whether a policy is in force on ``day``; everything else always is."""
        start, end = self.data.get("valid_from"), self.data.get("valid_until")
        return (not start or start <= day.isoformat()) and (not end or day.isoformat() <= end)


class Graph:
    """All facts and how they hang together."""

    def __init__(self, facts: Iterable[Fact], edges: Iterable[tuple[str, str, str]]) -> None:
        """Builds the snapshot.

        Args:
            facts: The nodes.
            edges: ``(source ref, relation, target ref)`` in the order in which targets are to be read.
        """
        self.facts = {fact.ref: fact for fact in facts}
        self._out: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._in: dict[tuple[str, str], list[str]] = defaultdict(list)
        for source, relation, target in edges:
            self._out[source, relation].append(target)
            self._in[target, relation].append(source)
        self._named: dict[tuple[str, str], list[str]] = defaultdict(list)
        for fact in self.facts.values():
            for key in _names(fact):
                self._named[key].append(fact.ref)

    def changed(
        self,
        gone: Collection[str],
        facts: Iterable[Fact],
        without: Collection[tuple[str, str, str]],
        edges: Iterable[tuple[str, str, str]],
    ) -> Graph:
        """A graph that differs in a few facts; takes a few ms, where to build one anew takes a second.

        Args:
            gone: Refs of facts to leave out.
            facts: Those to add, or to put in place of those of the same ref.
            without: Edges to leave out.
            edges: Those to add, in order.
        """
        new = Graph.__new__(Graph)
        facts = list(facts)
        lost = [self.facts[ref] for ref in {*gone, *(fact.ref for fact in facts)} if ref in self.facts]
        new.facts = {ref: fact for ref, fact in self.facts.items() if ref not in gone}
        new.facts.update((fact.ref, fact) for fact in facts)
        new._named = _without(self._named, [(key, fact.ref) for fact in lost for key in _names(fact)])
        for fact in facts:
            for key in _names(fact):
                new._named[key] = [*new._named.get(key, ()), fact.ref]
        new._out = _without(self._out, [((source, name), target) for source, name, target in without])
        new._in = _without(self._in, [((target, name), source) for source, name, target in without])
        for source, name, target in edges:
            new._out[source, name] = [*new._out.get((source, name), ()), target]
            new._in[target, name] = [*new._in.get((target, name), ()), source]
        return new

    @classmethod
    def read(cls, session: Session) -> Graph:
        """Reads the graph tables within one transaction."""
        facts = read_facts(session)
        edges = session.execute(
            select(Edge.source_id, Edge.relation, Edge.target_id).order_by(Edge.position, Edge.id)
        )
        return cls(
            facts.values(),
            [(facts[source].ref, relation, facts[target].ref) for source, relation, target in edges],
        )

    def get(self, ref: str | None) -> Fact | None:
        """The fact of a ref, or none if it is no longer there."""
        return self.facts.get(ref or "")

    def of_kind(self, kind: str) -> list[Fact]:
        """All facts of a kind, in the order of the files."""
        return [fact for fact in self.facts.values() if fact.kind == kind]

    def targets(self, ref: str, relation: str) -> list[Fact]:
        """Where edges of ``relation`` lead from ``ref``."""
        return [self.facts[target] for target in self._out.get((ref, relation), ())]

    def sources(self, ref: str, relation: str) -> list[Fact]:
        """From where edges of ``relation`` lead to ``ref``."""
        return [self.facts[source] for source in self._in.get((ref, relation), ())]

    def named(self, kind: str, name: str) -> list[Fact]:
        """Facts of a kind that go by ``name``, however it is spelled."""
        return [self.facts[ref] for ref in self._named.get((kind, fold(name)), ())]

    def neighbours(self, ref: str) -> list[Fact]:
        """Facts one edge away from ``ref``, in either direction."""
        refs = [target for source, _, target in self.edges_at(ref)]
        refs += [source for source, _, _ in self.edges_at(ref)]
        return [self.facts[one] for one in dict.fromkeys(refs) if one != ref]

    def edges_at(self, ref: str) -> list[tuple[str, str, str]]:
        """Edges that begin or end at ``ref``, as ``(source, relation, target)``."""
        out = [(ref, relation, one) for relation in RELATIONS for one in self._out.get((ref, relation), ())]
        into = [(one, relation, ref) for relation in RELATIONS for one in self._in.get((ref, relation), ())]
        return out + into

    def edges_among(self, refs: Collection[str]) -> list[tuple[str, str, str]]:
        """Edges that begin and end in ``refs``."""
        edges = (edge for ref in refs for edge in self.edges_at(ref))
        return [edge for edge in dict.fromkeys(edges) if edge[0] in refs and edge[2] in refs]

    def line_of(self, product: str) -> str | None:
        """Name of the line that a product belongs to."""
        lines = self.targets(f"product:{product}", "in_line")
        return lines[0].name if lines else None

    def products_of(self, line: str) -> list[Fact]:
        """Products of a line, in the order of its file."""
        return self.sources(f"product_line:{line}", "in_line")

    def products_about(self, ref: str) -> frozenset[str]:
        """Names of the products that a fact is about; empty when it is about none or about all."""
        fact = self.facts[ref]
        found: set[str] = {fact.name} if fact.kind == "product" else set()
        if fact.kind == "product_line":
            found.update(product.name for product in self.products_of(fact.name))
        for relation in ("affects", "about", "applies_to", "describes"):
            for target in self.targets(ref, relation):
                if target.kind == "product":
                    found.add(target.name)
                elif target.kind == "product_line":
                    found.update(product.name for product in self.products_of(target.name))
        found.update(product.name for product in self.sources(ref, "has_function"))
        return frozenset(found)


def read_facts(session: Session, ids: Collection[int] | None = None) -> dict[int, Fact]:
    """Facts by the ids of their nodes, in order: all, or those of ``ids``."""
    aliases = select(Alias.node_id, Alias.text).order_by(Alias.id)
    columns = (Node.id, Node.kind, Node.key, Node.name, Node.english, Node.body, Node.data, Node.source)
    nodes = select(*columns).order_by(Node.id)  # rows: objects take twice as long
    if ids is not None:
        aliases, nodes = aliases.where(Alias.node_id.in_(ids)), nodes.where(Node.id.in_(ids))
    names: dict[int, list[str]] = defaultdict(list)
    for alias in session.execute(aliases):
        names[alias.node_id].append(alias.text)
    return {
        node.id: Fact(
            f"{node.kind}:{node.key}", node.kind, node.name, node.english, node.body, node.data, node.source,
            tuple(names[node.id]),
        )
        for node in session.execute(nodes)
    }  # fmt: skip


def _names(fact: Fact) -> Iterable[tuple[str, str]]:
    return dict.fromkeys((fact.kind, fold(name)) for name in fact.names)


def _without(lists: dict[_Key, list[str]], lost: Iterable[tuple[_Key, str]]) -> dict[_Key, list[str]]:
    """A copy of ``lists`` in which some values are left out."""
    copy = defaultdict(list, lists)
    for key, value in lost:
        copy[key] = [one for one in copy.get(key, ()) if one != value]
    return copy
