"""Authenticator apps, recovery codes, passkeys, and sign-ins that are not finished"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column(
        "accounts", sa.Column("require_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("users", sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "authenticator_apps",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="authenticator_apps_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="authenticator_apps_pkey"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="recovery_codes_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="recovery_codes_pkey"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="passkeys_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="passkeys_pkey"),
        sa.UniqueConstraint("credential_id", name="passkeys_credential_id_key"),
    )
    op.create_index("passkeys_user_id_idx", "passkeys", ["user_id", "id"])
    op.create_table(
        "sign_in_challenges",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('second_factor', 'passkey', 'new_passkey')", name="sign_in_challenges_purpose_check"
        ),
        sa.CheckConstraint("(purpose = 'passkey') = (user_id IS NULL)", name="sign_in_challenges_user_check"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="sign_in_challenges_account_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="sign_in_challenges_user_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="sign_in_challenges_pkey"),
    )
    op.create_index("sign_in_challenges_user_id_idx", "sign_in_challenges", ["user_id", "created_at"])
    op.create_index("sign_in_challenges_account_id_idx", "sign_in_challenges", ["account_id"])
    op.create_index("sign_in_challenges_expires_at_idx", "sign_in_challenges", ["expires_at"])
    op.drop_constraint("mails_kind_check", "mails", type_="check")
    op.create_check_constraint(
        "mails_kind_check", "mails", "kind IN ('password_reset', 'password_changed', 'second_factor_reset')"
    )
