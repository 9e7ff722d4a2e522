"""Live Activities: activities, their devices, buttons, streams and budgets"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "live_activities",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=True),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("channel_ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("channel_slugs", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("content_state", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("alert", sa.String(), nullable=True),
        sa.Column("alert_version", sa.BigInteger(), nullable=False),
        sa.Column("alert_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent_version", sa.BigInteger(), nullable=False),
        sa.Column("dismiss_after_seconds", sa.Integer(), nullable=True),
        sa.Column("updates", sa.Integer(), nullable=False),
        sa.Column("quiet_start", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismiss_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "live_activities_active_idx",
        "live_activities",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("live_activities_dismiss_at_idx", "live_activities", ["account_id", "dismiss_at"], unique=False)
    op.create_index(
        "live_activities_due_at_idx",
        "live_activities",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "live_activity_streams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.String(), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("live_activity_streams_key_idx", "live_activity_streams", ["account_id", "stream_key"], unique=True)
    op.create_table(
        "live_activity_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.CheckConstraint("method IN ('GET', 'POST')", name="live_activity_actions_method_check"),
        sa.CheckConstraint("type IN ('open_url', 'webhook')", name="live_activity_actions_type_check"),
        sa.ForeignKeyConstraint(["activity_id"], ["live_activities.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("live_activity_actions_activity_id_idx", "live_activity_actions", ["activity_id"], unique=False)
    op.create_table(
        "live_activity_devices",
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("update_token", sa.String(), nullable=True),
        sa.Column("update_token_registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("maybe_shown", sa.Boolean(), nullable=False),
        sa.Column("accepted_version", sa.BigInteger(), nullable=False),
        sa.Column("sent_version", sa.BigInteger(), nullable=False),
        sa.Column("sent_event", sa.String(), nullable=True),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("apns_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("leased", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paced_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("successor", sa.String(), nullable=True),
        sa.Column("end_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "phase IN ('requested', 'started', 'live', 'ended', 'dismissed', 'failed')",
            name="live_activity_devices_phase_check",
        ),
        sa.ForeignKeyConstraint(["activity_id"], ["live_activities.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("activity_id", "device_id"),
    )
    op.create_index(
        "live_activity_devices_device_id_idx",
        "live_activity_devices",
        ["device_id"],
        unique=False,
    )
    op.create_index(
        "live_activity_devices_next_at_idx",
        "live_activity_devices",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "live_activity_push_budgets",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.add_column("accounts", sa.Column("max_live_activities", sa.Integer(), nullable=True))
    op.add_column("devices", sa.Column("push_to_start_token_dead_reason", sa.String(), nullable=True))
    op.create_index(
        "devices_live_activities_idx",
        "devices",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("push_to_start_token IS NOT NULL"),
    )

    # Rows that are updated all the time: leave room beside them for their next versions, and vacuum early.
    for table in ("live_activities", "live_activity_devices"):
        op.execute(
            f"ALTER TABLE {table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, "
            "autovacuum_vacuum_threshold = 20000)"
        )
