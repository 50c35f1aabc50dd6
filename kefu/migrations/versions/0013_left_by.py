"""Tickets: who handed one on to the queue that it waits in; when histories grew."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("left_by", sa.Integer))
    op.create_index("ix_ticket_notes_at", "ticket_notes", ["at"])
