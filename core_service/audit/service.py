"""Reads the audit log. It is written by act.py."""

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col, select

from core_service.audit.models import AuditEntry
from core_service.common.orm import lowest_id
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id_before
from core_service.common.validation import require_storable


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to list. A filter that is None matches all."""

    actor_id: uuid.UUID | None = None
    method: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Before this moment. Both have a time zone."""


class AuditLog:
    """Acts of administration."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def list(
        self, account_id: uuid.UUID, wanted: AuditFilter, page_size: int | None, page_token: str | None
    ) -> Page[AuditEntry]:
        """The account's entries, newest first.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        query = (
            select(AuditEntry)
            .where(col(AuditEntry.account_id) == account_id, col(AuditEntry.id) < read_id_before(page_token))
            .order_by(col(AuditEntry.id).desc())
            .limit(size + 1)
        )
        if wanted.actor_id is not None:
            query = query.where(col(AuditEntry.actor_id) == wanted.actor_id)
        if wanted.method is not None:
            query = query.where(col(AuditEntry.method) == require_storable(wanted.method, "method"))
        # Ids begin with the time, so the index that sorts the list also finds the time.
        if wanted.since is not None:
            query = query.where(col(AuditEntry.id) >= lowest_id(wanted.since))
        if wanted.until is not None:
            query = query.where(col(AuditEntry.id) < lowest_id(wanted.until))
        async with self._database() as session:
            entries = (await session.scalars(query)).all()
        return page_of(entries, size, lambda entry: str(entry.id))
