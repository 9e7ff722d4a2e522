"""The table of requests that carry an `Idempotency-Key`."""

import datetime as dt
import uuid

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class IdempotentRequest(SQLModel, table=True):
    """A request of one credential under one key, and its answer once there is one."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (Index("idempotent_requests_created_at_idx", "created_at"),)

    principal_id: uuid.UUID = Field(primary_key=True)
    """The API key, session or device that sent it."""
    key_hash: bytes = Field(primary_key=True)
    """SHA-256 of the `Idempotency-Key`."""
    fingerprint: bytes
    """SHA-256 of method and request: another request under the same key is refused."""
    resource_id: uuid.UUID = Field(default_factory=new_id)
    """The id of what the request makes. If the request runs again after a crash, it finds what it has made."""
    locked_until: dt.datetime = Field(sa_type=Timestamp)
    """Until then the process that claimed the request works on it. After that, any process may run it again."""
    answer: bytes | None = None
    """The answer, encrypted with a key that only the caller can derive: it may hold a secret that is stored nowhere
    else."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
