"""What the operator sees of a server, its cores and backups, and the messages about what needs attention"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "core_reports",
        sa.Column("core_id", sa.Uuid(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_routes", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("core_id", name="core_reports_pkey"),
    )
    op.create_table(
        "backup_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('backup', 'restore')", name="backup_records_kind_check"),
        sa.PrimaryKeyConstraint("id", name="backup_records_pkey"),
    )
    op.create_index("backup_records_kind_idx", "backup_records", ["kind", "finished_at"])
    op.create_table(
        "server_alerts",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="server_alerts_pkey"),
    )
    op.create_table(
        "alert_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("is_end", sa.Boolean(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'failed', 'not_configured')", name="alert_messages_state_check"
        ),
        sa.PrimaryKeyConstraint("id", name="alert_messages_pkey"),
    )
    op.create_index(
        "alert_messages_due_at_idx", "alert_messages", ["due_at"], postgresql_where=sa.text("state = 'queued'")
    )
    op.create_index("alert_messages_queued_at_idx", "alert_messages", ["queued_at"])
