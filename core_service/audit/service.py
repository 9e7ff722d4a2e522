"""Reads the audit log. It is written by recording.py."""

import uuid

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col, select

from core_service.audit.models import AuditEntry
from core_service.paging import Page, page_of, read_id_before, require_page_size


class AuditLog:
    """Acts of administration."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def list(self, account_id: uuid.UUID, page_size: int | None, page_token: str | None) -> Page[AuditEntry]:
        """The account's entries, newest first.

        Raises InvalidRequest.
        """
        size = require_page_size(page_size)
        query = (
            select(AuditEntry)
            .where(col(AuditEntry.account_id) == account_id, col(AuditEntry.id) < read_id_before(page_token))
            .order_by(col(AuditEntry.id).desc())
            .limit(size + 1)
        )
        async with self._database() as session:
            entries = (await session.scalars(query)).all()
        return page_of(entries, size, lambda entry: str(entry.id))
