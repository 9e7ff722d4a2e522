"""A notification's content may be replaced: it has versions, and each delivery the one that it is owed"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("notifications", "deliveries", "notification_actions"):
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("deliveries", sa.Column("alerted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("notifications", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notifications", sa.Column("replacement_id", sa.Uuid(), nullable=True))
