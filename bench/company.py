"""The company's own knowledge, asked as the assistant asks it."""

from __future__ import annotations

from bench.corpora import Query, mentions_of
from kefu.config import settings
from kefu.db import migrate
from kefu.knowledge.entries import Catalog
from kefu.knowledge.load import load
from kefu.knowledge.matcher import NameMatcher
from kefu.knowledge.service import read_graph
from kefu.knowledge.trust import Decision, decide


class Company:
    """One edition, loaded from the knowledge folder."""

    def __init__(self) -> None:
        """Loads what changed and builds the index."""
        migrate()
        load()
        _, graph = read_graph()
        self.catalog = Catalog(graph, settings().var_dir / "embeddings")
        self.matcher = NameMatcher(graph)

    def decide(self, query: Query) -> Decision:
        """What the assistant would say."""
        mentions = mentions_of(query, self.catalog, self.matcher)
        return decide(self.catalog, query.text, mentions, query.intent)
