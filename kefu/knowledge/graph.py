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
            for name in dict.fromkeys(fold(name) for name in fact.names):
                self._named[fact.kind, name].append(fact.ref)

    @classmethod
    def read(cls, session: Session) -> Graph:
        """Reads the graph tables within one transaction."""
        names: dict[int, list[str]] = defaultdict(list)
        for alias in session.execute(select(Alias.node_id, Alias.text).order_by(Alias.id)):
            names[alias.node_id].append(alias.text)
        refs: dict[int, str] = {}
        facts = []
        columns = (Node.id, Node.kind, Node.key, Node.name, Node.english, Node.body, Node.data, Node.source)
        for node in session.execute(select(*columns).order_by(Node.id)):  # rows: objects take twice as long
            refs[node.id] = f"{node.kind}:{node.key}"
            facts.append(
                Fact(
                    refs[node.id], node.kind, node.name, node.english, node.body, node.data, node.source,
                    tuple(names[node.id]),
                )
            )  # fmt: skip
        edges = session.execute(
            select(Edge.source_id, Edge.relation, Edge.target_id).order_by(Edge.position, Edge.id)
        )
        return cls(facts, [(refs[source], relation, refs[target]) for source, relation, target in edges])

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
