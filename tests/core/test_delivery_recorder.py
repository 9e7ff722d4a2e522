"""What the delivery log says is what follows, it is said once, and it never takes the server with it."""

import asyncio
import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from core_service.common.jobs import cancel
from core_service.delivery_log import recorder as module
from core_service.delivery_log.recorder import DeliveryRecorder
from core_service.sending.guarded_sender import GuardedSender
from core_service.sending.port import About, Concern, Outcome, OutcomeKind, Push, PushEvent, Target
from service_kit.database import Pool, create_batch_pool
from tests.core.harness import DEADLINE_SECONDS, Core
from tests.core.saying_sender import SayingSender

pytestmark = pytest.mark.asyncio(loop_scope="session")


class BreakingPool:
    """Loses its first connection after what was asked for is done."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.broken = 0

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the pool."""
        async with self._pool.connection() as connection:
            yield connection
        if not self.broken:
            self.broken += 1
            raise psycopg.OperationalError("the connection is lost")


@pytest_asyncio.fixture(loop_scope="session")
async def pool(core: Core) -> AsyncIterator[Pool]:
    """Connections of the test's own."""
    async with create_batch_pool(core.database_url, max_size=2) as opened:
        yield opened


@contextlib.asynccontextmanager
async def running(recorder: DeliveryRecorder) -> AsyncIterator[None]:
    """The recorder at work; at the end everything is written."""
    task = asyncio.create_task(recorder.run())
    yield
    await asyncio.wait_for(recorder.drain(), DEADLINE_SECONDS)
    await cancel(task)


def a_push(count: int) -> Push:
    about = About(uuid.uuid4(), str(uuid.uuid4()), PushEvent.ALERT)
    targets = [
        Target(uuid.uuid4(), uuid.uuid4(), uuid.uuid4().hex, "sandbox", "com.example.app", uuid.uuid4())
        for _ in range(count)
    ]
    return Push(b"{}", dt.datetime.now(dt.UTC), about=about, targets=targets)


async def recorded(core: Core, push: Push) -> list[str]:
    """The outcomes that the log has of the push, in its order."""
    assert push.about is not None
    rows = await core.sql("SELECT outcome FROM delivery_attempts WHERE subject = %s ORDER BY id", push.about.subject)
    return [row[0] for row in rows]


async def test_a_token_that_is_not_believed_bad_is_not_called_dead(core: Core, pool: Pool) -> None:
    apns = SayingSender(
        Outcome(OutcomeKind.TOKEN_DEAD, "BadDeviceToken", status_code=400, concern=Concern.TOKEN_OR_SERVER)
    )
    recorder, push = DeliveryRecorder(pool), a_push(8)
    sender = GuardedSender(apns, on_attempt=recorder.record)
    async with running(recorder):
        sender.submit(push, lambda _, outcome: None)
    assert await recorded(core, push) == 5 * ["token_dead"] + 3 * ["misconfigured"]


async def test_what_was_held_back_was_not_attempted(core: Core, pool: Pool) -> None:
    apns = SayingSender(
        Outcome(OutcomeKind.MISCONFIGURED, "InvalidProviderToken", status_code=403, concern=Concern.SENDER)
    )
    recorder, push, held, told = DeliveryRecorder(pool), a_push(1), a_push(5), []
    sender = GuardedSender(apns, on_attempt=recorder.record)
    async with running(recorder):
        sender.submit(push, lambda _, outcome: None)
        sender.submit(held, lambda _, outcome: told.append(outcome.verdict))
    assert told == 5 * [OutcomeKind.HELD]
    assert await recorded(core, push) == ["misconfigured"]
    assert await recorded(core, held) == []


async def test_what_was_written_before_the_connection_broke_is_not_written_twice(core: Core, pool: Pool) -> None:
    breaking = BreakingPool(pool)
    recorder, push = DeliveryRecorder(breaking), a_push(3)  # type: ignore[arg-type]
    sender = GuardedSender(SayingSender(), on_attempt=recorder.record)
    async with running(recorder):
        sender.submit(push, lambda _, outcome: None)
    assert breaking.broken
    assert await recorded(core, push) == 3 * ["accepted"]


async def test_a_log_that_cannot_be_written_does_not_fill_the_memory(
    core: Core, pool: Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 100)
    recorder, push, later = DeliveryRecorder(pool), a_push(1000), a_push(1)
    sender = GuardedSender(SayingSender(), on_attempt=recorder.record)
    told: list[Target] = []
    async with await psycopg.AsyncConnection.connect(core.database_url) as other, running(recorder):
        await other.execute("LOCK TABLE delivery_attempts IN EXCLUSIVE MODE")
        sender.submit(push, lambda target, _: told.append(target))
        assert len(told) == 1000, "nobody waits for the log"
        await other.commit()
        await recorder.drain()
        sender.submit(later, lambda _, outcome: None)
    assert len(await recorded(core, push)) == 100
    assert await recorded(core, later) == ["accepted"]
    assert "900 attempts are missing in the delivery log" in caplog.text
