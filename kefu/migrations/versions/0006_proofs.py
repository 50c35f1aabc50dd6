"""What an identity proved of itself, and whether its customer wants it apart."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identities", sa.Column("phone", sa.String(20)))
    op.add_column("identities", sa.Column("account", sa.String(64)))
    op.add_column("identities", sa.Column("apart_since", sa.DateTime))
    op.create_index("ix_identities_account", "identities", ["account"])


def downgrade() -> None:
    op.drop_index("ix_identities_account", "identities")
    with op.batch_alter_table("identities") as identities:
        for column in ("phone", "account", "apart_since"):
            identities.drop_column(column)
