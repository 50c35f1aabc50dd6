"""Entries with their versions, documents that suggest entries, and what they suggest."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    op.add_column(
        "knowledge_editions", sa.Column("whole", sa.Boolean, nullable=False, server_default=sa.true())
    )
    # The next load fills the entries: without a known fingerprint the files are read again.
    op.execute("UPDATE knowledge_editions SET fingerprint = ''")
    op.create_table(
        "knowledge_entries",
        sa.Column("ref", sa.String(280), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("line", sa.String(64)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("content", sa.JSON),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("base", sa.JSON),
        sa.Column("basis", sa.String(64)),
        sa.Column("layered", sa.Boolean, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime),
    )
    op.create_index("ix_knowledge_entries_kind", "knowledge_entries", ["kind"])
    op.create_index("ix_knowledge_entries_layered", "knowledge_entries", ["layered"])
    op.create_table(
        "knowledge_versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ref", sa.String(280), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("knowledge_editions.id"), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("line", sa.String(64)),
        sa.Column("content", sa.JSON),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("note", sa.String(255), nullable=False),
        sa.Column("origin", sa.JSON, nullable=False),
        sa.UniqueConstraint("ref", "number"),
    )
    op.create_index("ix_knowledge_versions_edition_id", "knowledge_versions", ["edition_id"])
    op.create_table(
        "knowledge_documents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_table(
        "knowledge_candidates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("knowledge_documents.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("contradicts", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(255)),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", sa.DateTime),
        sa.Column("ref", sa.String(280)),
    )
    op.create_index("ix_knowledge_candidates_document_id", "knowledge_candidates", ["document_id"])
    op.create_index("ix_knowledge_candidates_state", "knowledge_candidates", ["state", "id"])


def downgrade() -> None:
    for table in ("knowledge_candidates", "knowledge_documents", "knowledge_versions", "knowledge_entries"):
        op.drop_table(table)
    with op.batch_alter_table("knowledge_editions") as editions:
        editions.drop_column("whole")
