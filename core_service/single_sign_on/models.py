"""Tables of single sign-on: sign-ins that have begun, and the sessions that it has opened."""

import datetime as dt
import uuid

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp


class SignInAttempt(SQLModel, table=True):
    """A sign-in whose browser is at the provider. It is deleted when the browser comes back."""

    __tablename__ = "single_sign_on_attempts"
    __table_args__ = (Index("single_sign_on_attempts_expires_at_idx", "expires_at"),)

    state_hash: bytes = Field(primary_key=True)
    browser_hash: bytes
    """Of the secret that only the browser has which began."""
    nonce: str
    """What the ID token must repeat."""
    code_verifier: str
    """What proves to the provider that the code was asked for here (PKCE)."""
    expires_at: dt.datetime = Field(sa_type=Timestamp)
    authenticated_after: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """The person is to prove once more who they are, to the provider and after this moment. None for a usual
    sign-in, for which any session at the provider is enough. It is kept here because the browser carries the request
    to the provider, and can change it."""


class VouchedSession(SQLModel, table=True):
    """A session that an identity has opened. It ends when the provider no longer vouches for the person."""

    __tablename__ = "single_sign_on_sessions"
    __table_args__ = (Index("single_sign_on_sessions_identity_id_idx", "identity_id"),)

    session_id: uuid.UUID = Field(primary_key=True, foreign_key="sessions.id", ondelete="CASCADE")
    identity_id: uuid.UUID = Field(foreign_key="external_identities.id", ondelete="CASCADE")
