"""Tickets: the question whether it is solved, reopening, escalation, merging."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("asked_at", "reminded_at", "reopened_at", "escalated_at"):
        op.add_column("tickets", sa.Column(name, sa.DateTime))
    op.add_column("tickets", sa.Column("merged_into", sa.String(16)))
    op.create_index("ix_tickets_merged_into", "tickets", ["merged_into"])
    op.create_index("ix_tickets_status", "tickets", ["status"])
