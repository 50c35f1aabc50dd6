"""``python -m kefu.knowledge.reading ID FILE KIND``: reads a document and queues what it suggests.

A process of its own: a large manual takes a minute and much memory, and must not hold up who serves people.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from kefu.db import session_scope
from kefu.knowledge import review
from kefu.knowledge.editing import EntryChanged
from kefu.knowledge.graph import Graph
from kefu.knowledge.items import EditError
from kefu.knowledge.models import QueuedCandidate
from kefu.knowledge.review import Reading
from kefu.knowledge.service import read_graph

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
        from kefu.knowledge.extraction_reader import read

        read_into(document_id, path, kind, read)
    except Exception as error:  # the process's boundary: nobody else would ever hear of it
        logger.exception("document.read.failure")
        with session_scope() as session:
            review.fail(session, document_id, type(error).__name__)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
