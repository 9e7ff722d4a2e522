"""What was shown when: versions of Live Activities, and what lists of them need"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("live_activities", sa.Column("stream_key", sa.String(), nullable=True))
    op.add_column("live_activities", sa.Column("started_by", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE live_activities a SET stream_key = s.stream_key FROM live_activity_streams s WHERE s.id = a.stream_id"
    )
    op.create_index(
        "live_activities_ended_idx",
        "live_activities",
        ["account_id", "ended_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "live_activities_stream_key_idx",
        "live_activities",
        ["account_id", "stream_key"],
        unique=False,
        postgresql_where=sa.text("stream_key IS NOT NULL"),
    )
    op.add_column("delivery_attempts", sa.Column("version", sa.BigInteger(), nullable=True))
    op.create_table(
        "live_activity_versions",
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("content_state", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("event IN ('start', 'update', 'end')", name="live_activity_versions_event_check"),
        sa.PrimaryKeyConstraint("activity_id", "slot"),
    )
    # Its rows are overwritten in turn; with room on their pages that touches no index.
    op.execute("ALTER TABLE live_activity_versions SET (fillfactor = 70)")
