"""What entries once said, and going back to it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kefu.knowledge.editing import FILES, PUT, REMOVE, Change, NoSuchEntry, find, publish
from kefu.knowledge.items import MODELS
from kefu.knowledge.models import Edition, EntryVersion, StoredEntry


def history(session: Session, ref: str) -> list[EntryVersion]:
    """Every version of an entry, the newest first."""
    return list(session.scalars(select(EntryVersion).filter_by(ref=ref).order_by(EntryVersion.number.desc())))


def editions(session: Session, limit: int = 50) -> list[tuple[Edition, int]]:
    """The newest editions, each with how many entries it changed in the console."""
    counts = dict(
        session.execute(select(EntryVersion.edition_id, func.count()).group_by(EntryVersion.edition_id)).all()
    )
    found = session.scalars(select(Edition).order_by(Edition.id.desc()).limit(limit))
    return [(edition, counts.get(edition.id, 0)) for edition in found]


def restore(
    session: Session, ref: str, number: int, seen: int | None, by: str, note: str = ""
) -> EntryVersion:
    """Lets an entry say again what it said in a version; 0 is what its file says.

    Raises:
        NoSuchEntry: There is no such entry or version.
        EntryChanged, EditError: As ``publish``.
    """
    row = find(session, ref)
    change = _back_to(session, row, number, seen)
    return publish(session, [change], by, note)[-1]


def undo(session: Session, ref: str, seen: int, by: str) -> EntryVersion:
    """Takes the newest change of an entry back."""
    if seen < 1:
        raise NoSuchEntry(ref)
    newest = session.scalar(select(EntryVersion).filter_by(ref=ref, number=seen))
    # The change before the one that an undo itself has brought back, so that undoing twice goes on.
    restored = (newest.origin or {}).get("restores") if newest else None
    number = (restored if restored else seen) - 1
    return restore(session, ref, max(number, 0), seen, by)


def roll_back(session: Session, edition_id: int, by: str, note: str = "") -> list[EntryVersion]:
    """Lets the console say again what it said in an edition; what the files say is not touched.

    Returns:
        The versions made; nothing when nothing was changed since.

    Raises:
        NoSuchEntry: There is no such edition.
        EntryChanged: Somebody edits at this very moment.
    """
    if session.get(Edition, edition_id) is None:
        raise NoSuchEntry(f"edition {edition_id}")
    changed = session.scalars(select(EntryVersion.ref).where(EntryVersion.edition_id > edition_id).distinct())
    changes = []
    for ref in sorted(changed):
        number = session.scalar(
            select(func.max(EntryVersion.number)).where(
                EntryVersion.ref == ref, EntryVersion.edition_id <= edition_id
            )
        )
        row = find(session, ref)
        change = _back_to(session, row, number or 0, row.version)
        if not _stands(row, change):
            changes.append(change)
    # What others refer to comes first and goes last.
    changes.sort(key=_order)
    return publish(session, changes, by, note) if changes else []


def _back_to(session: Session, row: StoredEntry, number: int, seen: int | None) -> Change:
    origin = {"restores": number}
    if number == 0:
        return Change(FILES, row.ref, seen, row.kind, origin=origin)
    version = session.scalar(select(EntryVersion).filter_by(ref=row.ref, number=number))
    if version is None:
        raise NoSuchEntry(f"{row.ref} version {number}")
    return Change(version.action, row.ref, seen, version.kind, version.line, version.content, origin=origin)


def _stands(row: StoredEntry, change: Change) -> bool:
    """Whether the entry is as the change would make it."""
    if change.action == FILES:
        return not row.layered
    if change.action == REMOVE:
        return row.layered and row.content is None
    return row.layered and row.content == change.content


def _order(change: Change) -> tuple[bool, int]:
    kind = list(MODELS).index(change.kind)
    return (False, kind) if change.action == PUT else (True, -kind)
