"""Tables of invites and of the secrets that accept them."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now

MAX_TOKENS = 200
"""Links of one invite that work at the same time. A new one replaces the oldest."""


class Invite(SQLModel, table=True):
    """Asks a person to join an account. The row is deleted once the invite is accepted or revoked."""

    __tablename__ = "invites"
    __table_args__ = (
        UniqueConstraint("account_id", "email", name="invites_account_id_email_key"),
        CheckConstraint("role IN ('owner', 'member')", name="invites_role_check"),
        CheckConstraint(
            "mail_state IN ('queued', 'sent', 'failed', 'not_configured')", name="invites_mail_state_check"
        ),
        Index("invites_account_id_idx", "account_id", "id"),
        Index("invites_expires_at_idx", "expires_at"),
        Index("invites_invited_by_idx", "invited_by", postgresql_where=text("invited_by IS NOT NULL")),
        Index("invites_mail_due_at_idx", "mail_due_at", postgresql_where=text("mail_state = 'queued'")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    email: str
    """In lower case."""
    role: str
    invited_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    request_id: uuid.UUID
    """The request that made it. If that request is repeated, it finds its own invite."""
    invited_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
    mail_id: uuid.UUID = Field(default_factory=new_id)
    """The mail that is wanted now. The result of an earlier mail does not concern it."""
    mail_state: str
    mail_queued_at: dt.datetime = Field(sa_type=Timestamp)
    mail_due_at: dt.datetime = Field(sa_type=Timestamp)
    mail_attempts: int = 0
    mail_sent_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    mail_reason: str = ""
    mail_message: str = ""


class InviteToken(SQLModel, table=True):
    """A secret that accepts an invite. It is made when a mail is sent or a link is shown. Only its hash is stored."""

    __tablename__ = "invite_tokens"
    __table_args__ = (
        Index("invite_tokens_invite_id_idx", "invite_id", "created_at"),
        Index("invite_tokens_expires_at_idx", "expires_at"),
        Index("invite_tokens_created_by_idx", "created_by", postgresql_where=text("created_by IS NOT NULL")),
    )

    token_hash: bytes = Field(primary_key=True)
    invite_id: uuid.UUID = Field(foreign_key="invites.id", ondelete="CASCADE")
    created_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    """The owner who was shown it; None if it was mailed to the invited person."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
