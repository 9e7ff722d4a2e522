"""Table of work owed to phones."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, false, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp


class DeliveryState(StrEnum):
    """Where a delivery stands. All but `due` are final."""

    DUE = "due"
    """Owed: to be sent at `due_at`, or in progress with `due_at` as the end of its lease."""
    ACCEPTED = "accepted"
    """APNs took it."""
    TOKEN_DEAD = "token_dead"  # noqa: S105 - not a password
    """The device cannot be reached any more."""
    REJECTED = "rejected"
    """APNs will never take this push."""
    EXPIRED = "expired"
    """Its notification was not worth delivering any longer."""


FAILED = "state IN ('token_dead', 'rejected', 'expired')"
"""The SQL condition under which a device will never get it."""


class Delivery(SQLModel, table=True):
    """One notification owed to one device.

    There are no foreign keys. They would cost two look-ups for each row of the busiest insert, and a row is useful
    after its device has gone.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "state IN ('due', 'accepted', 'token_dead', 'rejected', 'expired')", name="deliveries_state_check"
        ),
        Index("deliveries_due_idx", "account_id", "due_at", postgresql_where=text("state = 'due'")),
        Index("deliveries_failed_idx", "account_id", "notification_id", postgresql_where=text(FAILED)),
    )

    notification_id: uuid.UUID = Field(primary_key=True)
    device_id: uuid.UUID = Field(primary_key=True)
    account_id: uuid.UUID
    """Claims are fair between accounts."""
    user_id: uuid.UUID
    apns_id: uuid.UUID
    """The same on every attempt, so that APNs and phones recognize a repeat. That of a later version follows from it
    (`later_versions.apns_id_of`)."""
    state: str
    due_at: dt.datetime = Field(sa_type=Timestamp)
    attempts: int = 0
    reason: str | None = None
    """Why the last attempt did not succeed, in APNs' words or ours."""
    settled_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """The version of the notification's content that the device is owed, or was: the newest one; an earlier one of a
    browser that keeps it (`devices.models.STACKING`)."""
    alerted: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether APNs took an earlier version for the device, so that a later one takes its place silently."""
