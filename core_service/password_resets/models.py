"""The table of the secrets that set a new password."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, now


class PasswordResetToken(SQLModel, table=True):
    """A secret that sets a person's password once. Only its hash is stored."""

    __tablename__ = "password_reset_tokens"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) = (created_by IS NULL)", name="password_reset_tokens_maker_check"),
        Index("password_reset_tokens_user_id_idx", "user_id", "created_at"),
        Index("password_reset_tokens_expires_at_idx", "expires_at"),
        Index("password_reset_tokens_account_id_idx", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("password_reset_tokens_created_by_idx", "created_by", postgresql_where=text("created_by IS NOT NULL")),
    )

    token_hash: bytes = Field(primary_key=True)
    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    account_id: uuid.UUID | None = Field(default=None, foreign_key="accounts.id", ondelete="CASCADE")
    """The account whose owner was shown the link; None if it was mailed to the person or given to the operator."""
    created_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    """The owner who was shown the link."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
