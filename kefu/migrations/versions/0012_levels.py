"""Customers' levels; in which mood tickets and takeovers began; by which rules takeovers were routed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

LEVEL = ("level", "normal")
MOOD = ("mood", "neutral")
COLUMNS = {"customers": (LEVEL,), "identities": (LEVEL,), "tickets": (MOOD,), "handoffs": (LEVEL, MOOD)}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, default in columns:
            op.add_column(table, sa.Column(name, sa.String(8), nullable=False, server_default=default))
    op.add_column("handoffs", sa.Column("reasons", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("handoffs") as handoffs:
        handoffs.drop_column("reasons")
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table) as changed:
            for name, _ in columns:
                changed.drop_column(name)
