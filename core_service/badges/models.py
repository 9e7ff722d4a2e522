"""Tables of the number on the app's icon."""

import datetime as dt
import uuid

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class BadgeUpdate(SQLModel, table=True):
    """A number as it was accepted, for some phones."""

    __tablename__ = "badge_updates"
    __table_args__ = (Index("badge_updates_account_id_idx", "account_id", "id"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    api_key_id: uuid.UUID | None = None
    """The key that set it; null if a person did."""
    user_id: uuid.UUID | None = None
    """The person who set it; null if a key did."""
    number: int
    channel_slugs: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    """The channels it was resolved to; null if it is for the whole account."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)


class DeviceBadge(SQLModel, table=True):
    """The newest number for one phone.

    The device is no foreign key: a phone that is being unpaired must not have the numbers of all others fail. Retention
    deletes what a device leaves behind.
    """

    __tablename__ = "badges"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'accepted', 'token_dead', 'rejected', 'kept')", name="badges_state_check"),
        Index("badges_due_idx", "account_id", "due_at", postgresql_where=text("state = 'due'")),
        Index("badges_update_id_idx", "update_id"),
        Index("badges_account_id_idx", "account_id", "device_id"),
    )

    device_id: uuid.UUID = Field(primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    """Claims are fair between accounts."""
    user_id: uuid.UUID
    update_id: uuid.UUID
    """The update that the number is of. An outcome of another one is that of an older number."""
    number: int
    apns_id: uuid.UUID
    """The same on every attempt of this number."""
    state: str
    """As of a delivery. With a dead token it is owed again once the app reports a push token. That of a browser is
    `kept`: nothing is sent, and its page reads the number."""
    due_at: dt.datetime = Field(sa_type=Timestamp)
    lease_id: uuid.UUID | None = None
    """The attempt in progress. Its outcome counts only as long as it is this one."""
    attempts: int = 0
    """Failed attempts in a row, of this number and those before."""
    reason: str | None = None
    """Why the last attempt did not succeed, in APNs' words or ours."""
    settled_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
