"""The table of hourly counts."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, PrimaryKeyConstraint, SmallInteger, Uuid
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp


class Counted(StrEnum):
    """What is counted."""

    PUSH_NOTIFICATION_SENT = "push_notification_sent"
    LIVE_ACTIVITY_STARTED = "live_activity_started"
    LIVE_ACTIVITY_UPDATED = "live_activity_updated"
    LIVE_ACTIVITY_ENDED = "live_activity_ended"
    ACCEPTED = "accepted"
    """An attempt that APNs accepted. The values after it are attempts too."""
    RETRY = "retry"
    TOKEN_DEAD = "token_dead"  # noqa: S105 - a name, no secret
    REJECTED = "rejected"
    MISCONFIGURED = "misconfigured"


class HourlyCount(SQLModel, table=True):
    """How often something happened in an account within one hour."""

    __tablename__ = "hourly_counts"
    __table_args__ = (PrimaryKeyConstraint("account_id", "hour", "counted", "latency_class"),)

    account_id: uuid.UUID = Field(sa_column=Column(Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False))
    hour: dt.datetime = Field(sa_type=Timestamp)
    """When the hour began."""
    counted: str
    latency_class: int = Field(sa_type=SmallInteger)
    """See counters.py; 0 for what has no latency."""
    count: int = Field(sa_type=BigInteger)
