"""Wishes to be forgotten; what customers chose to be answered in, and how."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None

CHOICES = ("language", "style")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(64), unique=True),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime),
        sa.Column("cleaned_at", sa.DateTime),
    )
    for name in CHOICES:
        op.add_column("customers", sa.Column(name, sa.String(8)))
    with op.batch_alter_table("phone_codes") as codes:
        codes.alter_column("identity_id", existing_type=sa.String(64), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM phone_codes WHERE identity_id IS NULL")
    with op.batch_alter_table("phone_codes") as codes:
        codes.alter_column("identity_id", existing_type=sa.String(64), nullable=False)
    with op.batch_alter_table("customers") as customers:
        for name in CHOICES:
            customers.drop_column(name)
    op.drop_table("erasures")
