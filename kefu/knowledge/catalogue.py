"""The list of entries, narrowed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kefu.knowledge import coverage
from kefu.knowledge.load import is_conflict
from kefu.knowledge.models import StoredEntry

STATES = ("", "edited", "conflict", "removed", "dead", "unused")


@dataclass(frozen=True)
class Wanted:
    """Which entries; what is empty does not narrow.

    Attributes:
        kind, line: Of the entry.
        text: Words that stand in it.
        state: ``edited`` in the console; ``conflict``, there and in its file; ``removed``; ``dead``, out of
            force or set aside; ``unused``, never an answer.
    """

    kind: str = ""
    line: str = ""
    text: str = ""
    state: str = ""


def find(
    session: Session, wanted: Wanted, use: Mapping[str, coverage.Use], start: int, size: int
) -> tuple[list[StoredEntry], int]:
    """A page of entries, the newest changed first, and how many there are.

    Args:
        session: Only read.
        wanted: Which.
        use: How entries fared (``coverage.use``).
        start: How many to leave out.
        size: How many to give.
    """
    query = select(StoredEntry)
    removed = wanted.state == "removed"
    query = query.where(StoredEntry.content.is_(None) if removed else StoredEntry.content.is_not(None))
    if wanted.kind:
        query = query.filter_by(kind=wanted.kind)
    if wanted.line:
        query = query.where((StoredEntry.line == wanted.line) | (StoredEntry.name == wanted.line))
    for word in wanted.text.split():
        query = query.where(StoredEntry.text.contains(word, autoescape=True))
    if wanted.state in ("edited", "conflict"):
        query = query.filter_by(layered=True)
    ordered = query.order_by(
        StoredEntry.changed_at.is_(None), StoredEntry.changed_at.desc(), StoredEntry.position, StoredEntry.ref
    )
    keeps = {
        "conflict": is_conflict, "dead": coverage.is_dead, "unused": lambda row: row.ref not in use,
    }.get(wanted.state)  # fmt: skip
    if keeps:
        kept = [row for row in session.scalars(ordered) if keeps(row)]
        return kept[start : start + size], len(kept)
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    return list(session.scalars(ordered.offset(start).limit(size))), total
