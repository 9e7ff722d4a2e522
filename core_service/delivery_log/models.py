"""The table of the delivery log."""

import datetime as dt
import uuid

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, SmallInteger
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp


class DeliveryAttempt(SQLModel, table=True):
    """One attempt to have APNs take a push for one device.

    Without foreign keys on purpose, as `deliveries`: the busiest insert of all, and a record that outlives its subject.
    """

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        PrimaryKeyConstraint("account_id", "id"),
        Index("delivery_attempts_subject_idx", "subject", "id"),
        Index("delivery_attempts_device_id_idx", "device_id", "id"),
    )

    id: uuid.UUID
    account_id: uuid.UUID
    occurred_at: dt.datetime = Field(sa_type=Timestamp)
    device_id: uuid.UUID
    subject: str
    """The UUID of the notification or of the number for the icon, as text, or the id of the Live Activity; `event` says
    which."""
    event: str
    """`alert` (of a notification), `start`, `update` or `end` (of a Live Activity), `badge` (of a number)."""
    priority: int = Field(sa_type=SmallInteger)
    apns_id: uuid.UUID
    outcome: str
    """`accepted`, `retry`, `token_dead`, `rejected` or `misconfigured`."""
    status_code: int | None = Field(default=None, sa_type=SmallInteger)
    """HTTP status of APNs' answer; null if there was none."""
    reason: str | None = None
    latency_ms: int
    version: int | None = Field(default=None, sa_type=BigInteger)
    """The Live Activity's version that the push carried; null for a notification, and of older releases."""
