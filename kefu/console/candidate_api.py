"""Routes on documents and what they suggest: bringing them, looking at candidates, deciding."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query
from pydantic import conlist, constr
from sqlalchemy.orm import Session

from kefu.console import accounts, readers, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.entry_api import Put, Ref
from kefu.console.guard import allowed, transaction
from kefu.console.refusals import Refusal
from kefu.console.suggestions import suggest
from kefu.console.ticket_api import names
from kefu.console.uploads import upload
from kefu.db import session_scope
from kefu.knowledge import drafts, editing, review
from kefu.knowledge.models import QueuedCandidate, SourceDocument

router = APIRouter(prefix="/api")

#: So much of a document's text is shown around a candidate, in characters.
_AROUND = 700


class Accept(Put):
    """A candidate as it is to be published."""

    parts: conlist(int, max_items=200) = []


class Reject(Body):
    """Why a candidate is not taken."""

    reason: constr(strip_whitespace=True, min_length=1, max_length=255)


class Into(Body):
    """The entry that a candidate is to be added to."""

    ref: Ref


@router.get("/documents")
def list_documents(me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """The newest documents with how many of their candidates wait."""
    known = names(session)
    return {"documents": [_document(one, open_, known) for one, open_ in review.documents(session)]}


@router.post("/documents")
def bring_document(
    name: str = Query("manual.md", min_length=1, max_length=255),
    me: Me = allowed("knowledge"),
    file: bytes = upload(),
) -> dict[str, Any]:
    """Takes a manual in; it is read in a process of its own."""
    if not name.lower().endswith(readers.ENDINGS):
        raise Refusal(422, "format", f"Only {', '.join(readers.ENDINGS)} can be read.", "name")
    with session_scope() as session:
        document, new = review.receive(session, name, "manual", file, f"account:{me.id}")
        accounts.audit(session, me, "document.brought", f"document:{document.id}", new=new)
    if new:
        readers.start(document.id, name, file, "manual")
    return {"document": _document(document, 0, {}), "new": new}


@router.post("/documents/tickets")
def bring_tickets(me: Me = allowed("knowledge")) -> dict[str, Any]:
    """Takes in what solved tickets tell, as far as that was not done before."""
    brought = 0
    for name, content in readers.solved_tickets():
        with session_scope() as session:
            document, new = review.receive(session, name, "ticket", content, f"account:{me.id}")
        if new:
            brought += 1
            readers.start(document.id, f"{name}.json", content, "ticket")
    with session_scope() as session:
        accounts.audit(session, me, "tickets.brought", "", tickets=brought)
    return {"documents": brought}


@router.get("/candidates")
def list_candidates(
    state: Literal["open", "accepted", "rejected"] = "open",
    kind: str = Query("", max_length=16),
    document: int | None = None,
    page: int = Query(1, ge=1, le=10_000),
    size: int = Query(30, ge=1, le=100),
    me: Me = allowed("knowledge"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """A page of the queue."""
    found, total = review.candidates(session, state, kind, document, size, (page - 1) * size)
    known = names(session)
    return {"candidates": [_candidate(row, known) for row in found], "total": total}


@router.get("/candidates/{candidate_id}")
def one_candidate(
    candidate_id: int, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """A candidate in its text, as the entry that it would be, and what is like it."""
    row = review.candidate(session, candidate_id)
    document = session.get(SourceDocument, row.document_id)
    asked = " ".join(filter(None, (row.name, row.data.get("body"))))[:300]
    return {
        "candidate": _candidate(row, names(session)),
        "data": row.data,
        "place": _place(document, row.data.get("source") or {}),
        "draft": _draft(drafts.draft(session, row)),
        "contradicts": row.contradicts,
        "similar": suggest(asked, "zh"),
    }


@router.post("/candidates/{candidate_id}/into")
def draft_into(
    candidate_id: int, into: Into, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """A candidate as an addition to an entry; nothing is changed."""
    made = drafts.draft(session, review.candidate(session, candidate_id))
    row = editing.find(session, into.ref)
    if row.content is None:
        raise Refusal(409, "removed", "The entry is removed.", "ref")
    return {"draft": _draft(drafts.into(made, row))}


@router.post("/candidates/{candidate_id}/accept")
def accept(
    candidate_id: int, accepted: Accept, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """Publishes a candidate as the reviewer wants it."""
    by, note = f"account:{me.id}", accepted.note
    version = review.accept(session, candidate_id, accepted.change(), by, accepted.parts, note)
    accounts.audit(session, me, "candidate.accepted", f"candidate:{candidate_id}", ref=version.ref)
    return {"ref": version.ref, "version": version.number}


@router.post("/candidates/{candidate_id}/reject")
def reject(
    candidate_id: int, rejected: Reject, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """Decides against a candidate."""
    row = review.reject(session, candidate_id, rejected.reason, f"account:{me.id}")
    accounts.audit(session, me, "candidate.rejected", f"candidate:{candidate_id}")
    return {"candidate": _candidate(row, names(session))}


def _document(document: SourceDocument, open_: int, known: dict[str, str]) -> dict[str, Any]:
    return {
        "id": document.id, "name": document.name, "kind": document.kind, "state": review.state_of(document),
        "error": document.error, "at": views.moment(document.at), "open": open_,
        "by": known.get(document.by, document.by),
    }  # fmt: skip


def _candidate(row: QueuedCandidate, known: dict[str, str]) -> dict[str, Any]:
    source = row.data.get("source") or {}
    return {
        "id": row.id, "kind": row.kind, "name": row.name, "confidence": round(row.confidence, 2),
        "state": row.state, "document": source.get("document", ""), "heading": source.get("heading", ""),
        "contradicted": bool(row.contradicts), "reason": row.reason, "ref": row.ref,
        "by": known.get(row.decided_by, row.decided_by), "at": views.moment(row.decided_at),
    }  # fmt: skip


def _place(document: SourceDocument, source: dict[str, Any]) -> dict[str, str]:
    """The text before, of and behind a candidate's source."""
    text, start, end = document.text, int(source.get("start") or 0), int(source.get("end") or 0)
    if text[start:end] != source.get("quote", text[start:end]):  # never the wrong words
        start = end = 0
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return {"before": text[first:start], "quote": text[start:end], "behind": text[end:last]}


def _draft(made: drafts.Draft) -> dict[str, Any]:
    return {**vars(made), "complete": review.complete(made)}
