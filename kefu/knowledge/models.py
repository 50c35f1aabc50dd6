"""Tables of the knowledge graph: nodes, edges and the names that lead to them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)

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
    """One state of the graph; the newest row counts.

    Attributes:
        fingerprint: Of ``data/knowledge/`` as it was read last.
        whole: The files were read, or so much was changed that the graph was written anew; else only the
            entries whose versions name the edition have changed.
    """

    __tablename__ = "knowledge_editions"

    id = Column(Integer, primary_key=True)
    fingerprint = Column(String(64), nullable=False)
    loaded_at = Column(DateTime, nullable=False, default=utcnow)
    whole = Column(Boolean, nullable=False, default=True)


class StoredEntry(Base):
    """An entry as it counts: what the console says of it or, where that says nothing, its file.

    Attributes:
        ref: That of its main node, ``kind:key``.
        line: Name of the product line that a product, function or fault belongs to.
        text: Everything that it says, for finding it by words.
        content: As it would stand in YAML; none when it was removed in the console.
        source: File below the knowledge folder, the document that suggested it, or ``console``.
        base: What its file says now; none for an entry made in the console.
        basis: Hash of what its file said when it was edited in the console; if that has changed since, both
            were edited.
        layered: Whether the console says something.
        problem: Why what the console says cannot be used with the files as they are now.
        version: Number of its newest version; who edits names the one they saw.
        position: Its place in the files.
    """

    __tablename__ = "knowledge_entries"

    ref = Column(String(280), primary_key=True)
    kind = Column(String(16), nullable=False, index=True)
    line = Column(String(64))
    name = Column(String(255), nullable=False)
    text = Column(Text, nullable=False, default="")
    content = Column(JSON(none_as_null=True))
    source = Column(String(255), nullable=False)
    base = Column(JSON(none_as_null=True))
    basis = Column(String(64))
    layered = Column(Boolean, nullable=False, default=False, index=True)
    problem = Column(Text)
    version = Column(Integer, nullable=False, default=0)
    position = Column(Integer, nullable=False, default=0)
    changed_at = Column(DateTime)


class EntryVersion(Base):
    """What the console once said of an entry; never changed, never deleted.

    Attributes:
        number: 1, 2, ... of each entry.
        action: ``put``, ``remove``, or ``files``: from then on its file is believed again.
        content: Of ``put``.
        by: Who, as ``account:7``, or ``rule:`` with the rule's name.
        origin: What it was made from: ``{"candidate", "document"}`` or ``{"restores"}``.
    """

    __tablename__ = "knowledge_versions"
    __table_args__ = (UniqueConstraint("ref", "number"),)

    id = Column(Integer, primary_key=True)
    ref = Column(String(280), nullable=False)
    number = Column(Integer, nullable=False)
    edition_id = Column(ForeignKey("knowledge_editions.id"), nullable=False, index=True)
    action = Column(String(8), nullable=False)
    kind = Column(String(16), nullable=False)
    line = Column(String(64))
    content = Column(JSON(none_as_null=True))
    at = Column(DateTime, nullable=False, default=utcnow)
    by = Column(String(64), nullable=False)
    note = Column(String(255), nullable=False, default="")
    origin = Column(JSON, nullable=False, default=dict)


class SourceDocument(Base):
    """A text that candidates come from, kept so that they can be shown in it.

    Attributes:
        name: The file's name or the ticket's number.
        kind: ``manual`` or ``ticket``.
        digest: SHA-256 of the file, so that one brought twice is known.
        state: ``reading``, ``ready`` or ``failed``, then with why.
    """

    __tablename__ = "knowledge_documents"

    id = Column(Integer, primary_key=True)
    name = Column(String(255), nullable=False)
    kind = Column(String(16), nullable=False)
    digest = Column(String(64), nullable=False, unique=True)
    text = Column(Text, nullable=False, default="")
    state = Column(String(16), nullable=False, default="reading")
    error = Column(Text)
    at = Column(DateTime, nullable=False, default=utcnow)
    by = Column(String(64), nullable=False)


class QueuedCandidate(Base):
    """Something that a document suggests, until a rule or a reviewer decides on it.

    Attributes:
        data: ``kefu.knowledge.extraction.candidates.Candidate`` as a mapping.
        state: ``open``, ``accepted`` or ``rejected``.
        contradicts: What it disagrees with: ``{"subject", "attribute", "sides"}`` each.
        decided_by: As in ``EntryVersion.by``.
        ref: The entry that it went into.
    """

    __tablename__ = "knowledge_candidates"
    __table_args__ = (Index("ix_knowledge_candidates_state", "state", "id"),)

    id = Column(Integer, primary_key=True)
    document_id = Column(ForeignKey("knowledge_documents.id"), nullable=False, index=True)
    kind = Column(String(16), nullable=False)
    name = Column(String(255), nullable=False)
    data = Column(JSON, nullable=False)
    confidence = Column(Float, nullable=False)
    contradicts = Column(JSON, nullable=False, default=list)
    state = Column(String(16), nullable=False, default="open")
    reason = Column(String(255))
    decided_by = Column(String(64))
    decided_at = Column(DateTime)
    ref = Column(String(280))


class UnansweredQuestion(Base):
    """A question that no entry answered with confidence, for the company's editors."""

    __tablename__ = "unanswered_questions"

    id = Column(Integer, primary_key=True)
    asked_at = Column(DateTime, nullable=False, default=utcnow, index=True)
    text = Column(Text, nullable=False)
    customer = Column(String(128), index=True)
    best_node = Column(String(280))
    score = Column(Integer, nullable=False, default=0)
