"""What the console changes of policies, as customers see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.knowledge.editing import PUT, REMOVE
from kefu.knowledge.models import EntryVersion, StoredEntry

#: What of a policy concerns customers; its other names and questions only help to find it.
_CONCERNS = ("answer", "applies_to", "valid_from", "valid_until")


@dataclass(frozen=True)
class PolicyChange:
    """One publication of a policy that says something new to customers.

    Attributes:
        version: Id of the version that it made.
        ref: Of the policy.
        content: The policy as it is now.
        news: What the editor wrote for those who are told of it, by language; may be empty.
    """

    version: int
    ref: str
    content: dict[str, Any]
    news: dict[str, str]


def of_policies(session: Session, since: datetime) -> Iterator[PolicyChange]:
    """Publications since a moment, in their order, but those of which nobody is to hear.

    What is removed, or brought back as it was, is no change of what holds.
    """
    query = select(EntryVersion, StoredEntry).join(StoredEntry, StoredEntry.ref == EntryVersion.ref)
    recent = query.where(EntryVersion.kind == "policy", EntryVersion.at >= since)
    for version, entry in session.execute(recent.order_by(EntryVersion.id)):
        tells = version.action != REMOVE and version.origin.get("tell", True)
        if tells and entry.content and _concerns(_said(version, entry), _before(session, version)):
            yield PolicyChange(version.id, entry.ref, entry.content, version.origin.get("news") or {})


def _concerns(now: dict[str, Any] | None, before: dict[str, Any] | None) -> bool:
    return any((now or {}).get(name) != (before or {}).get(name) for name in _CONCERNS)


def _said(version: EntryVersion, entry: StoredEntry) -> dict[str, Any] | None:
    return version.content if version.action == PUT else entry.base


def _before(session: Session, version: EntryVersion) -> dict[str, Any] | None:
    """What an entry last said before a version, also under its old name; none for a new one."""
    ref = version.origin.get("renamed_from", version.ref)
    earlier = (EntryVersion.ref == ref, EntryVersion.id < version.id, EntryVersion.action != REMOVE)
    query = select(EntryVersion).where(*earlier).order_by(EntryVersion.id.desc()).limit(1)
    entry = session.get(StoredEntry, ref)
    last = session.scalar(query)
    return _said(last, entry) if last else entry and entry.base
