"""The tables of what the operator sees and is told: running cores, backups, alerts and their messages."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id


class CoreReport(SQLModel, table=True):
    """What a running core last said of itself."""

    __tablename__ = "core_reports"

    core_id: uuid.UUID = Field(primary_key=True)
    """Of the process: new at each start."""
    release: str
    started_at: dt.datetime = Field(sa_type=Timestamp)
    reported_at: dt.datetime = Field(sa_type=Timestamp)
    stopped_routes: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    """The alarms of its routes, as `ServerStatus.news` writes them."""


class BackupRecord(SQLModel, table=True):
    """A backup that was made of this database, or a restore that this database came from.

    A backup is recorded after it was written, so its file does not hold its own record. A restored database knows
    the backups before the one that it came from, and no later one.
    """

    __tablename__ = "backup_records"
    __table_args__ = (
        CheckConstraint("kind IN ('backup', 'restore')", name="backup_records_kind_check"),
        Index("backup_records_kind_idx", "kind", "finished_at"),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    finished_at: dt.datetime = Field(sa_type=Timestamp)
    snapshot_at: dt.datetime = Field(sa_type=Timestamp)
    """The moment of the database that the backup shows."""
    place: str
    """The file, or `standard output`, on the machine where the command ran."""
    bytes: int = Field(sa_type=BigInteger)
    is_verified: bool
    """Whether the finished file was read again and found complete."""
    release: str
    """Version of the program that made the backup."""


class ServerAlert(SQLModel, table=True):
    """Something that needs the operator's attention, from when it began until it has been over for minutes."""

    __tablename__ = "server_alerts"

    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    explanation: str
    """What was told when it began."""
    began_at: dt.datetime = Field(sa_type=Timestamp)
    seen_at: dt.datetime = Field(sa_type=Timestamp)
    """When a check last found it."""


class AlertMessage(SQLModel, table=True):
    """A message that says that an alert has begun, or is over, to one recipient."""

    __tablename__ = "alert_messages"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed', 'not_configured')", name="alert_messages_state_check"),
        Index("alert_messages_due_at_idx", "due_at", postgresql_where=text("state = 'queued'")),
        Index("alert_messages_queued_at_idx", "queued_at"),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    recipient: str
    """An e-mail address, the URL of a webhook, or `push:` with the address of the person whose phones are told."""
    kind: str
    explanation: str
    is_end: bool
    queued_at: dt.datetime = Field(sa_type=Timestamp)
    due_at: dt.datetime = Field(sa_type=Timestamp)
    state: str
    attempts: int
    sent_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    reason: str
    message: str
