"""From the graph of one edition to that of a later one, by reading what was changed in between."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kefu.knowledge import graphrows
from kefu.knowledge.graph import Graph, read_facts
from kefu.knowledge.models import Edge, Edition, EntryVersion
from kefu.knowledge.rows import SHARED

#: From so many changed entries on, reading everything is no slower.
_MANY = 200


def changed_since(session: Session, before: int, now: int) -> list[str] | None:
    """Refs of the entries that were changed between two editions; none when everything may have been."""
    between = (Edition.id > before, Edition.id <= now)
    if before > now or session.scalar(select(Edition.id).where(*between, Edition.whole).limit(1)):
        return None
    versions = select(EntryVersion.ref).where(
        EntryVersion.edition_id > before, EntryVersion.edition_id <= now
    )
    refs = session.scalars(versions.distinct().limit(_MANY + 1)).all()
    return refs if len(refs) <= _MANY else None


def follow(session: Session, graph: Graph, refs: Sequence[str]) -> Graph:
    """The graph as it is now.

    Args:
        session: A transaction that sees one edition.
        graph: That of an earlier one.
        refs: The entries that were changed since.
    """
    old = {one for ref in refs for one in _own(graph, ref)}
    without = dict.fromkeys(edge for ref in old for edge in graph.edges_at(ref))
    ids = {id_ for ref in refs for id_ in graphrows.own(session, ref).values()}
    drawn = session.execute(
        select(Edge.source_id, Edge.relation, Edge.target_id)
        .where(or_(Edge.source_id.in_(ids), Edge.target_id.in_(ids)))
        .order_by(Edge.position, Edge.id)
    ).all()
    ends = {end for source, _, target in drawn for end in (source, target)} | ids
    facts = read_facts(session, ends)
    here = {fact.ref for fact in facts.values()}
    shared = {end for edge in without for end in (edge[0], edge[2]) if end.partition(":")[0] in SHARED}
    lonely = {ref for ref in shared - here if not set(graph.edges_at(ref)) - set(without)}
    edges = [(facts[source].ref, relation, facts[target].ref) for source, relation, target in drawn]
    new = [fact for id_, fact in facts.items() if id_ in ids or fact.ref not in graph.facts]
    return graph.changed((old - here) | lonely, new, without, edges)


def _own(graph: Graph, ref: str) -> list[str]:
    """What only this entry made, in a graph."""
    if graph.get(ref) is None:
        return []
    mine = [ref]
    if ref.startswith("product:"):
        mine += [fact.ref for fact in graph.sources(ref, "describes") if fact.kind == "spec"]
    for cause in graph.targets(ref, "caused_by"):
        mine += [cause.ref, *(solution.ref for solution in graph.targets(cause.ref, "solved_by"))]
    return mine
