"""Tables of accounts and people."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Role(StrEnum):
    """What a member may do."""

    OWNER = "owner"
    MEMBER = "member"


class Account(SQLModel, table=True):
    """A workspace."""

    __tablename__ = "accounts"
    __table_args__ = (Index("accounts_closed_at_idx", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    rate_limit_per_minute: int | None = None
    """Requests a minute; the server's default if null."""
    max_live_activities: int | None = None
    """Live Activities at once; the server's default if null."""
    require_second_factor: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """People without a second factor can only set one up."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    closed_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When an owner deleted it. Since then nothing is done for it but deleting what it has."""


class User(SQLModel, table=True):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (Index("users_forget_at_idx", "forget_at", postgresql_where=text("forget_at IS NOT NULL")),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(unique=True)
    """In lower case."""
    name: str
    password_hash: str
    """Argon2id, in the PHC string format. Empty if no password opens this login."""
    second_factor_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """Since when signing in needs more than the password: an authenticator app or a passkey. Null if it does not.
    Changes under the row's lock, together with what it tells of."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    forget_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the login is deleted, because the person has left their last account. Null while they belong to one."""


class Member(SQLModel, table=True):
    """A person's place in an account."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'member')", name="members_role_check"),
        CheckConstraint("suspended_at IS NULL OR role = 'member'", name="members_suspended_check"),
        Index("members_user_id_idx", "user_id"),
    )

    account_id: uuid.UUID = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    user_id: uuid.UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    role: str
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    owner_until: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When they last stopped being an owner. What owners may read, they may know from before."""
    suspended_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """Since when no group of theirs gives them a role. Until one does, no session of theirs is accepted in the
    account."""


class ExternalIdentity(SQLModel, table=True):
    """A person's login at an OpenID provider, which opens their login here."""

    __tablename__ = "external_identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="external_identities_issuer_subject_key"),
        UniqueConstraint("user_id", "issuer", name="external_identities_user_id_issuer_key"),
        Index("external_identities_due_at_idx", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    issuer: str
    subject: str
    """The provider's name for the person, which it never gives to anybody else."""
    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    email: str = ""
    """At the provider, when they last signed in."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    signed_in_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    grants: int = 1
    """How often the person has signed in: what a check finds out counts only if this is still the same."""
    sealed_token: bytes | None = None
    """The provider's token for asking about the person, encrypted; null if there is none."""
    confirmed_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    """When the provider last vouched for the person."""
    due_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the provider is asked next; null if it need not be."""
