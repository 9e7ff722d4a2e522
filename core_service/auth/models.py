"""The table of sessions. Secrets are stored as SHA-256 hashes: they are random, so nothing slower is needed."""

import datetime as dt
import uuid

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Session(SQLModel, table=True):
    """A person signed in to an account."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_expires_at_idx", "expires_at"), Index("sessions_account_id_idx", "account_id"))

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    secret_hash: bytes = Field(unique=True)
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
    client_address: str | None = None
    """IP address that the person signed in from, if it was known."""
