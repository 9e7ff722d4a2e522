"""What the operator sees of a running server: its cores with the routes they have stopped, its backups and restores"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0017"


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
