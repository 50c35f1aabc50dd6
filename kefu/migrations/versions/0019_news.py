"""News: what may have arrived is known; tickets wait for the morning; one language for each customer."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("unsure", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("tickets", sa.Column("tell_at", sa.DateTime))
    # The page sent its own along with every other wish, so it says nothing of what a customer chose.
    with op.batch_alter_table("notification_manners") as manners:
        manners.drop_column("language")


def downgrade() -> None:
    with op.batch_alter_table("notification_manners") as manners:
        manners.add_column(sa.Column("language", sa.String(8), nullable=False, server_default=""))
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_column("tell_at")
    with op.batch_alter_table("notifications") as notifications:
        notifications.drop_column("unsure")
