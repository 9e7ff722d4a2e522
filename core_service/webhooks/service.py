"""Taps on webhook actions: recorded, called, and answered with the result."""

import time
import uuid
from dataclasses import dataclass

from limits import RateLimitItemPerMinute

from core_service.auth.rate_limit import RateLimiter
from core_service.common.orm import new_id
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id_before
from core_service.common.validation import missing
from core_service.identity.principal import DevicePrincipal
from core_service.webhooks.attempts import LEASE_SECONDS
from core_service.webhooks.models import Run, RunState
from core_service.webhooks.queries import LIST_RUNS, NEWEST_RUN, READ_RUN, RECORD
from core_service.work_queue.outbox import Outbox
from service_kit.database import Pool
from service_kit.errors import InvalidRequest

ACTION, RUN = "action on this device", "run of an action on this device"
TAPS = RateLimitItemPerMinute(30)
"""Taps of one device in a minute. People never tap that often; a faulty phone might."""
DOUBLE_TAP_SECONDS = 10.0
"""A tap on a Live Activity's button this soon after the last success counts as the same tap."""
WAIT_SECONDS = 8.0
"""How long a phone waits for the outcome. The gateway gives a call 10 seconds."""
POLL_SECONDS = 0.5


class NotAWebhook(InvalidRequest):
    """The action opens a URL on the phone: there is no webhook to call."""

    def __init__(self) -> None:
        super().__init__("action_id must name a webhook action; this one opens a URL on the phone")


@dataclass(frozen=True, slots=True)
class _RecordedRun:
    run: Run
    leased: bool
    """This process makes the call."""


class ActionRuns:
    """The use cases of webhook actions."""

    def __init__(self, pool: Pool, outbox: Outbox[Run], rate_limiter: RateLimiter) -> None:
        self._pool = pool
        self._outbox = outbox
        self._rate_limiter = rate_limiter

    async def run(self, caller: DevicePrincipal, action_id: uuid.UUID) -> Run:
        """Runs the action. Returns the run as it is some seconds later, or as soon as it has ended.

        Once it is recorded it will be called, even if this process dies. A tap while a run of the same button is
        running gets that run. So does a tap after a notification's button has succeeded, and one within 10 seconds
        after a Live Activity's button has.

        Raises NotAWebhook; NotFound if the device was not sent the action; TooManyAttempts.
        """
        await self._rate_limiter.refuse_haste(TAPS, "taps", str(caller.device_id))
        deadline = time.monotonic() + WAIT_SECONDS
        recorded = await self._record(caller, action_id)
        if recorded.leased:
            self._outbox.begin(recorded.run)
            await self._outbox.ended(recorded.run.id, WAIT_SECONDS)
            return await self.get(caller.device_id, recorded.run.id)
        self._outbox.wake()
        return await self._until_settled(recorded.run, deadline)

    async def get(self, device_id: uuid.UUID, run_id: uuid.UUID) -> Run:
        """A run that the device began. Raises NotFound."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(READ_RUN, (run_id, device_id), binary=True)
            row = await cursor.fetchone()
        if row is None:
            raise missing(RUN)
        return Run.of(row)

    async def list(
        self, account_id: uuid.UUID, state: RunState | None, page_size: int | None, page_token: str | None
    ) -> Page[Run]:
        """The account's runs, newest first.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        parameters = {
            "account_id": account_id,
            "before": read_id_before(page_token),
            "state": state,
            "limit": size + 1,
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(LIST_RUNS, parameters, binary=True)
            runs = [Run.of(row) for row in await cursor.fetchall()]
        return page_of(runs, size, lambda run: str(run.id))

    async def _record(self, caller: DevicePrincipal, action_id: uuid.UUID) -> _RecordedRun:
        leased = self._outbox.has_room(caller.account_id)
        parameters = {
            "id": new_id(),
            "action_id": action_id,
            "device_id": caller.device_id,
            "account_id": caller.account_id,
            "double_tap": DOUBLE_TAP_SECONDS,
            "lease": LEASE_SECONDS if leased else 0.0,
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(RECORD, parameters, binary=True)
            row = await cursor.fetchone()
            if row is None:
                raise missing(ACTION)
            if row[0] != "webhook":
                raise NotAWebhook
            if row[1] is not None:
                return _RecordedRun(Run.of(row[1:]), leased)
            # Another tap came first, perhaps at the same instant.
            cursor = await connection.execute(NEWEST_RUN, parameters, binary=True)
            row = await cursor.fetchone()
        if row is None:
            raise missing(ACTION)
        return _RecordedRun(Run.of(row), leased=False)

    async def _until_settled(self, run: Run, deadline: float) -> Run:
        """Returns a run that another process may be calling, when it has ended or at the deadline. Only the database
        knows."""
        while run.state is RunState.RUNNING and (left := deadline - time.monotonic()) > 0:
            await self._outbox.ended(run.id, min(POLL_SECONDS, left))
            run = await self.get(run.device_id, run.id)
        return run
