"""Publishing: entries are put, removed and brought back, each change a version, all of them one edition.

Only the rows that an entry is made of are written, in one transaction with the number of the new edition:
who reads the graph sees it before or after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import utcnow
from kefu.events import record
from kefu.knowledge import files, graphrows
from kefu.knowledge.categories import rules
from kefu.knowledge.items import CONSOLE, EditError, Item, digest, parse
from kefu.knowledge.load import begin, entry_columns, fill, words_of
from kefu.knowledge.models import Edition, EntryVersion, StoredEntry
from kefu.knowledge.references import Stored, check

#: From so many changes on, the graph is written anew, which is faster than entry by entry.
MANY = 300
PUT, REMOVE, FILES = "put", "remove", "files"


class EntryChanged(Exception):
    """Somebody else has changed the entry since it was looked at.

    Attributes:
        ref: Of the entry.
    """

    def __init__(self, ref: str) -> None:
        super().__init__(ref)
        self.ref = ref


class NoSuchEntry(LookupError):
    """There is no entry, or no version, of this name."""


@dataclass(frozen=True)
class Change:
    """One thing to publish.

    Attributes:
        action: ``put``, ``remove``, or ``files``: what the files say counts again.
        ref: The entry that is changed; none for a new one. Another name in ``content`` renames it.
        seen: The entry's version as the editor saw it; 0 for one never edited, none not to look at it.
        kind, line, content: What to put.
        source: The document that it comes from.
        origin: Kept with the version.
    """

    action: str = PUT
    ref: str | None = None
    seen: int | None = 0
    kind: str = ""
    line: str | None = None
    content: dict[str, Any] | None = None
    source: str = ""
    origin: dict[str, Any] = field(default_factory=dict)


def publish(session: Session, changes: Sequence[Change], by: str, note: str = "") -> list[EntryVersion]:
    """Makes changes together: all of them, or none.

    Args:
        session: A transaction that has not written yet; nothing counts before it is committed.
        changes: At least one.
        by: Who, as in ``EntryVersion.by``.
        note: Why, for colleagues.

    Returns:
        The new versions.

    Raises:
        EditError: A change cannot be made; its ``field`` says where.
        EntryChanged: An entry is not at the version that was seen.
        NoSuchEntry: There is none to change or remove.
    """
    many = len(changes) > MANY
    edition = begin(session, whole=many)
    versions: list[EntryVersion] = []
    for change in changes:
        versions += _make(session, change, edition, by, note, graph=not many)
    if many:
        session.flush()
        fill(session, files.read(settings().knowledge_dir))
        _refuse_set_aside(session, versions)
    record(session, "knowledge.published", by=by, entries=len(versions), edition=edition.id)
    session.flush()
    return versions


def find(session: Session, ref: str) -> StoredEntry:
    """An entry, also one that was removed.

    Raises:
        NoSuchEntry: There never was one.
    """
    row = session.get(StoredEntry, ref)
    if row is None:
        raise NoSuchEntry(ref)
    return row


def _make(
    session: Session, change: Change, edition: Edition, by: str, note: str, graph: bool
) -> list[EntryVersion]:
    if change.action == PUT:
        item = parse(change.kind, change.content, change.line, change.source or CONSOLE)
        if change.ref is not None and item.ref != change.ref:
            return _rename(session, change, item, edition, by, note, graph)
        row = _put(session, item, change, graph)
    else:
        row = _seen(session, change.ref or "", change.seen)
        if change.action == FILES:
            _back_to_files(session, row, graph)
        else:
            _remove(session, row, graph)
    return [_version(session, row, change, edition, by, note)]


def _put(session: Session, item: Item, change: Change, graph: bool) -> StoredEntry:
    row = session.get(StoredEntry, item.ref, populate_existing=True)
    if change.ref is None and row is not None and row.content is not None and change.seen is not None:
        raise EditError(f"{item.name} is there already", None, "taken")
    if row is None:
        row = StoredEntry(ref=item.ref, version=0, position=1_000_000)
        session.add(row)
    elif change.ref is not None and change.seen is not None and row.version != change.seen:
        raise EntryChanged(item.ref)
    if not change.source and row.source:
        item = Item(item.kind, item.entry, item.line, row.source)
    for name, value in entry_columns(item).items():
        setattr(row, name, value)
    _layer(row)
    if graph:
        check(item, Stored(session), rules().problem_types)
        graphrows.put(session, item, words_of(rules()))
    return row


def _remove(session: Session, row: StoredEntry, graph: bool) -> None:
    if row.content is None:
        raise NoSuchEntry(row.ref)
    if graph:
        graphrows.remove(session, row.ref)
    row.content = None
    _layer(row)


def _back_to_files(session: Session, row: StoredEntry, graph: bool) -> None:
    if row.base is None:
        _remove(session, row, graph)
    else:
        item = parse(row.kind, row.base, row.line, row.source)
        if graph:
            check(item, Stored(session), rules().problem_types)
            graphrows.put(session, item, words_of(rules()))
        for name, value in entry_columns(item).items():
            setattr(row, name, value)
    row.layered, row.basis, row.problem = False, None, None


def _layer(row: StoredEntry) -> None:
    row.layered, row.basis, row.problem = True, digest(row.base), None


def _rename(
    session: Session, change: Change, item: Item, edition: Edition, by: str, note: str, graph: bool
) -> list[EntryVersion]:
    old = _seen(session, change.ref, change.seen)
    gone = Change(REMOVE, old.ref, None, origin={"renamed": item.ref})
    made = Change(
        PUT, None, 0, item.kind, item.line, item.content, change.source or old.source,
        {**change.origin, "renamed_from": old.ref},
    )  # fmt: skip
    return [version for part in (gone, made) for version in _make(session, part, edition, by, note, graph)]


def _seen(session: Session, ref: str, version: int | None) -> StoredEntry:
    row = session.get(StoredEntry, ref, populate_existing=True)
    if row is None:
        raise NoSuchEntry(ref)
    if version is not None and row.version != version:
        raise EntryChanged(ref)
    return row


def _version(
    session: Session, row: StoredEntry, change: Change, edition: Edition, by: str, note: str
) -> EntryVersion:
    row.version += 1
    row.changed_at = utcnow()
    version = EntryVersion(
        ref=row.ref, number=row.version, edition_id=edition.id, action=change.action, kind=row.kind,
        line=row.line, content=row.content if change.action == PUT else None, by=by, note=note,
        origin=change.origin,
    )  # fmt: skip
    session.add(version)
    return version


def _refuse_set_aside(session: Session, versions: list[EntryVersion]) -> None:
    """Of many changes, too, none is made that does not fit."""
    problems = session.execute(
        select(StoredEntry.ref, StoredEntry.problem).where(StoredEntry.problem.is_not(None))
    )
    made = {version.ref for version in versions}
    for ref, problem in problems:
        if ref in made:
            raise EditError(f"{ref}: {problem}")
