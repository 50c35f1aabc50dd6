"""Documents and what they suggest: the queue of candidates, and deciding on them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.events import record
from kefu.knowledge.drafts import Draft, draft, overwrites
from kefu.knowledge.editing import Change, publish
from kefu.knowledge.items import EditError, parse
from kefu.knowledge.models import EntryVersion, QueuedCandidate, SourceDocument
from kefu.knowledge.publishing import rule_for

OPEN, ACCEPTED, REJECTED = "open", "accepted", "rejected"
READING, READY, FAILED = "reading", "ready", "failed"
#: What was not read by then never will be.
GIVEN_UP = timedelta(hours=2)
#: So long may a document's name be.
NAME = 128
_PHONE = re.compile(r"(?<!\d)\d{7,}(?!\d)")


class NoSuchCandidate(LookupError):
    """There is no such candidate or document."""


class Decided(Exception):
    """Somebody has decided on the candidate already."""


@dataclass(frozen=True)
class Reading:
    """What was found in a document.

    Attributes:
        text: The whole text, in whose characters the candidates' sources count.
        candidates: ``Candidate`` as mappings.
        contradictions: Of each candidate by its place, what it disagrees with.
    """

    text: str
    candidates: Sequence[Mapping[str, Any]]
    contradictions: Mapping[int, list[dict[str, Any]]]


def receive(session: Session, name: str, kind: str, content: bytes, by: str) -> tuple[SourceDocument, bool]:
    """Takes a document in; gives it, and whether it is new. One that could not be read may come again."""
    digest = hashlib.sha256(content).hexdigest()
    known = session.scalar(select(SourceDocument).filter_by(digest=digest))
    if known is not None and state_of(known) != FAILED:
        return known, False
    document = known or SourceDocument(digest=digest)
    document.name, document.kind, document.by = name[-NAME:], kind, by
    document.state, document.error, document.at = READING, None, utcnow()
    session.add(document)
    session.flush()
    return document, True


def state_of(document: SourceDocument) -> str:
    """How reading a document goes; one whose reader was ended with its console has failed."""
    stuck = document.state == READING and document.at < utcnow() - GIVEN_UP
    return FAILED if stuck else document.state


def fail(session: Session, document_id: int, error: str) -> None:
    """Notes that a document could not be read."""
    document = _document(session, document_id)
    document.state, document.error = FAILED, error[:1000]
    record(session, "document.failed", document=document_id)


def enqueue(session: Session, document_id: int, reading: Reading) -> int:
    """Puts what a document suggests into the queue; gives how many candidates these are."""
    document = _document(session, document_id)
    document.text, document.state = reading.text, READY
    for place, data in enumerate(reading.candidates):
        session.add(
            QueuedCandidate(
                document_id=document.id, kind=data["kind"], name=data["name"][:255], data=dict(data),
                confidence=float(data["confidence"]), contradicts=reading.contradictions.get(place, []),
            )
        )  # fmt: skip
    record(session, "document.read", document=document.id, candidates=len(reading.candidates))
    return len(reading.candidates)


def candidates(
    session: Session,
    state: str = OPEN,
    kind: str = "",
    document: int | None = None,
    limit: int = 50,
    start: int = 0,
) -> tuple[list[QueuedCandidate], int]:
    """A page of the queue, the surest first, and how many there are."""
    query = select(QueuedCandidate).filter_by(state=state)
    query = query.filter_by(kind=kind) if kind else query
    query = query.filter_by(document_id=document) if document else query
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    order = query.order_by(QueuedCandidate.confidence.desc(), QueuedCandidate.id)
    return list(session.scalars(order.limit(limit).offset(start))), total


def candidate(session: Session, candidate_id: int) -> QueuedCandidate:
    """One candidate.

    Raises:
        NoSuchCandidate: There is none.
    """
    row = session.get(QueuedCandidate, candidate_id)
    if row is None:
        raise NoSuchCandidate(str(candidate_id))
    return row


def documents(session: Session, limit: int = 50) -> list[tuple[SourceDocument, int]]:
    """The newest documents, each with how many of its candidates are open."""
    query = select(QueuedCandidate.document_id, func.count()).filter_by(state=OPEN)
    counts = dict(session.execute(query.group_by(QueuedCandidate.document_id)).all())
    found = session.scalars(select(SourceDocument).order_by(SourceDocument.id.desc()).limit(limit))
    return [(document, counts.get(document.id, 0)) for document in found]


def accept(
    session: Session, candidate_id: int, change: Change, by: str, parts: Iterable[int] = (), note: str = ""
) -> EntryVersion:
    """Publishes a candidate as the reviewer wants it; what went into it is decided with it.

    Args:
        session: A transaction that has not written yet.
        candidate_id: Of the candidate.
        change: What to put.
        by: The reviewer.
        parts: Other candidates of the same document that it holds.
        note: Why.

    Raises:
        NoSuchCandidate, Decided: There is none to decide on.
        EditError, EntryChanged: As ``publish``.
    """
    row = candidate(session, candidate_id)
    source = row.data.get("source") or {}
    named = " # ".join(filter(None, (source.get("document"), source.get("heading"))))[:255]
    origin = {**change.origin, "candidate": row.id, "document": row.document_id}
    change = Change(
        change.action, change.ref, change.seen, change.kind, change.line, change.content,
        "" if change.ref else named, origin,
    )  # fmt: skip
    version = publish(session, [change], by, note)[-1]
    ids = {row.id, *(part for part in parts if _of_document(session, part, row.document_id))}
    _decide(session, ids, row.id, {"state": ACCEPTED, "ref": version.ref}, by)
    record(session, "candidate.accepted", candidate=row.id, by=by, ref=version.ref)
    return version


def reject(session: Session, candidate_id: int, reason: str, by: str) -> QueuedCandidate:
    """Decides against a candidate.

    Raises:
        NoSuchCandidate, Decided: There is none to decide on.
    """
    row = candidate(session, candidate_id)
    _decide(session, {row.id}, row.id, {"state": REJECTED, "reason": reason[:255]}, by)
    record(session, "candidate.rejected", candidate=row.id, by=by)
    session.refresh(row)
    return row


def publish_by_rule(session: Session, candidate_id: int) -> EntryVersion | None:
    """Publishes a candidate if a rule takes it, and nothing speaks against it; else it waits."""
    row = candidate(session, candidate_id)
    if row.state != OPEN or row.contradicts:
        return None
    kind = _document(session, row.document_id).kind
    rule = rule_for(kind, row.kind, row.confidence)
    if rule is None:
        return None
    made = draft(session, row)
    doubted = any(candidate(session, part).contradicts for part in made.parts)
    if doubted or overwrites(made) or not complete(made):
        return None
    change = Change("put", made.ref, made.seen, made.kind, made.line, made.content)
    return accept(session, row.id, change, f"rule:{rule}", made.parts, rule)


def complete(made: Draft) -> bool:
    """Whether a draft has all that an entry needs."""
    try:
        parse(made.kind, made.content, made.line)
    except EditError:
        return False
    return True


def without_numbers(text: str) -> str:
    """A ticket's text without what may be somebody's phone or order number."""
    return _PHONE.sub("***", text)


def _document(session: Session, document_id: int) -> SourceDocument:
    document = session.get(SourceDocument, document_id)
    if document is None:
        raise NoSuchCandidate(str(document_id))
    return document


def _of_document(session: Session, candidate_id: int, document_id: int) -> bool:
    row = session.get(QueuedCandidate, candidate_id)
    return row is not None and row.document_id == document_id and row.state == OPEN


def _decide(session: Session, ids: set[int], main: int, values: dict[str, Any], by: str) -> None:
    """Of two who decide at once, the second is told."""
    decision = {**values, "decided_by": by, "decided_at": utcnow()}
    for id_ in ids:
        done = session.execute(
            update(QueuedCandidate)
            .where(QueuedCandidate.id == id_, QueuedCandidate.state == OPEN)
            .values(decision)
            .execution_options(synchronize_session=False)
        )
        if id_ == main and not done.rowcount:
            raise Decided(str(id_))
