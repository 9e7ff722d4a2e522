"""Calls what is owed: at once for a tap that waits, from the database for everything else."""

import asyncio
import logging
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.webhooks import attempts
from core_service.webhooks.attempts import LONGEST_WAIT_SECONDS, Next
from core_service.webhooks.models import RunState
from core_service.webhooks.port import Call, Result, WebhookCaller
from core_service.webhooks.queries import CLAIM, RELEASE, SETTLE
from core_service.webhooks.run import Run
from core_service.webhooks.signing_keys import SigningKeys
from core_service.work_queue.batch_writer import BatchWriter
from core_service.work_queue.claim_loop import ClaimLoop
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
STRANGE_SECONDS = LONGEST_WAIT_SECONDS + LEASE_SECONDS
"""Above every wait between two calls, and above the lease."""
"""How long a run stays with the process that took it. Longer than an attempt can take; after it anybody may."""
CLAIM_SIZE = 25
MAX_IN_PROGRESS = 100
ACCOUNT_SHARE = 20
"""Calls that one account may have in progress: receivers that hang must not hold up everybody's."""
MAX_RESPONSE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt of a run."""

    run: Run
    result: Result
    next: Next


class WebhookRunner:
    """Claims, calls, settles."""

    def __init__(self, pool: Pool, caller: WebhookCaller, keys: SigningKeys, events: EventBus) -> None:
        self._pool = pool
        self._caller = caller
        self._keys = keys
        self._events = events
        self._loop = ClaimLoop("webhook calls", self._claim, size=CLAIM_SIZE, most=MAX_IN_PROGRESS)
        self._writer: BatchWriter[Settlement] = BatchWriter("results of webhooks", self._write, self._finish)
        self._busy: Counter[uuid.UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[uuid.UUID, list[asyncio.Event]] = {}

    @property
    def in_progress(self) -> int:
        """Calls that are being made, until their results are written."""
        return self._loop.in_progress

    def has_room(self, account_id: uuid.UUID) -> bool:
        """Whether another call of the account may begin at once."""
        return self._loop.in_progress < MAX_IN_PROGRESS and self._busy[account_id] < ACCOUNT_SHARE

    def begin(self, run: Run) -> None:
        """Calls for a run that the caller has leased."""
        self._loop.begin(1)
        self._busy[run.account_id] += 1
        task = asyncio.create_task(self._attempt(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wake(self) -> None:
        """There is a run in the table that nobody has leased."""
        self._loop.wake()

    async def settled(self, run_id: uuid.UUID, seconds: float) -> None:
        """Returns when the run has come to its end here, or after so many seconds."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(run_id, [])
        waiting.append(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            waiting.remove(event)
            if not waiting:
                self._waiting.pop(run_id, None)

    async def run(self) -> None:
        """Claims and calls, until cancelled."""
        await self._loop.run()

    async def write(self) -> None:
        """Writes results, until cancelled."""
        await self._writer.run()

    async def release(self) -> None:
        """The database's clock was set back: what waits for a time beyond any wait is due now."""
        released = CLAIM_SIZE
        while released == CLAIM_SIZE:
            async with self._pool.connection() as connection:
                parameters = {"longest": STRANGE_SECONDS, "limit": CLAIM_SIZE}
                released = (await connection.execute(RELEASE, parameters)).rowcount
            self._loop.wake()

    async def drain(self) -> None:
        """Returns once nothing is in progress and every result is written."""
        await self._loop.drain()

    async def _claim(self) -> bool:
        parameters = {
            "busy": [account_id for account_id, count in self._busy.items() if count >= ACCOUNT_SHARE // 2],
            "share": ACCOUNT_SHARE // 2,
            "limit": CLAIM_SIZE,
            "lease": LEASE_SECONDS,
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(CLAIM, parameters, binary=True)
            runs = [Run.of(row) for row in await cursor.fetchall()]
        for run in runs:
            self.begin(run)
        return len(runs) == CLAIM_SIZE

    async def _attempt(self, run: Run) -> None:
        try:
            keys = await self._keys.of([run.account_id])
            call = Call(run.url, run.method, run.sent_body, str(run.id), keys[run.account_id])
            result = await self._caller.call(call)
        except DATABASE_AWAY as error:
            # Nothing was called: the run is due again when its lease ends.
            log.warning("a webhook cannot be called, the database is away: %s", error)
            self._end(run)
            return
        except BaseException:
            self._end(run)
            raise
        self._writer.put(Settlement(run, result, attempts.after(result, run.attempts, now() - run.created_at)))

    async def _write(self, batch: list[Settlement]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(SETTLE, _columns(batch))
        for settlement in batch:
            self._finish(settlement)

    def _finish(self, settlement: Settlement) -> None:
        run, ended = settlement.run, settlement.next.state is not RunState.RUNNING
        self._end(run)
        if not ended:
            delay = settlement.next.wait_seconds
            asyncio.get_running_loop().call_later(delay, self._loop.wake)
            return
        for event in self._waiting.get(run.id, ()):
            event.set()
        reason = settlement.result.reason
        news = Event(EventType.ACTION_RUN_SETTLED, now(), device_id=run.device_id, action_run_id=run.id, reason=reason)
        self._events.publish(run.account_id, news)

    def _end(self, run: Run) -> None:
        self._busy[run.account_id] -= 1
        if not self._busy[run.account_id]:
            del self._busy[run.account_id]
        self._loop.finish(1)


def _columns(batch: list[Settlement]) -> dict[str, list[Any]]:
    results = [one.result for one in batch]
    return {
        "ids": [one.run.id for one in batch],
        "states": [one.next.state.value for one in batch],
        "attempts": [one.next.attempts for one in batch],
        "waits": [one.next.wait_seconds for one in batch],
        "status_codes": [one.status_code for one in results],
        "response_bodies": [_text(one.response_body) for one in results],
        "reasons": [one.reason for one in results],
        "messages": [one.message for one in results],
    }


def _text(body: bytes) -> str:
    """As PostgreSQL and protobuf can hold it."""
    return body[:MAX_RESPONSE].decode("utf-8", "replace").replace("\x00", "\ufffd")
