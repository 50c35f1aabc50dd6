"""Customers above the identities of channels; whom a message came from or goes to; receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(20), unique=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("customer_id", sa.String(64), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("open_form", sa.String(64)),
        sa.Column("last_message_at", sa.DateTime),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_identities_customer_id", "identities", ["customer_id"])
    op.create_table(
        "identity_links",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity_id", sa.String(64), sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("from_customer", sa.String(64), nullable=False),
        sa.Column("to_customer", sa.String(64), nullable=False),
        sa.Column("proof", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("undone_at", sa.DateTime),
    )
    op.create_index("ix_identity_links_identity_id", "identity_links", ["identity_id"])
    op.create_table(
        "link_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("identity_id", sa.String(64), sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_table(
        "phone_codes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity_id", sa.String(64), sa.ForeignKey("identities.id"), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("sent_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_index("ix_phone_codes_identity_id", "phone_codes", ["identity_id"])
    op.create_index("ix_phone_codes_phone", "phone_codes", ["phone", "sent_at"])

    # Until now every conversation was a browser's, and nobody was known on another channel.
    op.execute(
        "INSERT INTO customers (id, conversation, created_at) SELECT id, id, created_at FROM conversations"
    )
    op.execute(
        "INSERT INTO identities (id, channel, subject, customer_id, created_at)"
        " SELECT id, 'web', '', id, created_at FROM conversations"
    )
    op.add_column(
        "conversations", sa.Column("restart", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("conversations", sa.Column("changes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("messages", sa.Column("identity", sa.String(64), nullable=False, server_default=""))
    op.add_column("messages", sa.Column("channel", sa.String(16), nullable=False, server_default="web"))
    op.add_column("messages", sa.Column("delivery", sa.String(8)))
    op.add_column("messages", sa.Column("delivered_at", sa.DateTime))
    op.add_column("messages", sa.Column("read_at", sa.DateTime))
    op.execute("UPDATE messages SET identity = conversation_id")
    op.drop_index("uq_messages_client_id", "messages")
    op.create_index("uq_messages_identity_client_id", "messages", ["identity", "client_id"], unique=True)
    op.create_index("ix_messages_delivery", "messages", ["delivery", "channel"])
    op.add_column("tickets", sa.Column("told", sa.String(16), nullable=False, server_default="new"))
    op.execute("UPDATE tickets SET told = status")


def downgrade() -> None:
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_column("told")
    op.drop_index("ix_messages_delivery", "messages")
    op.drop_index("uq_messages_identity_client_id", "messages")
    op.create_index("uq_messages_client_id", "messages", ["conversation_id", "client_id"], unique=True)
    with op.batch_alter_table("messages") as messages:
        for column in ("identity", "channel", "delivery", "delivered_at", "read_at"):
            messages.drop_column(column)
    with op.batch_alter_table("conversations") as conversations:
        conversations.drop_column("restart")
        conversations.drop_column("changes")
    for table in ("phone_codes", "link_codes", "identity_links", "identities", "customers"):
        op.drop_table(table)
