"""Invites, their mails and tokens, and who has made an API key"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "invites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=False),
        sa.Column("mail_state", sa.String(), nullable=False),
        sa.Column("mail_queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail_attempts", sa.Integer(), nullable=False),
        sa.Column("mail_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_reason", sa.String(), nullable=False),
        sa.Column("mail_message", sa.String(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'member')", name="invites_role_check"),
        sa.CheckConstraint(
            "mail_state IN ('queued', 'sent', 'failed', 'not_configured')", name="invites_mail_state_check"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "email", name="invites_account_id_email_key"),
    )
    op.create_index("invites_account_id_idx", "invites", ["account_id", "id"], unique=False)
    op.create_index("invites_expires_at_idx", "invites", ["expires_at"], unique=False)
    op.create_index(
        "invites_mail_due_at_idx",
        "invites",
        ["mail_due_at"],
        unique=False,
        postgresql_where=sa.text("mail_state = 'queued'"),
    )
    op.create_table(
        "invite_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invite_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invite_id"], ["invites.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("invite_tokens_invite_id_idx", "invite_tokens", ["invite_id", "created_at"], unique=False)
    op.create_index("invite_tokens_expires_at_idx", "invite_tokens", ["expires_at"], unique=False)
    op.add_column("api_keys", sa.Column("created_by", sa.Uuid(), nullable=True))
    op.create_foreign_key("api_keys_created_by_fkey", "api_keys", "users", ["created_by"], ["id"], ondelete="SET NULL")
