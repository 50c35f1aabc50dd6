"""Agents, the conversations that they take over, and where tickets were routed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: Tickets opened before were not routed.
ROUTE = (
    sa.Column("queue", sa.String(32), nullable=False, server_default="general"),
    sa.Column("skill", sa.String(32), nullable=False, server_default="general"),
    sa.Column("priority", sa.Integer, nullable=False, server_default="4"),
    sa.Column("respond_by", sa.DateTime),
    sa.Column("resolve_by", sa.DateTime),
    sa.Column("reasons", sa.JSON, nullable=False, server_default="[]"),
)


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("queues", sa.JSON, nullable=False),
        sa.Column("skills", sa.JSON, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.DateTime),
    )
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("open_conversation", sa.String(64), unique=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("queue", sa.String(32), nullable=False),
        sa.Column("skill", sa.String(32), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("requested_at", sa.DateTime, nullable=False),
        sa.Column("agent_id", sa.Integer, sa.ForeignKey("agents.id")),
        sa.Column("preferred_agent_id", sa.Integer, sa.ForeignKey("agents.id")),
        sa.Column("accepted_at", sa.DateTime),
        sa.Column("closed_at", sa.DateTime),
        sa.Column("closed_by", sa.String(16)),
        sa.Column("customer_at", sa.DateTime),
        sa.Column("agent_at", sa.DateTime),
        sa.Column("idle_step", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("told", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_handoffs_conversation", "handoffs", ["conversation"])
    op.create_index("ix_handoffs_waiting", "handoffs", ["state", "priority", "requested_at"])
    op.create_index("ix_handoffs_agent", "handoffs", ["agent_id", "state"])
    for column in ROUTE:
        op.add_column("tickets", column)


def downgrade() -> None:
    with op.batch_alter_table("tickets") as tickets:
        for column in ROUTE:
            tickets.drop_column(column.name)
    op.drop_table("handoffs")
    op.drop_table("agents")
