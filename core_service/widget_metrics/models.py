"""Table of metrics."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class WidgetMetric(SQLModel, table=True):
    """A value that phones show in widgets, and how it is written."""

    __tablename__ = "metrics"
    __table_args__ = (
        UniqueConstraint("account_id", "key", name="metrics_account_id_key_key"),
        CheckConstraint("format IN ('number', 'currency', 'percent', 'unit', 'string')", name="metrics_format_check"),
        CheckConstraint("unit_spacing IN ('none', 'space')", name="metrics_unit_spacing_check"),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    key: str
    label: str
    format: str
    currency_code: str | None = None
    unit: str | None = None
    unit_spacing: str | None = None
    number: float | None = None
    """The newest value; null before the first, and for a text."""
    text: str | None = None
    """The newest value of a metric of texts."""
    measured_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    updated_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
