"""Puts what `data/knowledge/` says, and what the console says over it, into the graph tables."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge import files
from kefu.knowledge.items import EditError, Item, digest, flatten, parse
from kefu.knowledge.models import Alias, Edge, Edition, Node, StoredEntry
from kefu.knowledge.references import Entries, check
from kefu.knowledge.rows import Rows, Words


def load(force: bool = False) -> bool:
    """Loads the knowledge folder into the graph if it changed since the last load.

    Readers see the old graph or the new one, never a mixture. What the console says of an entry stays, and
    an entry that was changed in both places is marked.

    Returns:
        Whether anything was loaded.

    Raises:
        KnowledgeError: The folder can't be used; the graph stays as it was.
    """
    folder = settings().knowledge_dir
    fingerprint = files.fingerprint(folder)
    with session_scope() as session:
        if newest(session) == fingerprint and not force:
            return False
    knowledge = files.read(folder)
    with session_scope() as session:
        edition = begin(session, fingerprint)
        if _before(session, edition) == fingerprint and not force:  # loaded by another process meanwhile
            session.rollback()
            return False
        rows = fill(session, knowledge)
        record(session, "knowledge.loaded", nodes=len(rows.nodes), edges=len(rows.edges))
    return True


def newest(session: Session) -> str | None:
    """Fingerprint of the folder as it was loaded last."""
    return session.scalar(select(Edition.fingerprint).order_by(Edition.id.desc()).limit(1))


def begin(session: Session, fingerprint: str | None = None, whole: bool = True) -> Edition:
    """Begins a new edition: from here to the end of the transaction nobody else writes the graph.

    Args:
        session: A transaction that has done nothing yet.
        fingerprint: Of the folder; left out, that of the edition before.
        whole: Whether everything may change.
    """
    if session.get_bind().dialect.name == "postgresql":  # on SQLite the insertion takes the one lock
        session.execute(text("LOCK TABLE knowledge_editions IN SHARE ROW EXCLUSIVE MODE"))
    edition = Edition(fingerprint=fingerprint or "", whole=whole)
    session.add(edition)
    session.flush()
    if fingerprint is None:
        edition.fingerprint = _before(session, edition)
    return edition


def _before(session: Session, edition: Edition) -> str:
    """Fingerprint of the edition before, nothing for the first."""
    query = select(Edition.fingerprint).where(Edition.id < edition.id)
    return session.scalar(query.order_by(Edition.id.desc()).limit(1)) or ""


def fill(session: Session, knowledge: files.Knowledge) -> Rows:
    """Writes entries and graph anew, within an edition that has begun."""
    based = flatten(knowledge)
    layer = {row.ref: row for row in session.scalars(select(StoredEntry).filter_by(layered=True))}
    effective = _settle(based, layer, knowledge.problem_types)
    _write_entries(session, based, layer)
    rows = _rows(effective, knowledge)
    _write_graph(session, rows)
    return rows


def rows_of(knowledge: files.Knowledge) -> Rows:
    """What the files alone put into the graph, without a database."""
    return _rows(flatten(knowledge), knowledge)


def _settle(
    based: dict[str, Item], layer: dict[str, StoredEntry], problem_types: Collection[str]
) -> dict[str, Item]:
    """The entries that count. What the console says and cannot be used any more is marked and left out."""
    effective = dict(based)
    for ref, row in layer.items():
        row.problem = None
        if row.content is None:
            effective.pop(ref, None)
            continue
        try:
            effective[ref] = parse(row.kind, row.content, row.line, row.source)
        except EditError as error:  # the rules have become stricter
            _set_aside(row, based, effective, error)
    while faulty := _first_faulty(effective, layer, problem_types):
        row, error = faulty
        _set_aside(row, based, effective, error)
    return effective


def _first_faulty(
    effective: dict[str, Item], layer: dict[str, StoredEntry], problem_types: Collection[str]
) -> tuple[StoredEntry, EditError] | None:
    """An entry of the console that does not fit the others, or a removal by which another does not."""
    used = {ref: row for ref, row in layer.items() if row.problem is None}
    if not used:
        return None
    world = Entries(effective)
    for ref, item in effective.items():
        try:
            check(item, world, problem_types)
        except EditError as error:
            if ref in used:
                return used[ref], error
            removed = (row for row in used.values() if row.content is None and row.base is not None)
            row = next(removed, None) or next(iter(used.values()))
            return row, error
    return None


def _set_aside(
    row: StoredEntry, based: dict[str, Item], effective: dict[str, Item], error: EditError
) -> None:
    row.problem = f"{error.field}: {error}" if error.field else str(error)
    if row.ref in based:
        effective[row.ref] = based[row.ref]
    else:
        effective.pop(row.ref, None)


def _write_entries(session: Session, based: dict[str, Item], layer: dict[str, StoredEntry]) -> None:
    known = dict(session.execute(select(StoredEntry.ref, StoredEntry.version)).all())
    session.execute(
        delete(StoredEntry).where(StoredEntry.layered.is_(False)).execution_options(synchronize_session=False)
    )
    rows = []
    for position, (ref, item) in enumerate(based.items()):
        content = item.content
        if ref in layer:
            layer[ref].base, layer[ref].position = content, position
            continue
        columns = entry_columns(item, content)
        rows.append(
            columns | {"base": content, "layered": False, "version": known.get(ref, 0), "position": position}
        )
    for ref, row in layer.items():
        if ref not in based:
            row.base, row.position = None, len(based)
    session.flush()
    if rows:
        session.execute(insert(StoredEntry), rows)


def entry_columns(item: Item, content: dict[str, Any] | None = None) -> dict[str, Any]:
    """An entry as its row says it."""
    return {
        "ref": item.ref, "kind": item.kind, "line": item.line, "name": item.name, "text": item.text,
        "content": content or item.content, "source": item.source,
    }  # fmt: skip


def is_conflict(row: StoredEntry) -> bool:
    """Whether an entry edited in the console was changed in its file afterwards."""
    return bool(row.layered and row.basis != digest(row.base) and row.base != row.content)


def words_of(rules: Any) -> Words:
    """How prices are called, of ``kefu.knowledge.categories.rules()``."""
    labels = rules.labels
    return Words(labels.price, labels.price_questions, labels.range_questions)


def _rows(items: dict[str, Item], knowledge: files.Knowledge) -> Rows:
    rows, world = Rows(), Entries(items)
    words = Words(knowledge.price_label, knowledge.price_questions, knowledge.range_questions)
    for item in items.values():
        rows.add(item, world, words)
    for passage, source in knowledge.passages:
        rows.add_passage(passage, source, world)
    return rows


def _write_graph(session: Session, rows: Rows) -> None:
    for table in (Edge, Alias, Node):
        session.execute(delete(table))
    ids = {key: number for number, key in enumerate(rows.nodes, start=1)}
    nodes = [{"id": ids[key], **row} for key, row in rows.nodes.items()]
    edges = [
        {"source_id": ids[source], "relation": relation, "target_id": ids[target], "position": position}
        for source, relation, target, position in rows.edges
    ]
    aliases = [{"node_id": ids[key], "text": text} for key, names in rows.names.items() for text in names]
    for table, values in ((Node, nodes), (Edge, edges), (Alias, aliases)):
        if values:
            session.execute(insert(table), values)
