"""Writes everything that an account has as one JSON object, a page at a time."""

import datetime as dt
import json
import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from core_service.account_data.export_queries import ACCOUNT, SECTIONS
from core_service.account_data.export_reading_queries import Read
from core_service.audit import act
from core_service.common.orm import lowest_id, now
from service_kit.database import Pool
from service_kit.errors import NotFound, Unavailable

FORMAT = "smith-account-export"
VERSION = 1
"""Rises when a member is renamed, removed or gets another meaning. New members may come without it."""
PAGE = 500
"""Rows that are held at once."""
PIECE = 64_000
"""Characters of a piece, about."""
MAX_RUNNING = 2
"""Exports at a time. Each holds some pages in memory, and reads much."""


class AccountExport:
    """Exports accounts.

    Nothing holds a transaction for the time of an export: one that is old keeps PostgreSQL from clearing up behind the
    queues. So it is no snapshot. Rows come in the order of keys that do not change, so each comes once; what was made
    after the export began is left out where ids tell the time.
    """

    def __init__(self, pool: Pool, *, page: int = PAGE) -> None:
        self._pool = pool
        self._page = page
        self._running: set[uuid.UUID] = set()

    @contextmanager
    def place(self, account_id: uuid.UUID) -> Iterator[None]:
        """Holds one of the places for exports.

        Raises Unavailable if all are taken, or the account has one.
        """
        if account_id in self._running or len(self._running) >= MAX_RUNNING:
            raise Unavailable("Another export is running. Try again when it is done.")
        self._running.add(account_id)
        try:
            yield
        finally:
            self._running.discard(account_id)

    async def begin(self, account_id: uuid.UUID) -> None:
        """Writes the act in progress into the audit log."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            await act.record(connection, account_id, None)

    async def pieces(self, account_id: uuid.UUID) -> AsyncGenerator[str]:
        """The JSON text, in pieces of some 64,000 characters.

        Raises NotFound if there is no such account, and one of DATABASE_AWAY, also in the middle: the text is not
        complete then.
        """
        began = now()
        kept, size = [], 0
        async for text in self._texts(account_id, began):
            kept.append(text)
            size += len(text)
            if size >= PIECE:
                yield "".join(kept)
                kept, size = [], 0
        yield "".join(kept)

    async def _texts(self, account_id: uuid.UUID, began: dt.datetime) -> AsyncGenerator[str]:
        accounts = await self._rows(ACCOUNT, (account_id,))
        if not accounts:
            raise NotFound("There is no such account.")
        head = {"format": FORMAT, "version": VERSION, "exported_at": began.isoformat(timespec="seconds")}
        yield f'{json.dumps(head)[:-1]},\n"account": {accounts[0][0]}'
        bounds = {"account_id": account_id, "limit": self._page, "began": began, "until": lowest_id(began)}
        for name, reads in SECTIONS.items():
            yield f',\n"{name}": ['
            separator = "\n"
            for read in reads:
                async for line in self._lines(read, bounds):
                    yield separator + line
                    separator = ",\n"
            yield "\n]"
        yield ',\n"complete": true}\n'

    async def _lines(self, read: Read, bounds: dict[str, Any]) -> AsyncGenerator[str]:
        keys: Sequence[Any] = read.first
        while True:
            rows = await self._rows(read.query, bounds | {f"k{place}": key for place, key in enumerate(keys)})
            for row in rows:
                yield row[-1]
            if len(rows) < self._page:
                return
            keys = rows[-1][:-1]

    async def _rows(self, query: str, parameters: Any) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL TIME ZONE 'UTC'")
            return await (await connection.execute(query, parameters)).fetchall()
