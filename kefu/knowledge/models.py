"""Tables of the knowledge graph: nodes, edges and the names that lead to them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from kefu.db import Base, utcnow

#: What a node can be. A passage is one section of a manual, a spec one line of a product's specification.
KINDS = (
    "product_line", "product", "function", "fault", "symptom", "error_code", "cause", "solution",
    "policy", "faq", "spec", "passage",
)  # fmt: skip

#: What an edge can say: ``source relation target``.
RELATIONS = (
    "in_line", "has_function", "affects", "concerns", "shows", "reports", "caused_by", "solved_by",
    "applies_to", "about", "describes",
)  # fmt: skip


class Node(Base):
    """One thing that the company knows about.

    Attributes:
        kind: One of ``KINDS``.
        key: Unique within the kind: the name, prefixed by its line where names repeat over lines.
        name: As shown to customers.
        body: The text that answers (summary, answer, steps joined by line breaks).
        data: Everything else of the entry, as written in ``data/knowledge/``.
        source: File below the knowledge folder, with the section for manuals.
    """

    __tablename__ = "knowledge_nodes"
    __table_args__ = (UniqueConstraint("kind", "key"),)

    id = Column(Integer, primary_key=True)
    kind = Column(String(16), nullable=False)
    key = Column(String(255), nullable=False)
    name = Column(String(255), nullable=False)
    english = Column(String(255))
    body = Column(Text, nullable=False, default="")
    data = Column(JSON, nullable=False, default=dict)
    source = Column(String(255), nullable=False)


class Edge(Base):
    """``source`` stands in ``relation`` to ``target``; ``position`` keeps the order of causes and steps."""

    __tablename__ = "knowledge_edges"
    __table_args__ = (
        Index("ix_knowledge_edges_source", "source_id", "relation"),
        Index("ix_knowledge_edges_target", "target_id", "relation"),
    )

    id = Column(Integer, primary_key=True)
    source_id = Column(ForeignKey("knowledge_nodes.id", ondelete="CASCADE"), nullable=False)
    relation = Column(String(16), nullable=False)
    target_id = Column(ForeignKey("knowledge_nodes.id", ondelete="CASCADE"), nullable=False)
    position = Column(Integer, nullable=False, default=0)


class Alias(Base):
    """Another way to say a node's name; the name itself is one of them."""

    __tablename__ = "knowledge_aliases"

    id = Column(Integer, primary_key=True)
    node_id = Column(ForeignKey("knowledge_nodes.id", ondelete="CASCADE"), nullable=False, index=True)
    text = Column(String(255), nullable=False)


class Edition(Base):
    """Which state of ``data/knowledge/`` the graph holds; the newest row counts."""

    __tablename__ = "knowledge_editions"

    id = Column(Integer, primary_key=True)
    fingerprint = Column(String(64), nullable=False)
    loaded_at = Column(DateTime, nullable=False, default=utcnow)


class UnansweredQuestion(Base):
    """A question that no entry answered with confidence, for the company's editors."""

    __tablename__ = "unanswered_questions"

    id = Column(Integer, primary_key=True)
    asked_at = Column(DateTime, nullable=False, default=utcnow, index=True)
    text = Column(Text, nullable=False)
    customer = Column(String(128), index=True)
    best_node = Column(String(280))
    score = Column(Integer, nullable=False, default=0)
