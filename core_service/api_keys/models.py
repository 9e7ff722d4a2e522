"""Tables of API keys. Secrets are stored as SHA-256 hashes: they are random, so nothing slower is needed."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Scope(StrEnum):
    """Whom an API key may reach."""

    ALL = "all"
    CHANNELS = "channels"


class ApiKey(SQLModel, table=True):
    """A backend's secret."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("scope IN ('all', 'channels')", name="api_keys_scope_check"),
        Index("api_keys_account_id_idx", "account_id", "id"),
        Index("api_keys_created_by_idx", "created_by", postgresql_where=text("created_by IS NOT NULL")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    name: str
    scope: str
    secret_hash: bytes = Field(unique=True)
    hint: str
    """First characters of the secret, for people to tell keys apart."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    last_used_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    revoked_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    created_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    """Who has made it. They may have left the account since."""


class ApiKeyChannel(SQLModel, table=True):
    """A channel that a key of scope `channels` may reach."""

    __tablename__ = "api_key_channels"
    __table_args__ = (Index("api_key_channels_channel_id_idx", "channel_id"),)

    api_key_id: uuid.UUID = Field(primary_key=True, foreign_key="api_keys.id", ondelete="CASCADE")
    channel_id: uuid.UUID = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
