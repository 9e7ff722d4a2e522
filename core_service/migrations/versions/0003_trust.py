"""Webhook actions, the delivery log, the audit log, idempotent requests"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_secrets_account_id_idx", "webhook_secrets", ["account_id", "id"], unique=False)
    op.create_index(
        "webhook_secrets_present_key",
        "webhook_secrets",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("expires_at IS NULL"),
    )
    op.create_table(
        "action_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("repeatable", sa.Boolean(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("response_body", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'succeeded', 'failed')", name="action_runs_state_check"),
        sa.CheckConstraint("method IN ('GET', 'POST')", name="action_runs_method_check"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("action_runs_account_id_idx", "action_runs", ["account_id", "id"], unique=False)
    op.create_index(
        "action_runs_once_key",
        "action_runs",
        ["action_id", "device_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running' OR state = 'succeeded' AND NOT repeatable"),
    )
    op.create_index("action_runs_action_id_idx", "action_runs", ["action_id", "device_id", "id"], unique=False)
    op.create_index(
        "action_runs_due_at_idx", "action_runs", ["due_at"], unique=False, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("apns_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status_code", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id"),
    )
    op.create_index("delivery_attempts_subject_idx", "delivery_attempts", ["subject", "id"], unique=False)
    op.create_index("delivery_attempts_device_id_idx", "delivery_attempts", ["device_id", "id"], unique=False)
    op.create_index(
        "live_activities_stream_id_idx",
        "live_activities",
        ["stream_id"],
        unique=False,
        postgresql_where=sa.text("stream_id IS NOT NULL"),
    )
    # Only ever inserted and, by age, deleted.
    op.execute(
        "ALTER TABLE delivery_attempts SET (autovacuum_vacuum_insert_scale_factor = 0, "
        "autovacuum_vacuum_insert_threshold = 200000)"
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("client_address", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.CheckConstraint("actor IN ('anonymous', 'api_key', 'user', 'device')", name="audit_entries_actor_check"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_entries_account_id_idx", "audit_entries", ["account_id", "id"], unique=False)
    op.create_table(
        "idempotent_requests",
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal_id", "key_hash"),
    )
    op.create_index("idempotent_requests_created_at_idx", "idempotent_requests", ["created_at"], unique=False)
    op.create_index("pairing_codes_user_id_idx", "pairing_codes", ["user_id"], unique=False)
    op.add_column("sessions", sa.Column("client_address", sa.String(), nullable=True))
    _name_accounts()


def _name_accounts() -> None:
    """Due work says whose it is, so that accounts can take turns."""
    op.add_column("deliveries", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE deliveries d SET account_id = n.account_id FROM notifications n WHERE n.id = d.notification_id")
    # Nothing says what it was about any more.
    op.execute("DELETE FROM deliveries WHERE account_id IS NULL")
    op.alter_column("deliveries", "account_id", nullable=False)
    op.drop_index("deliveries_due_at_idx", table_name="deliveries")
    op.create_index(
        "deliveries_due_idx",
        "deliveries",
        ["account_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
    )
    op.add_column("live_activity_devices", sa.Column("account_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE live_activity_devices p SET account_id = a.account_id FROM live_activities a WHERE a.id = p.activity_id"
    )
    op.alter_column("live_activity_devices", "account_id", nullable=False)
    op.drop_index("live_activity_devices_next_at_idx", table_name="live_activity_devices")
    op.create_index(
        "live_activity_devices_next_idx",
        "live_activity_devices",
        ["account_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
