"""Pushing messages to WeChat: who sends each, what the platform allows, open callbacks, the access token."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("delivery_by", sa.String(64)))
    op.add_column("messages", sa.Column("delivery_at", sa.DateTime))
    op.add_column("messages", sa.Column("delivery_tries", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_messages_delivery_by", "messages", ["delivery_by"])
    op.create_table(
        "wechat_grants",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(8), primary_key=True),
        sa.Column("messages_left", sa.Integer, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    op.create_table(
        "wechat_holds",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("until", sa.DateTime, nullable=False),
    )
    op.create_index("ix_wechat_holds_identity", "wechat_holds", ["identity"])
    op.create_index("ix_wechat_holds_until", "wechat_holds", ["until"])
    op.create_table(
        "wechat_tokens",
        sa.Column("appid", sa.String(64), primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("fetching_until", sa.DateTime),
    )


def downgrade() -> None:
    for table in ("wechat_tokens", "wechat_holds", "wechat_grants"):
        op.drop_table(table)
    op.drop_index("ix_messages_delivery_by", "messages")
    with op.batch_alter_table("messages") as messages:
        for column in ("delivery_by", "delivery_at", "delivery_tries"):
            messages.drop_column(column)
