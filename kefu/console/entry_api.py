"""Routes on the entries of the knowledge: the list, one of them, publishing, versions, going back."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import constr
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.refusals import Refusal
from kefu.console.ticket_api import names
from kefu.console.uploads import upload
from kefu.knowledge import catalogue, coverage, editing, exchange, versions
from kefu.knowledge.categories import rules
from kefu.knowledge.editing import Change
from kefu.knowledge.load import is_conflict
from kefu.knowledge.models import EntryVersion, StoredEntry
from kefu.knowledge.schema import URGENCIES

router = APIRouter(prefix="/api")

Ref = constr(min_length=3, max_length=280)
Note = constr(strip_whitespace=True, max_length=255)


class Seen(Body):
    """An entry as the editor saw it; if it has been changed since, they are told so."""

    ref: Ref
    seen: int
    note: Note = ""


class Put(Body):
    """An entry to publish; without ``ref`` a new one."""

    kind: constr(max_length=16)
    line: constr(max_length=64) | None = None
    content: dict[str, Any]
    ref: Ref | None = None
    seen: int = 0
    note: Note = ""

    def change(self) -> Change:
        """As the knowledge takes it."""
        return Change("put", self.ref, self.seen, self.kind, self.line, self.content)


class Restore(Seen):
    """Back to a version; 0 is what the files say."""

    number: int


class RollBack(Body):
    """Why everything goes back."""

    note: Note = ""


@router.get("/entries")
def list_entries(
    kind: str = Query("", max_length=16),
    line: str = Query("", max_length=64),
    text: str = Query("", max_length=64),
    state: Literal["", "edited", "conflict", "removed", "dead", "unused"] = "",
    page: int = Query(1, ge=1, le=10_000),
    size: int = Query(20, ge=1, le=100),
    me: Me = allowed("knowledge"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """A page of the entries that pass the filters, with how they fare."""
    use = coverage.use(session)
    wanted = catalogue.Wanted(kind, line, text.strip(), state)
    found, total = catalogue.find(session, wanted, use, (page - 1) * size, size)
    return {"entries": [_short(row, use.get(row.ref)) for row in found], "total": total}


@router.get("/entries/one")
def one_entry(
    ref: str = Query("", max_length=280), me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """One entry with all its versions."""
    return _whole(session, ref)


@router.get("/entries/choices")
def choices(me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """What entries may refer to."""
    found = session.execute(
        select(StoredEntry.kind, StoredEntry.name, StoredEntry.line)
        .where(
            StoredEntry.kind.in_(("product_line", "product", "function")), StoredEntry.content.is_not(None)
        )
        .order_by(StoredEntry.position)
    ).all()

    def of(kind: str) -> list[dict[str, Any]]:
        return [{"name": name, "line": line} for one, name, line in found if one == kind]

    return {
        "lines": [one["name"] for one in of("product_line")], "products": of("product"),
        "functions": of("function"), "problem_types": rules().problem_types, "urgencies": URGENCIES,
    }  # fmt: skip


@router.post("/entries")
def put_entry(put: Put, me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """Publishes an entry."""
    return _done(session, me, editing.publish(session, [put.change()], _by(me), put.note))


@router.post("/entries/remove")
def remove_entry(
    seen: Seen, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """Takes an entry out of the knowledge; it can be brought back."""
    change = Change(editing.REMOVE, seen.ref, seen.seen)
    return _done(session, me, editing.publish(session, [change], _by(me), seen.note))


@router.post("/entries/undo")
def undo(seen: Seen, me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """Takes an entry's newest change back."""
    return _done(session, me, [versions.undo(session, seen.ref, seen.seen, _by(me))])


