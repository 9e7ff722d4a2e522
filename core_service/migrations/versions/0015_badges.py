"""The number on the app's icon, for each phone"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "badge_updates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel_slugs", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="badge_updates_account_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="badge_updates_pkey"),
    )
    op.create_table(
        "badges",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("update_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("apns_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('due', 'accepted', 'token_dead', 'rejected')", name="badges_state_check"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="badges_account_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id", name="badges_pkey"),
    )
    op.create_index("badges_due_idx", "badges", ["account_id", "due_at"], postgresql_where=sa.text("state = 'due'"))
    op.create_index("badges_update_id_idx", "badges", ["update_id"])
