"""Accounts are closed before they are deleted, and logins without an account are forgotten"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

LEFT_BEHIND = """
UPDATE users u SET forget_at = now() + interval '30 days'
WHERE NOT EXISTS (SELECT FROM members m WHERE m.user_id = u.id)
"""

REFERENCES = (
    ("sessions_account_id_idx", "sessions", "account_id", None),
    ("pairing_codes_account_id_idx", "pairing_codes", "account_id", None),
    ("password_reset_tokens_account_id_idx", "password_reset_tokens", "account_id", "account_id IS NOT NULL"),
    ("live_activity_withdrawals_account_id_idx", "live_activity_withdrawals", "account_id", None),
    ("badges_account_id_idx", "badges", "account_id, device_id", None),
    ("badge_updates_account_id_idx", "badge_updates", "account_id, id", None),
    ("api_keys_created_by_idx", "api_keys", "created_by", "created_by IS NOT NULL"),
    ("devices_paired_by_idx", "devices", "paired_by", "paired_by IS NOT NULL"),
    ("pairing_codes_created_by_idx", "pairing_codes", "created_by", "created_by IS NOT NULL"),
    ("invites_invited_by_idx", "invites", "invited_by", "invited_by IS NOT NULL"),
    ("invite_tokens_created_by_idx", "invite_tokens", "created_by", "created_by IS NOT NULL"),
    ("password_reset_tokens_created_by_idx", "password_reset_tokens", "created_by", "created_by IS NOT NULL"),
    ("mails_requested_by_idx", "mails", "requested_by", "requested_by IS NOT NULL"),
)
"""Name, table, columns, condition. Without them a deletion would read these tables from end to end."""


def upgrade() -> None:
    op.add_column("accounts", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "accounts_closed_at_idx", "accounts", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    op.add_column("users", sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("users_forget_at_idx", "users", ["forget_at"], postgresql_where=sa.text("forget_at IS NOT NULL"))
    op.execute(LEFT_BEHIND)
    for name, table, columns, condition in REFERENCES:
        op.create_index(
            name, table, columns.split(", "), postgresql_where=None if condition is None else sa.text(condition)
        )
