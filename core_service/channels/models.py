"""Tables of channels and who belongs to them."""

import datetime as dt
import uuid

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Channel(SQLModel, table=True):
    """A named group of recipients."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("account_id", "slug", name="channels_account_id_slug_key"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    slug: str
    name: str
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)


class ChannelUser(SQLModel, table=True):
    """A person assigned to a channel, with all their devices."""

    __tablename__ = "channel_users"
    __table_args__ = (Index("channel_users_user_id_idx", "user_id"),)

    channel_id: uuid.UUID = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    user_id: uuid.UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")


class ChannelDevice(SQLModel, table=True):
    """A device assigned to a channel by itself."""

    __tablename__ = "channel_devices"
    __table_args__ = (Index("channel_devices_device_id_idx", "device_id"),)

    channel_id: uuid.UUID = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    device_id: uuid.UUID = Field(primary_key=True, foreign_key="devices.id", ondelete="CASCADE")
