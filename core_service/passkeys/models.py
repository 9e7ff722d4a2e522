"""The table of passkeys. Of a key only its public half is known."""

import datetime as dt
import uuid

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Passkey(SQLModel, table=True):
    """A key of a person, in their phone, computer or security key."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("passkeys_user_id_idx", "user_id", "id"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    credential_id: bytes = Field(unique=True)
    """How browsers name it."""
    public_key: bytes
    """In the form of COSE."""
    sign_count: int = Field(sa_type=BigInteger)
    """How often it has signed, as it says; 0 if it does not count."""
    name: str
    synced: bool
    """Its maker keeps a copy, so it may be on several devices."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    last_used_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
