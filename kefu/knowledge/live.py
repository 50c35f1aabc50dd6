"""The names of the newest edition, for understanding."""

from __future__ import annotations

import logging

from kefu.db import migrate
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.load import load
from kefu.knowledge.matcher import NameMatcher
from kefu.knowledge.service import edition, read_graph
from kefu.knowledge.snapshot import Snapshot

logger = logging.getLogger(__name__)


class _Live(Snapshot[NameMatcher]):
    """The matcher in use. Messages are understood on Rasa's event loop, which must not wait for another."""

    def prepare(self) -> None:
        # `rasa train` on a fresh checkout comes here first: make the graph that it reads.
        migrate()
        try:
            load()
        except KnowledgeError as error:
            if edition() is None:
                raise
            logger.error("knowledge.load.failure: %s; the edition loaded before serves", error)

    def newest(self) -> int | None:
        return edition()

    def build(self) -> tuple[int | None, NameMatcher]:
        number, graph = read_graph()
        return number, NameMatcher(graph)


name_matcher = _Live()
