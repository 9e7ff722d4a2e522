"""The tables of sessions and of sign-ins that are not finished. Secrets are stored as SHA-256 hashes: they are random,
so nothing slower is needed."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
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
    authenticated_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the person proved who they are to open it: with single sign-on, to the provider, which may be long before.
    None if that is not known: then the session proves nothing by itself."""


class Purpose(StrEnum):
    """What a challenge is for."""

    SECOND_FACTOR = "second_factor"
    """The person has proven that they know their password, and not yet their second factor."""
    PASSKEY = "passkey"
    """Somebody wants to sign in with a passkey. Who it is, only the passkey tells."""
    NEW_PASSKEY = "new_passkey"
    """A signed-in person adds a passkey."""


class SignInChallenge(SQLModel, table=True):
    """A sign-in, or a passkey to be added, that has begun and is not finished. It is no session, and works once."""

    __tablename__ = "sign_in_challenges"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('second_factor', 'passkey', 'new_passkey')", name="sign_in_challenges_purpose_check"
        ),
        CheckConstraint("(purpose = 'passkey') = (user_id IS NULL)", name="sign_in_challenges_user_check"),
        Index("sign_in_challenges_user_id_idx", "user_id", "created_at"),
        Index("sign_in_challenges_account_id_idx", "account_id"),
        Index("sign_in_challenges_expires_at_idx", "expires_at"),
    )

    token_hash: bytes = Field(primary_key=True)
    """Of the secret that the browser or program holds."""
    purpose: str
    user_id: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    account_id: uuid.UUID | None = Field(default=None, foreign_key="accounts.id", ondelete="CASCADE")
    """The account that the session begins in; None where that is found out later."""
    challenge: bytes
    """The random bytes that a passkey signs."""
    tries: int = 0
    """Codes that were tried with it."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime = Field(sa_type=Timestamp)
