"""The names of the newest edition, for understanding."""

from __future__ import annotations

import logging

from kefu.db import migrate
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.graph import Graph
from kefu.knowledge.load import load
from kefu.knowledge.matcher import ENTITY_OF_KIND, NameMatcher
from kefu.knowledge.service import edition, read_graph
from kefu.knowledge.snapshot import Snapshot

logger = logging.getLogger(__name__)


class _Live(Snapshot[NameMatcher]):
    """The matcher in use. Messages are understood on Rasa's event loop, which must not wait for another.

    Attributes:
        graph: What the matcher was built from, or a later one with the same names.
    """

    graph: Graph | None = None

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
        before = self.graph
        number, self.graph = read_graph((self.edition, before) if before else None)
        if self.value and before and _named(before) == _named(self.graph):
            return number, self.value
        return number, NameMatcher(self.graph)


def _named(graph: Graph) -> list[tuple]:
    """All that a matcher is made of."""
    return [
        (fact.ref, fact.name, fact.english, fact.names)
        for kind in ENTITY_OF_KIND
        for fact in graph.of_kind(kind)
    ]


name_matcher = _Live()
