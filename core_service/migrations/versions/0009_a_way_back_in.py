"""Links to a new password and mails beside those of invites; who has made a link, a pairing code, a device"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

LEFT_BEHIND = """
DELETE FROM invites i
WHERE NOT EXISTS (
    SELECT FROM members m WHERE m.account_id = i.account_id AND m.user_id = i.invited_by AND m.role = 'owner'
)
"""


def upgrade() -> None:
    # From now on they are refused, and would keep their addresses from being invited again.
    op.execute(LEFT_BEHIND)
    op.add_column("invite_tokens", sa.Column("created_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "invite_tokens_created_by_fkey", "invite_tokens", "users", ["created_by"], ["id"], ondelete="CASCADE"
    )
    op.add_column("pairing_codes", sa.Column("created_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "pairing_codes_created_by_fkey", "pairing_codes", "users", ["created_by"], ["id"], ondelete="CASCADE"
    )
    op.add_column("devices", sa.Column("paired_by", sa.Uuid(), nullable=True))
    op.create_foreign_key("devices_paired_by_fkey", "devices", "users", ["paired_by"], ["id"], ondelete="SET NULL")
    op.add_column("members", sa.Column("owner_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('password_reset', 'password_changed')", name="mails_kind_check"),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed', 'not_configured')", name="mails_state_check"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mails_account_id_idx", "mails", ["account_id", "email", "id"], unique=False)
    op.create_index("mails_due_at_idx", "mails", ["due_at"], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.create_index("mails_expires_at_idx", "mails", ["expires_at"], unique=False)
    op.create_table(
        "password_reset_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(account_id IS NULL) = (created_by IS NULL)", name="password_reset_tokens_maker_check"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(
        "password_reset_tokens_user_id_idx", "password_reset_tokens", ["user_id", "created_at"], unique=False
    )
    op.create_index("password_reset_tokens_expires_at_idx", "password_reset_tokens", ["expires_at"], unique=False)
