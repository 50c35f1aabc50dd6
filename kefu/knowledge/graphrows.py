"""Changes the rows of one entry in the graph tables, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from kefu.knowledge.items import EditError, Item
from kefu.knowledge.models import Alias, Edge, Node
from kefu.knowledge.references import Stored
from kefu.knowledge.rows import SHARED, Key, Rows, Words

_COLUMNS = ("name", "english", "body", "data", "source")


def put(session: Session, item: Item, words: Words) -> None:
    """Writes an entry's nodes, names and edges over those that it had."""
    rows = Rows()
    rows.add(item, Stored(session), words)
    old = own(session, item.ref)
    shared = _drop_edges(session, item.ref, old)
    _drop_nodes(session, [id_ for key, id_ in old.items() if key not in rows.nodes])
    ids = _write_nodes(session, rows, old)
    missing = {key for source, _, target, _ in rows.edges for key in (source, target)} - set(ids)
    ids |= {key: _id(session, key) for key in missing}
    edges = [
        {"source_id": ids[source], "relation": relation, "target_id": ids[target], "position": position}
        for source, relation, target, position in rows.edges
    ]
    if edges:
        session.execute(insert(Edge), edges)
    _drop_lonely(session, shared)


def remove(session: Session, ref: str) -> None:
    """Takes an entry out of the graph.

    Raises:
        EditError: Another entry refers to it.
    """
    mine = own(session, ref)
    if referring := _referring(session, ref, mine):
        raise EditError(f"still referred to by {', '.join(referring)}", None, "referred_to")
    shared = _drop_edges(session, ref, mine)
    _drop_nodes(session, mine.values())
    _drop_lonely(session, shared)


def own(session: Session, ref: str) -> dict[Key, int]:
    """Ids of the nodes that only this entry makes."""
    kind, _, key = ref.partition(":")
    main = _id(session, (kind, key))
    if main is None:
        return {}
    mine, mains = {(kind, key): main}, [main]
    if kind == "product":
        found = _beside(session, mains, ("describes",), incoming=True)
        mine |= {one: id_ for one, id_ in found.items() if one[0] == "spec"}
    if kind == "fault":
        causes = _beside(session, mains, ("caused_by",))
        mine |= causes | _beside(session, list(causes.values()), ("solved_by",))
    return mine


def _beside(
    session: Session, ids: list[int], relations: tuple[str, ...], incoming: bool = False
) -> dict[Key, int]:
    here, there = (Edge.target_id, Edge.source_id) if incoming else (Edge.source_id, Edge.target_id)
    query = select(Node.kind, Node.key, Node.id).join(Edge, there == Node.id)
    found = session.execute(query.where(here.in_(ids), Edge.relation.in_(relations)))
    return {(kind, key): id_ for kind, key, id_ in found}


def _referring(session: Session, ref: str, own: dict[Key, int]) -> list[str]:
    query = select(Node.name).join(Edge, Edge.source_id == Node.id)
    query = query.where(
        Edge.target_id.in_(own.values()), Node.id.not_in(own.values()), Node.kind != "passage"
    )
    if ref.startswith("function:"):  # which products have it says the function itself
        query = query.where(Edge.relation != "has_function")
    return list(session.scalars(query.distinct().limit(3)))


def _drop_edges(session: Session, ref: str, own: dict[Key, int]) -> dict[Key, int]:
    """Deletes the edges that the entry draws; gives the shared nodes that they led to."""
    ids = list(own.values())
    if not ids:
        return {}
    shared = _beside(session, ids, ("shows", "reports"))
    drawn = Edge.source_id.in_(ids)
    if ref.startswith("product:"):
        drawn = drawn & (Edge.relation != "has_function")
    if ref.startswith("function:"):
        drawn = or_(drawn, Edge.target_id.in_(ids) & (Edge.relation == "has_function"))
    session.execute(delete(Edge).where(drawn).execution_options(synchronize_session=False))
    return shared


def _drop_nodes(session: Session, ids: Iterable[int]) -> None:
    ids = list(ids)
    if ids:
        session.execute(delete(Node).where(Node.id.in_(ids)).execution_options(synchronize_session=False))


def _drop_lonely(session: Session, shared: dict[Key, int]) -> None:
    """Deletes symptoms and error codes that no fault has any more."""
    if shared:
        used = set(session.scalars(select(Edge.target_id).where(Edge.target_id.in_(shared.values()))))
        _drop_nodes(session, set(shared.values()) - used)


def _write_nodes(session: Session, rows: Rows, old: dict[Key, int]) -> dict[Key, int]:
    free = (session.scalar(select(func.max(Node.id))) or 0) + 1
    ids: dict[Key, int] = {}
    nodes: list[dict[str, Any]] = []
    renamed: list[Key] = []
    for key, row in rows.nodes.items():
        if key in old:
            ids[key] = old[key]
            values = {name: row[name] for name in _COLUMNS}
            session.execute(
                update(Node)
                .where(Node.id == old[key])
                .values(values)
                .execution_options(synchronize_session=False)
            )
        elif key[0] in SHARED and (found := _id(session, key)) is not None:
            ids[key] = found
            continue
        else:
            ids[key], free = free, free + 1
            nodes.append({"id": ids[key], **row})
        renamed.append(key)
    if nodes:
        session.execute(insert(Node), nodes)
    again = [ids[key] for key in renamed]
    session.execute(
        delete(Alias).where(Alias.node_id.in_(again)).execution_options(synchronize_session=False)
    )
    names = [{"node_id": ids[key], "text": text} for key in renamed for text in rows.names[key]]
    if names:
        session.execute(insert(Alias), names)
    return ids


def _id(session: Session, key: Key) -> int | None:
    return session.scalar(select(Node.id).filter_by(kind=key[0], key=key[1]))
