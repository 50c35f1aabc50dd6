"""Keys that let the same message count once."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("ticket_notes", "event_log")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("request_key", sa.String(255)))
        # An index rather than a constraint, which SQLite could only add by copying the table.
        op.create_index(f"uq_{table}_request_key", table, ["kind", "request_key"], unique=True)


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"uq_{table}_request_key", table)
        op.drop_column(table, "request_key")
