"""The tables of authenticator apps and recovery codes."""

import datetime as dt
import uuid

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, now


class AuthenticatorApp(SQLModel, table=True):
    """The secret that a person's authenticator app makes codes of (RFC 6238).

    Codes can only be checked with the secret itself, so it is stored as it is, as the keys that sign webhook calls are.
    """

    __tablename__ = "authenticator_apps"

    user_id: uuid.UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    secret: bytes
    confirmed_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the person has shown a code of it. It counts from then on."""
    last_step: int | None = Field(default=None, sa_type=BigInteger)
    """The newest time step whose code was taken. Codes of it, and of earlier ones, are not taken again."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)


class RecoveryCode(SQLModel, table=True):
    """A code for people who have lost their second factor. It works once. Only its hash is stored: a code has 80 random
    bits, so nothing slower than SHA-256 is needed."""

    __tablename__ = "recovery_codes"

    user_id: uuid.UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    code_hash: bytes = Field(primary_key=True)
