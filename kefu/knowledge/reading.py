"""``python -m kefu.knowledge.reading ID FILE KIND``: reads a document and queues what it suggests.

A process of its own: a large manual takes a minute and much memory, and must not hold up who serves people.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kefu.db import session_scope
from kefu.knowledge import review
from kefu.knowledge.editing import EntryChanged
from kefu.knowledge.graph import Graph
from kefu.knowledge.items import EditError
from kefu.knowledge.models import QueuedCandidate
from kefu.knowledge.review import Reading
from kefu.knowledge.service import read_graph

if TYPE_CHECKING:
    from kefu.knowledge.extraction.candidates import Candidate
    from kefu.knowledge.fusion import Contradiction

logger = logging.getLogger(__name__)

#: Reads a file of a kind of document against the graph.
Reader = Callable[[Path, str, Graph], Reading]


class Unreadable(ValueError):
    """A document cannot be read; the message says why."""


def read_into(document_id: int, path: Path, kind: str, reader: Reader) -> int:
    """Reads a document and queues what it suggests; a rule may publish some of it at once.

    Returns:
        How many candidates it has.
    """
    try:
        reading = reader(path, kind, read_graph()[1])
    except Unreadable as error:
        with session_scope() as session:
            review.fail(session, document_id, str(error))
        return 0
    with session_scope() as session:
        count = review.enqueue(session, document_id, reading)
    _publish_by_rules(document_id)
    return count


def extracted(path: Path, kind: str, graph: Graph) -> Reading:
    """What extraction finds in a document, with what contradicts the graph.

    Args:
        path: The file; of a ticket what ``kefu.console.readers.solved_tickets`` tells.
        kind: ``manual`` or ``ticket``.
        graph: What is known.

    Raises:
        Unreadable: The file is broken, scanned, or of an unknown format.
    """
    from kefu.knowledge import fusion
    from kefu.knowledge.extraction import service
    from kefu.knowledge.extraction.documents import DocumentError

    try:
        document = _ticket(path) if kind == "ticket" else service.read(path)
    except DocumentError as error:
        raise Unreadable(str(error)) from error
    found = fusion.merge(service.extract(document, graph))
    told = fusion.contradictions(found, graph)
    return Reading(document.text, [asdict(one) for one in found], _contradictions(found, told))


def _contradictions(
    found: Sequence[Candidate], told: Iterable[Contradiction]
) -> dict[int, list[dict[str, Any]]]:
    """What each candidate disagrees with, by its place."""
    against: dict[int, list[dict[str, Any]]] = {}
    for one in told:
        sides = [{"value": side.said, "source": side.document, "quote": side.quote} for side in one.sides]
        quotes = {(side.document, side.quote) for side in one.sides}
        for place, candidate in enumerate(found):
            concerns = candidate.kind in ("spec", "policy")
            if concerns and (candidate.source.document, candidate.source.quote) in quotes:
                shown = {"subject": one.subject, "attribute": one.attribute, "sides": sides}
                against.setdefault(place, []).append(shown)
    return against


def _ticket(path: Path) -> Any:
    from kefu.knowledge.extraction.service import ticket_document

    told = json.loads(path.read_text("utf-8"))
    subject = " ".join(filter(None, (told["line"], told["product"], told["function"])))
    return ticket_document(told["number"], subject, told["description"], told["notes"])


def _publish_by_rules(document_id: int) -> None:
    with session_scope() as session:
        ids = [
            row.id
            for row in session.query(QueuedCandidate).filter_by(document_id=document_id, state=review.OPEN)
        ]
    for candidate_id in ids:
        try:
            with session_scope() as session:
                review.publish_by_rule(session, candidate_id)
        except (EditError, EntryChanged, review.Decided) as error:  # it waits for a reviewer
            logger.info("candidate.not_published: %s %s", candidate_id, type(error).__name__)


def main(arguments: list[str]) -> int:
    """Reads one document; whatever happens, its state says so."""
    document_id, path, kind = int(arguments[0]), Path(arguments[1]), arguments[2]
    try:
        read_into(document_id, path, kind, extracted)
    except Exception as error:  # the process's boundary: nobody else would ever hear of it
        logger.exception("document.read.failure")
        with session_scope() as session:
            review.fail(session, document_id, type(error).__name__)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
