"""The table of mails that belong to no invite, and where a mail can stand."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class MailState(StrEnum):
    """Where a mail stands. All but `queued` are final."""

    QUEUED = "queued"
    """To be sent when it is due, or being sent with that moment as the end of the lease."""
    SENT = "sent"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"


class MailKind(StrEnum):
    """What a mail is about."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    SECOND_FACTOR_RESET = "second_factor_reset"


class WantedMail(SQLModel, table=True):
    """A mail to the person with this address, if there is one. What it says is written when it is sent."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('password_reset', 'password_changed', 'second_factor_reset')", name="mails_kind_check"
        ),
        CheckConstraint("state IN ('queued', 'sent', 'failed', 'not_configured')", name="mails_state_check"),
        Index("mails_account_id_idx", "account_id", "email", "id"),
        Index("mails_due_at_idx", "due_at", postgresql_where=text("state = 'queued'")),
        Index("mails_expires_at_idx", "expires_at"),
        Index("mails_requested_by_idx", "requested_by", postgresql_where=text("requested_by IS NOT NULL")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    email: str
    """In lower case. Whether it belongs to a person is found out when the mail is sent, so a request for a mail
    reveals nothing."""
    account_id: uuid.UUID | None = Field(default=None, foreign_key="accounts.id", ondelete="CASCADE")
    """The account whose owner asked for it. None if the person did, or if it was not asked for."""
    requested_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    """The owner who asked for it."""
    queued_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    due_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
    """When it is no longer useful."""
    state: str = MailState.QUEUED.value
    attempts: int = 0
    sent_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    reason: str = ""
    message: str = ""
