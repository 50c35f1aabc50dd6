"""The names of the newest edition, for understanding."""

from __future__ import annotations

import logging
import threading
import time

from kefu.db import migrate
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.load import load
from kefu.knowledge.matcher import NameMatcher
from kefu.knowledge.service import edition, read_graph

logger = logging.getLogger(__name__)

_RECHECK_SECONDS = 1.0


class _Live:
    """Builds a matcher when there is a newer edition; meanwhile the old one serves."""

    def __init__(self) -> None:
        self._matcher: NameMatcher | None = None
        self._edition: int | None = None
        self._checked = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> NameMatcher:
        if self._matcher and time.monotonic() - self._checked < _RECHECK_SECONDS:
            return self._matcher
        with self._lock:
            if self._matcher is None:
                # `rasa train` on a fresh checkout comes here first: make the graph that it reads.
                migrate()
                try:
                    load()
                except KnowledgeError as error:
                    if edition() is None:
                        raise
                    logger.error("knowledge.load.failure: %s; the edition loaded before serves", error)
            if self._matcher is None or edition() != self._edition:
                self._edition, graph = read_graph()
                self._matcher = NameMatcher(graph)
            self._checked = time.monotonic()
            return self._matcher


name_matcher = _Live()
