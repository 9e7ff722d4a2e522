"""Channels at Apple by which one push reaches all phones of a Live Activity"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column(
        "live_activities", sa.Column("by_broadcast", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("live_activity_devices", sa.Column("broadcast_channel_id", sa.String(), nullable=True))
    op.create_table(
        "live_activity_broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("bundle_id", sa.String(), nullable=True),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("accepted_version", sa.BigInteger(), nullable=False),
        sa.Column("sent_version", sa.BigInteger(), nullable=False),
        sa.Column("sent_event", sa.String(), nullable=True),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("leased", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paced_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent_sent_at", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.Column("successor", sa.String(), nullable=True),
        sa.Column("end_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('creating', 'open', 'closing', 'deleting')", name="live_activity_broadcasts_state_check"
        ),
        sa.PrimaryKeyConstraint("id", name="live_activity_broadcasts_pkey"),
    )
    op.create_index("live_activity_broadcasts_activity_id_idx", "live_activity_broadcasts", ["activity_id"])
    op.create_index("live_activity_broadcasts_account_id_idx", "live_activity_broadcasts", ["account_id"])
    op.create_index(
        "live_activity_broadcasts_next_idx",
        "live_activity_broadcasts",
        ["next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
