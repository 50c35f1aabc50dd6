"""What a candidate would be as an entry: a new one, or an addition to one that is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.knowledge.items import MODELS, OF_A_LINE
from kefu.knowledge.models import QueuedCandidate, StoredEntry

#: Parts of other entries, and the kind of entry that takes them.
_PART_OF = {
    "spec": "product", "symptom": "fault", "error_code": "fault", "cause": "fault", "solution": "fault",
    "passage": "faq",
}  # fmt: skip
#: Fields of a candidate's text, by the kind of entry.
_TEXT = {"product": "summary", "function": "summary", "policy": "answer", "faq": "answer"}


@dataclass
class Draft:
    """An entry to be, which may still lack something.

    Attributes:
        kind, line, content: As ``kefu.knowledge.editing.Change`` has them.
        ref: The entry that it adds to; none for a new one.
        seen: That entry's version.
        parts: Ids of other candidates that it holds.
        base: What the entry that it adds to says.
    """

    kind: str
    line: str | None
    content: dict[str, Any]
    ref: str | None = None
    seen: int = 0
    parts: list[int] = field(default_factory=list)
    base: dict[str, Any] | None = None


def draft(session: Session, row: QueuedCandidate) -> Draft:
    """Makes an entry of a candidate and of what belongs to it in the same document."""
    near = _Near(session, row)
    kind = _PART_OF.get(row.kind, row.kind)
    if kind == row.kind:
        made = _whole(near, row, kind)
    else:
        made = _around(near, row, kind)
    made.line = made.line or row.data.get("line") or _line_of(session, made.content.get("products"))
    return _merged(session, made)


class _Near:
    """The other candidates of a document that nobody has decided on."""

    def __init__(self, session: Session, row: QueuedCandidate) -> None:
        found = session.scalars(select(QueuedCandidate).filter_by(document_id=row.document_id, state="open"))
        self._all = [one for one in found if one.id != row.id]

    def targets(self, row: QueuedCandidate, relation: str) -> Iterable[tuple[str, QueuedCandidate | None]]:
        """What a candidate is related to: name, and candidate where it is one."""
        for one in row.data.get("relations", ()):
            if one["relation"] == relation:
                yield one["target_name"], self._named(one["target_kind"], one["target_name"])

    def sources(self, row: QueuedCandidate, relation: str, kind: str) -> list[QueuedCandidate]:
        """Candidates that are related to this one."""
        wanted = (relation, row.kind, row.name)
        return [
            other
            for other in self._all
            if other.kind == kind
            and any(
                (one["relation"], one["target_kind"], one["target_name"]) == wanted
                for one in other.data.get("relations", ())
            )
        ]

    def _named(self, kind: str, name: str) -> QueuedCandidate | None:
        return next((one for one in self._all if (one.kind, one.name) == (kind, name)), None)


def _whole(near: _Near, row: QueuedCandidate, kind: str) -> Draft:
    data, parts = row.data, []
    title = "question" if kind == "faq" else "name"
    content: dict[str, Any] = {title: row.name}
    if kind in _TEXT:
        quote = (data.get("source") or {}).get("quote", "") if kind in ("policy", "faq") else ""
        content[_TEXT[kind]] = data.get("body") or "\n".join(data.get("steps") or ()) or quote
    said = {"faq": "also", "policy": "topics", "fault": "symptoms"}.get(kind, "aliases")
    content[said] = list(data.get("aliases") or ())
    products = list(data.get("products") or ())
    if kind in ("function", "fault", "faq"):
        content["products"] = products
    if kind == "policy":
        content["applies_to"] = products or [data["line"]] * bool(data.get("line"))
    if kind == "faq" and data.get("line") and not products:
        content["line"] = data["line"]
    if kind == "function":
        content["how_to"] = list(data.get("steps") or ())
    if kind == "product":
        content["title"] = row.name
        for spec in near.sources(row, "describes", "spec"):
            content.setdefault("specs", {})[spec.name] = value_of(spec.data)
            parts.append(spec.id)
    if kind == "fault":
        parts += _fill_fault(near, row, content)
    return Draft(kind, data.get("line"), _filled(content), parts=parts)


def _fill_fault(near: _Near, row: QueuedCandidate, content: dict[str, Any]) -> list[int]:
    parts = []
    for relation, name in (("shows", "symptoms"), ("reports", "error_codes")):
        for target, part in near.targets(row, relation):
            content.setdefault(name, []).append(target)
            parts += [part.id] if part else []
    if not content.get("symptoms"):  # customers name the fault itself
        content["symptoms"] = [row.name]
    for target, cause in near.targets(row, "caused_by"):
        solutions = list(near.targets(cause, "solved_by")) if cause else []
        parts += [part.id for part in [cause, *(part for _, part in solutions)] if part]
        solution, found = solutions[0] if solutions else ("", None)
        steps = list((found or cause or row).data.get("steps") or ()) if solutions else []
        content.setdefault("causes", []).append(
            {"cause": target, "solution": solution, "steps": steps or [solution] * bool(solution)}
        )
    if not content.get("causes") and row.data.get("steps"):
        content["causes"] = [{"cause": "", "solution": "", "steps": list(row.data["steps"])}]
    for target, part in near.targets(row, "concerns"):
        content["function"] = target
        parts += [part.id] if part else []
    return parts


def _around(near: _Near, row: QueuedCandidate, kind: str) -> Draft:
    """A part goes into the entry that the document relates it to."""
    data = row.data
    if row.kind == "passage":
        return Draft("faq", data.get("line"), _filled({"question": row.name, "answer": data.get("body")}))
    if row.kind == "spec":
        targets = [name for name, _ in near.targets(row, "describes")] or list(data.get("products") or ())
        content = {"name": targets[0] if targets else "", "specs": {row.name: value_of(data)}}
        return Draft(kind, data.get("line"), _filled(content))
    relation = {"symptom": "shows", "error_code": "reports", "cause": "caused_by"}.get(row.kind)
    faults = near.sources(row, relation, "fault") if relation else []
    if row.kind == "solution":
        causes = near.sources(row, "solved_by", "cause")
        faults = [fault for cause in causes for fault in near.sources(cause, "caused_by", "fault")]
    if faults:
        made = _whole(near, faults[0], kind)
        made.parts.append(faults[0].id)
        return made
    content: dict[str, Any] = {"products": list(data.get("products") or ())}
    if row.kind in ("symptom", "error_code"):
        content[{"symptom": "symptoms", "error_code": "error_codes"}[row.kind]] = [row.name]
    else:
        solutions = [name for name, _ in near.targets(row, "solved_by")]
        cause, solution = (row.name, "".join(solutions[:1])) if row.kind == "cause" else ("", row.name)
        content["causes"] = [{"cause": cause, "solution": solution, "steps": list(data.get("steps") or ())}]
    return Draft(kind, data.get("line"), _filled(content))


def value_of(data: dict[str, Any]) -> str:
    """A spec's value with its unit, as its document writes it."""
    value, unit = data.get("value") or data.get("body") or "", data.get("unit") or ""
    return f"{value} {unit}" if unit and unit.isascii() and unit.isalpha() else f"{value}{unit}"


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value not in (None, "", [], {})}


