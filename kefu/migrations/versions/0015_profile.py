"""What is known of customers; what came of offers; models of recommendations."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OUTCOMES = ("shown", "clicked", "accepted", "refused")


def upgrade() -> None:
    op.create_table(
        "customer_facts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(128), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("corrected_by", sa.String(64)),
        sa.Column("corrected_at", sa.DateTime),
    )
    op.create_index("uq_customer_facts", "customer_facts", ["identity", "name", "value"], unique=True)
    op.create_table(
        "profile_cursors",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event_id", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO profile_cursors (id, event_id) VALUES (1, 0)")
    op.create_table(
        "offer_outcomes",
        sa.Column("offer", sa.String(64), primary_key=True),
        sa.Column("segment", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in OUTCOMES),
    )
    op.create_table(
        "recommendation_models",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in ("recommendation_models", "offer_outcomes", "profile_cursors", "customer_facts"):
        op.drop_table(table)
