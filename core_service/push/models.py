"""Tables of push notifications."""

import datetime as dt
import uuid

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, Text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Notification(SQLModel, table=True):
    """A push notification as it was accepted."""

    __tablename__ = "notifications"
    __table_args__ = (Index("notifications_account_id_idx", "account_id", "id"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    api_key_id: uuid.UUID | None = None
    """The key that sent it; null if a person did, or the server itself."""
    user_id: uuid.UUID | None = None
    """The person who sent it; null if a key did, or the server itself."""
    replay_of: uuid.UUID | None = None
    """The notification that was sent again with this one."""
    title: str
    message: str | None = None
    """Stored beside the payload, because people search for it."""
    payload: bytes
    """The JSON body for APNs, measured and sent byte for byte."""
    channel_slugs: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    """The channels it was resolved to; null if it went to the whole account or to one device."""
    tags: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    """Words by which it is found, as they were written."""
    metadata_: str | None = Field(default=None, sa_column=Column("metadata", Text))
    """JSON text of the sender's notes."""
    device_id: uuid.UUID | None = None
    """The only device it is for. There is no foreign key: the notification outlives the device."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
    """After this it is not delivered any more."""
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Of its content; each replacement has the next number."""
    replaced_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When its content was last replaced."""
    replacement_id: uuid.UUID | None = None
    """Identifies the request that replaced it last, and tells when that request began."""


class NotificationAction(SQLModel, table=True):
    """A button of a notification. The phone knows its id; a webhook's URL and body stay here."""

    __tablename__ = "notification_actions"
    __table_args__ = (
        CheckConstraint("type IN ('open_url', 'webhook')", name="notification_actions_type_check"),
        CheckConstraint("method IN ('GET', 'POST')", name="notification_actions_method_check"),
        Index("notification_actions_notification_id_idx", "notification_id", "position"),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    notification_id: uuid.UUID = Field(foreign_key="notifications.id", ondelete="CASCADE")
    position: int
    title: str
    type: str
    url: str
    method: str | None = None
    body: str | None = None
    """JSON text of the webhook's body, as the sender wrote it."""
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """The version of the notification's content that it belongs to. Buttons of older ones may be on a screen still."""