def _line_of(session: Session, products: Iterable[str] | None) -> str | None:
    refs = [f"product:{name}" for name in products or ()]
    return (
        session.scalar(select(StoredEntry.line).where(StoredEntry.ref.in_(refs)).limit(1)) if refs else None
    )


def _merged(session: Session, made: Draft) -> Draft:
    name = made.content.get("question" if made.kind == "faq" else "name")
    if not name or made.kind not in MODELS:
        return made
    query = select(StoredEntry).filter_by(kind=made.kind, name=name).where(StoredEntry.content.is_not(None))
    if made.kind in OF_A_LINE and made.kind != "product" and made.line:
        query = query.filter_by(line=made.line)
    row = session.scalar(query.limit(1))
    return into(made, row) if row else made


def into(made: Draft, row: StoredEntry) -> Draft:
    """A draft as an addition to an entry: what that says stays, and what it lacks is added."""
    content = union(row.content, made.content) if row.kind == made.kind else dict(row.content)
    return Draft(row.kind, row.line, content, row.ref, row.version, made.parts, row.content)


def overwrites(made: Draft) -> bool:
    """Whether a draft says otherwise what its entry says already."""
    specs = (made.base or {}).get("specs") or {}
    return any(specs.get(name, value) != value for name, value in made.content.get("specs", {}).items())


def union(kept: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both contents: lists are joined, of two values of one spec ``more`` counts, of two texts ``kept``."""
    result = dict(kept)
    for name, value in more.items():
        have = result.get(name)
        if have in (None, "", []):
            result[name] = value
        elif isinstance(have, list):
            result[name] = have + [one for one in value if not _held(one, have)]
        elif isinstance(have, dict):
            result[name] = {**have, **value}
    return result


def _held(one: Any, have: list[Any]) -> bool:
    if isinstance(one, dict):  # a cause
        return any(one.get("cause") == other.get("cause") for other in have)
    return one in have
