"""The outbox: makes the calls that a table owes, each in three steps. Claim, call, settle."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, LiteralString, Protocol, TypeVar

from psycopg import AsyncConnection

from core_service.work_queue.keyed import KeyedCounter
from core_service.work_queue.loops import BatchWriter, ClaimLoop
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)


class Owed(Protocol):
    """A call that is owed, leased to this process."""

    @property
    def id(self) -> uuid.UUID | str:
        """The primary key of its row."""

    @property
    def account_id(self) -> uuid.UUID | None:
        """The account that the call counts for."""


C = TypeVar("C", bound=Owed)


@dataclass(frozen=True, slots=True)
class Settlement(Generic[C]):
    """What became of one attempt."""

    call: C
    state: str
    """The row's new state."""
    attempts: int
    wait_seconds: float | None
    """Until the next attempt; None if this was the last."""
    reason: str
    columns: dict[str, Any]
    """Further values for the row, by parameter of the statement."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an outbox does at once."""

    claim_size: int
    most: int
    """Calls in progress, until their results are written."""
    of_account: int
    """Of these, calls of one account that may begin at once. Claims take half as many, so that there is room left."""
    lease_seconds: float
    """How long a call stays with the process that took it. Longer than an attempt can take; after it any process may
    take it."""


class Calls(Protocol[C]):
    """What differs between outboxes: the table, and what its rows ask for."""

    what: str
    """For logs."""
    limits: Limits
    settle: LiteralString
    """The statement that writes settlements down. Its parameters are arrays of equal length."""

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[C]:
        """Leases due rows. The parameters are those of `due_of_oldest`, and `lease` in seconds."""

    async def call(self, call: C) -> Settlement[C]:
        """Makes one attempt and returns what follows.

        Raises one of DATABASE_AWAY if it could not begin. The row is due again when its lease ends.
        """

    def settled(self, settlement: Settlement[C]) -> None:
        """Called when the settlement is written."""


class Outbox(Generic[C]):
    """Makes the calls of a table: those that are due, and at once those that a request has leased."""

    def __init__(self, calls: Calls[C], pool: Pool) -> None:
        self._calls = calls
        self._limits = calls.limits
        self._pool = pool
        self._loop = ClaimLoop(calls.what, self._claim, size=self._limits.claim_size, most=self._limits.most)
        self._writer: BatchWriter[Settlement[C]] = BatchWriter(f"results of {calls.what}", self._write, self._finish)
        self._of_account: KeyedCounter[uuid.UUID | None] = KeyedCounter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[uuid.UUID | str, list[asyncio.Event]] = {}

    @property
    def in_progress(self) -> int:
        """Calls that are being made, until their results are written."""
        return self._loop.in_progress

    def has_room(self, account_id: uuid.UUID) -> bool:
        """Whether another call of the account may begin at once."""
        return self._loop.in_progress < self._limits.most and self._of_account[account_id] < self._limits.of_account

    def begin(self, call: C) -> None:
        """Makes a call that is leased to this process."""
        self._loop.begin(1)
        self._of_account.add(call.account_id, 1)
        task = asyncio.create_task(self._attempt(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wake(self) -> None:
        """The table has a row that is due."""
        self._loop.wake()

    async def ended(self, call_id: uuid.UUID, seconds: float) -> None:
        """Returns when the call has ended, or after this many seconds."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(call_id, [])
        waiting.append(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            waiting.remove(event)
            if not waiting:
                self._waiting.pop(call_id, None)

    async def run(self) -> None:
        """Claims and calls, until cancelled."""
        await self._loop.run()

    async def write(self) -> None:
        """Writes results, until cancelled."""
        await self._writer.run()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every result is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        share = self._limits.of_account // 2
        parameters = {
            "limit": self._limits.claim_size,
            "lease": self._limits.lease_seconds,
            "share": share,
            "busy": [account_id for account_id, count in self._of_account.items() if account_id and count >= share],
        }
        async with self._pool.connection() as connection:
            claimed = await self._calls.claim(connection, parameters)
        for call in claimed:
            self.begin(call)
        return len(claimed) == self._limits.claim_size

    async def _attempt(self, call: C) -> None:
        try:
            settlement = await self._calls.call(call)
        except DATABASE_AWAY as error:
            log.warning("one of the %s cannot be made, the database is away: %s", self._calls.what, error)
            self._end(call)
        except BaseException:
            self._end(call)
            raise
        else:
            self._writer.put(settlement)

    async def _write(self, batch: list[Settlement[C]]) -> None:
        columns: dict[str, list[Any]] = {
            "ids": [one.call.id for one in batch],
            "states": [one.state for one in batch],
            "attempts": [one.attempts for one in batch],
            "waits": [one.wait_seconds or 0.0 for one in batch],
            "reasons": [one.reason for one in batch],
        }
        columns |= {name: [one.columns[name] for one in batch] for name in batch[0].columns}
        async with self._pool.connection() as connection:
            await connection.execute(self._calls.settle, columns)
        for settlement in batch:
            self._finish(settlement)

    def _finish(self, settlement: Settlement[C]) -> None:
        self._end(settlement.call)
        if settlement.wait_seconds is not None:
            asyncio.get_running_loop().call_later(settlement.wait_seconds, self._loop.wake)
        else:
            for event in self._waiting.get(settlement.call.id, ()):
                event.set()
        self._calls.settled(settlement)

    def _end(self, call: C) -> None:
        self._of_account.add(call.account_id, -1)
        self._loop.finish(1)
