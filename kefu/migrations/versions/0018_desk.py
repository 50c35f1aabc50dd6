"""Takeovers: why they were passed on, since when they wait again, who is writing at the moment."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

TIMES = ("passed_on_at", "customer_typing_at", "agent_typing_at")


def upgrade() -> None:
    for name in TIMES:
        op.add_column("handoffs", sa.Column(name, sa.DateTime))
    op.add_column("handoffs", sa.Column("passed_on", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("handoffs") as handoffs:
        for name in ("passed_on", *TIMES):
            handoffs.drop_column(name)
