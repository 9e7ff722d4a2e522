"""Counts by the hour, who sent a notification, notifications by what failed"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "hourly_counts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", sa.String(), nullable=False),
        sa.Column("latency_class", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "hour", "counted", "latency_class"),
    )
    # The rows of this hour are updated every second: leave room beside them for their next versions.
    op.execute("ALTER TABLE hourly_counts SET (fillfactor = 50)")
    op.add_column("notifications", sa.Column("user_id", sa.Uuid(), nullable=True))
    op.add_column("notifications", sa.Column("replay_of", sa.Uuid(), nullable=True))
    op.add_column("notifications", sa.Column("message", sa.String(), nullable=True))
    op.execute("UPDATE notifications SET message = convert_from(payload, 'UTF8')::json #>> '{aps,alert,body}'")
    op.create_index(
        "deliveries_failed_idx",
        "deliveries",
        ["account_id", "notification_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('token_dead', 'rejected', 'expired')"),
    )
