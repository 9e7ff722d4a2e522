"""The table of the audit log."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class AuditEntry(SQLModel, table=True):
    """An act of administration that succeeded."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("actor IN ('anonymous', 'api_key', 'user', 'device')", name="audit_entries_actor_check"),
        Index("audit_entries_account_id_idx", "account_id", "id"),
        Index("audit_entries_actor_id_idx", "account_id", "actor_id", "id"),
        Index("audit_entries_method_idx", "account_id", "method", "id"),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    occurred_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    actor: str
    actor_id: uuid.UUID | None = None
    actor_name: str = ""
    """The actor's name at that time."""
    method: str
    request: str
    """The request as JSON text, without secrets."""
    subject_id: uuid.UUID | None = None
    client_address: str | None = None
    request_id: str = ""
