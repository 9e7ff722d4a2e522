"""Values that phones show in widgets"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "metrics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("currency_code", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("unit_spacing", sa.String(), nullable=True),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "format IN ('number', 'currency', 'percent', 'unit', 'string')", name="metrics_format_check"
        ),
        sa.CheckConstraint("unit_spacing IN ('none', 'space')", name="metrics_unit_spacing_check"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="metrics_account_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="metrics_pkey"),
        sa.UniqueConstraint("account_id", "key", name="metrics_account_id_key_key"),
    )
