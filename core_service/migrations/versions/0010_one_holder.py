"""A token has one holder on the whole server, and cards leave the screen of a phone whose right has ended"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

REPORTED = """
    SELECT id, row_number() OVER newest AS place, environment, bundle_id,
           (account_id, user_id) = (first_value(account_id) OVER newest, first_value(user_id) OVER newest) AS is_holders
    FROM devices WHERE {token} IS NOT NULL
    WINDOW newest AS (PARTITION BY {token} ORDER BY {token}_registered_at DESC NULLS LAST, id DESC)
"""

STRANGERS_CARDS_END = f"""
WITH reported AS ({REPORTED}), card AS (
    SELECT p.activity_id, p.device_id, p.account_id, p.user_id, p.update_token, p.timestamp,
           reported.environment, reported.bundle_id, a.expires_at
    FROM reported JOIN live_activity_devices p ON p.device_id = reported.id
        JOIN live_activities a ON a.id = p.activity_id
    WHERE reported.place > 1 AND NOT reported.is_holders AND p.phase IN ('requested', 'started', 'live')
), owed AS (
    INSERT INTO live_activity_withdrawals (
        update_token, account_id, activity_id, device_id, user_id, environment, bundle_id, timestamp, apns_id, attempts,
        next_at, gone_at
    )
    SELECT update_token, account_id, activity_id, device_id, user_id, environment, bundle_id,
           GREATEST(timestamp + 1, CAST(floor(extract(epoch FROM now())) AS bigint)), gen_random_uuid(), 0, now(),
           expires_at + interval '4 hours'
    FROM card
    WHERE update_token IS NOT NULL AND environment IS NOT NULL
    ON CONFLICT (update_token) DO NOTHING
)
UPDATE live_activity_devices p
SET phase = 'ended', update_token = NULL, next_at = NULL, leased = false, withdrawn_at = now()
FROM card
WHERE p.activity_id = card.activity_id AND p.device_id = card.device_id
"""  # noqa: S608 - from constants

NEWEST_REPORT_HOLDS = f"""
UPDATE devices d
SET push_token = NULL, push_token_dead_reason = NULL, push_to_start_token = NULL,
    push_to_start_token_dead_reason = NULL, tokens_taken_at = now()
FROM ({REPORTED}) reported
WHERE reported.id = d.id AND reported.place > 1
"""  # noqa: S608 - from constants


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
        for step in (STRANGERS_CARDS_END, NEWEST_REPORT_HOLDS):
            op.execute(step.format(token=token))
        op.create_index(
            f"devices_{token}_idx",
            "devices",
            [token],
            unique=False,
            postgresql_where=sa.text(f"{token} IS NOT NULL"),
        )
