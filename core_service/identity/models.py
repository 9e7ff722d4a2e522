"""Tables of accounts and people."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
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
    """Argon2id, in the PHC string format."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    forget_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the login is deleted, because the person has left their last account. Null while they belong to one."""


class Member(SQLModel, table=True):
    """A person's place in an account."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'member')", name="members_role_check"),
        Index("members_user_id_idx", "user_id"),
    )

    account_id: uuid.UUID = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    user_id: uuid.UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    role: str
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    owner_until: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When they last stopped being an owner. What owners may read, they may know from before."""