@router.post("/entries/restore")
def restore(back: Restore, me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """Lets an entry say again what it said in a version."""
    return _done(
        session, me, [versions.restore(session, back.ref, back.number, back.seen, _by(me), back.note)]
    )


@router.post("/entries/keep")
def keep(seen: Seen, me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """Settles an entry changed in both places: what the console says stays."""
    row = editing.find(session, seen.ref)
    action = editing.PUT if row.content is not None else editing.REMOVE
    if action == editing.REMOVE:
        raise Refusal(409, "removed", "It is removed here.")
    change = Change(action, row.ref, seen.seen, row.kind, row.line, row.content)
    return _done(session, me, editing.publish(session, [change], _by(me), seen.note))


@router.get("/editions")
def editions(me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """The newest states of the whole knowledge."""
    found = [
        {"id": edition.id, "at": views.moment(edition.loaded_at), "entries": count}
        for edition, count in versions.editions(session)
    ]
    return {"editions": found}


@router.post("/editions/{edition_id}/roll-back")
def roll_back(
    edition_id: int, back: RollBack, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """Lets the console say again all that it said in an edition."""
    made = versions.roll_back(session, edition_id, _by(me), back.note)
    accounts.audit(session, me, "knowledge.rolled_back", f"edition:{edition_id}", entries=len(made))
    return {"entries": len(made)}


@router.get("/entries/export")
def export(
    form: Literal["csv", "yaml"] = "csv", me: Me = allowed("knowledge"), session: Session = transaction()
) -> Response:
    """All questions as CSV, or the files that edits concern as YAML in a ZIP."""
    accounts.audit(session, me, "knowledge.exported", form)
    if form == "csv":
        content, kind, name = exchange.export_csv(session).encode(), "text/csv; charset=utf-8", "faq.csv"
    else:
        content, kind, name = exchange.export_files(session), "application/zip", "knowledge.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=headers)


@router.post("/entries/import")
def import_entries(
    name: str = Query("entries.yml", max_length=255),
    sure: bool = False,
    me: Me = allowed("knowledge"),
    file: bytes = upload(),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Says what a file of entries would change; with ``sure`` and without mistakes, changes it."""
    found = exchange.preview(session, name, file)
    published = sure and not found.mistakes and bool(found.changes)
    if published:
        made = editing.publish(session, found.changes, _by(me), f"import {name}"[:255])
        accounts.audit(session, me, "knowledge.imported", "", entries=len(made))
    return {
        "new": found.new, "changed": found.changed, "same": found.same, "published": published,
        "mistakes": [vars(mistake) for mistake in found.mistakes[:200]],
    }  # fmt: skip


def _by(me: Me) -> str:
    return f"account:{me.id}"


def _done(session: Session, me: Me, made: list[EntryVersion]) -> dict[str, Any]:
    version = made[-1]
    accounts.audit(session, me, f"entry.{version.action}", version.ref[:96], version=version.number)
    session.flush()
    return _whole(session, version.ref)


def _short(row: StoredEntry, use: coverage.Use | None) -> dict[str, Any]:
    use = use or coverage.Use()
    return {
        "ref": row.ref, "kind": row.kind, "line": row.line, "name": row.name, "source": row.source,
        "version": row.version, "edited": row.layered, "removed": row.content is None,
        "conflict": is_conflict(row), "problem": row.problem, "dead": coverage.is_dead(row),
        "changed_at": views.moment(row.changed_at), "asked": use.asked, "answered": use.answered,
        "helped": use.helped, "last_at": views.moment(use.last_at),
    }  # fmt: skip


def _whole(session: Session, ref: str) -> dict[str, Any]:
    row = editing.find(session, ref)
    known = names(session)
    history = [
        {
            "number": one.number, "action": one.action, "content": one.content, "note": one.note,
            "at": views.moment(one.at), "by": known.get(one.by, one.by), "origin": one.origin,
            "edition": one.edition_id,
        }
        for one in versions.history(session, ref)
    ]  # fmt: skip
    use = coverage.use(session).get(ref)
    whole = {"content": row.content, "base": row.base, "versions": history}
    return {"entry": {**_short(row, use), **whole}}
