"""The tables of what the operator sees: running cores, and backups."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
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
