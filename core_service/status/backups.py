"""The record of backups and restores."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core_service.common.orm import new_id
from core_service.status.facts_queries import NEWEST_RECORDS, RECORD
from service_kit.database import Pool

KEPT = 100
"""Records of each kind."""


class BackupKind(StrEnum):
    """What a record is of."""

    BACKUP = "backup"
    RESTORE = "restore"


class NewRecord(BaseModel):
    """What the operator's command says of the backup that it has made or restored."""

    model_config = ConfigDict(frozen=True)

    kind: BackupKind
    snapshot_at: AwareDatetime
    place: Annotated[str, Field(max_length=4096)]
    bytes: Annotated[int, Field(ge=0, lt=2**63)]
    is_verified: bool
    release: Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of this database, or the one that it was restored from. See `BackupRecord`."""

    finished_at: dt.datetime
    snapshot_at: dt.datetime
    place: str
    bytes: int
    is_verified: bool
    release: str


async def record(connection: AsyncConnection[TupleRow], new: NewRecord) -> None:
    """Writes it down, and forgets the oldest of its kind beyond 100. Raises psycopg.Error."""
    await connection.execute(RECORD, new.model_dump(mode="python") | {"id": new_id(), "kept": KEPT})


async def newest_records(pool: Pool) -> dict[BackupKind, Backup]:
    """The newest record of each kind."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(NEWEST_RECORDS)).fetchall()
    return {BackupKind(kind): Backup(*facts) for kind, *facts in rows}
