"""A token has one holder on the whole server, and cards leave the screen of a phone whose right has ended"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NEWEST_REPORT_HOLDS = """
UPDATE devices d
SET push_token = NULL, push_token_dead_reason = NULL, push_to_start_token = NULL,
    push_to_start_token_dead_reason = NULL, tokens_taken_at = now()
FROM (
    SELECT id, row_number() OVER (
        PARTITION BY {token} ORDER BY {token}_registered_at DESC NULLS LAST, id DESC
    ) AS place
    FROM devices WHERE {token} IS NOT NULL
) reported
WHERE reported.id = d.id AND reported.place > 1
"""


def upgrade() -> None:
    op.add_column("devices", sa.Column("tokens_taken_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("live_activity_devices", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "live_activity_withdrawals",
        sa.Column("update_token", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("bundle_id", sa.String(), nullable=True),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("apns_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("update_token"),
    )
    op.create_index("live_activity_withdrawals_next_idx", "live_activity_withdrawals", ["next_at"], unique=False)
    for token in ("push_token", "push_to_start_token"):
        # Two devices with one token are the same phone, paired twice.
        op.execute(NEWEST_REPORT_HOLDS.format(token=token))
        op.create_index(
            f"devices_{token}_idx",
            "devices",
            [token],
            unique=False,
            postgresql_where=sa.text(f"{token} IS NOT NULL"),
        )
