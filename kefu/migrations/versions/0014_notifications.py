"""The outbox, subscriptions, campaigns, and the scheduler's leases and jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    "scheduled_jobs",
    "leases",
    "notification_manners",
    "notification_choices",
    "notifications",
    "campaigns",
)


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("starts_at", sa.DateTime),
        sa.Column("after", sa.String(64), nullable=False),
        sa.Column("matched", sa.Integer, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("response", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("about", sa.JSON, nullable=False),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.id"), index=True),
        sa.Column("critical", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("lease_owner", sa.String(36)),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("avoid", sa.JSON, nullable=False),
        sa.Column("identity", sa.String(64)),
        sa.Column("channel", sa.String(16)),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("conversation", sa.String(64)),
        sa.Column("seq", sa.Integer),
        sa.Column("arrived", sa.Boolean),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
    )
    for name, columns, unique in (
        ("uq_notifications_customer_key", ["customer", "key"], True),
        ("ix_notifications_state_next_at", ["state", "next_at"], False),
        ("ix_notifications_customer_sent_at", ["customer", "sent_at"], False),
        ("ix_notifications_conversation_seq", ["conversation", "seq"], False),
    ):
        op.create_index(name, "notifications", columns, unique=unique)
    op.create_table(
        "notification_choices",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("topic", sa.String(16), primary_key=True),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.id")),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "notification_manners",
        sa.Column("identity", sa.String(64), primary_key=True),
        *(
            sa.Column(name, sa.String(length), nullable=False)
            for name, length in (
                ("zone", 64), ("quiet_from", 5), ("quiet_until", 5), ("channel", 16), ("language", 8),
            )
        ),
        sa.Column("at", sa.DateTime, nullable=False),
    )  # fmt: skip
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    op.create_table(
        "scheduled_jobs",
        sa.Column("id", sa.Unicode(191), primary_key=True),
        sa.Column("next_run_time", sa.Float(25), index=True),
        sa.Column("job_state", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in (*TABLES, "scheduled_jobs"):
        op.drop_table(table)
