"""Tickets: who has them, and the clocks of their promises; agents: how many tickets they bear."""

import sqlalchemy as sa
from alembic import op

from kefu.db import utcnow

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TICKETS = (
    sa.Column("assignee_id", sa.Integer),
    sa.Column("assigned_at", sa.DateTime),
    sa.Column("responded_at", sa.DateTime),
    sa.Column("paused_at", sa.DateTime),
    sa.Column("stood", sa.Integer, nullable=False, server_default="0"),
    sa.Column("respond_warn_at", sa.DateTime),
    sa.Column("resolve_warn_at", sa.DateTime),
    sa.Column("respond_stage", sa.String(8), nullable=False, server_default=""),
    sa.Column("resolve_stage", sa.String(8), nullable=False, server_default=""),
    sa.Column("sla_at", sa.DateTime),
)


def upgrade() -> None:
    for column in TICKETS:
        op.add_column("tickets", column)
    op.create_index("ix_tickets_queue", "tickets", ["status", "queue", "priority"])
    op.create_index("ix_tickets_assignee", "tickets", ["assignee_id", "status"])
    op.create_index("ix_tickets_escalated", "tickets", ["status", "escalated_at"])
    op.create_index("ix_tickets_sla_at", "tickets", ["sla_at"])
    op.execute("UPDATE tickets SET responded_at = changed_at WHERE status IN ('in_progress', 'waiting')")
    op.execute("UPDATE tickets SET paused_at = changed_at WHERE status = 'waiting'")
    # Those that were opened before are looked at once by the clocks, which then know when next.
    op.execute(
        "UPDATE tickets SET sla_at = opened_at"
        " WHERE resolve_by IS NOT NULL AND status IN ('new', 'assigned', 'in_progress')"
    )
    op.add_column("agents", sa.Column("ticket_capacity", sa.Integer, nullable=False, server_default="20"))
    # SQLite adds no column without a constant default to a table that has rows.
    op.add_column(
        "agents", sa.Column("status_at", sa.DateTime, nullable=False, server_default="1970-01-01 00:00:00")
    )
    agents = sa.table("agents", sa.column("status_at", sa.DateTime))
    op.execute(agents.update().values(status_at=utcnow()))
