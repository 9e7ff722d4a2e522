"""Watching what happens in an account."""

import asyncio
import contextlib
import datetime as dt
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import grpc
import psycopg
import pytest
import pytest_asyncio
from smith.core.v1 import api_key_pb2, event_pb2, event_service_pb2, event_service_pb2_grpc
from smith.core.v1.event_service_pb2 import WatchEventsRequest, WatchEventsResponse

from core_service.app.interceptor import CallInterceptor
from core_service.auth.credentials import Credentials, LastUsed
from core_service.auth.rate_limit import RateLimiter, create_storage
from core_service.events.convert import NUMBERS
from core_service.events.service import MAX_WAITING, MAX_WATCHERS, MAX_WATCHERS_PER_ACCOUNT, Event, EventBus, EventType
from core_service.events.servicer import EventServicer
from core_service.idempotency.service import IdempotentRequests
from core_service.identity.principal import Principal
from core_service.work_queue.group import Crowd
from service_kit.client import open_channel
from service_kit.database import DATABASE_AWAY, create_request_pool
from service_kit.errors import Unavailable
from service_kit.interceptors import ErrorInterceptor
from service_kit.peers import Peers
from service_kit.server import GrpcServer
from service_kit.status import RemoteError, from_rpc_error
from tests.core.harness import Account, Core
from tests.waiting import eventually_async

SERVICE = event_service_pb2.DESCRIPTOR.services_by_name["EventService"]
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
RECHECK_SECONDS = 0.1
DEADLINE_SECONDS = 60.0


def event(number: int = 0, type_: EventType = EventType.LIVE_ACTIVITY_UPDATED, **fields: Any) -> Event:
    """Something that happened, told from others by its activity."""
    return Event(type_, NOON, activity_id=str(number), **fields)


class Stream:
    """One reader's stream."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def read(self) -> WatchEventsResponse:
        """The next message."""
        message = await asyncio.wait_for(self.call.read(), DEADLINE_SECONDS)
        assert isinstance(message, WatchEventsResponse), "the stream has ended"
        return message

    async def ending(self) -> RemoteError:
        """How the stream ends, after whatever is still told."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while await self.call.read() is not grpc.aio.EOF:
                    pass
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error)
        raise AssertionError("the stream has ended well, though it has no end")


class CountingCredentials(Credentials):
    """Counts how often somebody was looked up."""

    lookups = 0

    async def principal(self, authorization: str) -> Principal:
        """As ever."""
        self.lookups += 1
        return await super().principal(authorization)


@dataclass
class Events:
    """A core's EventService on a server of its own, so that tests hold its bus."""

    bus: EventBus
    server: GrpcServer
    channel: grpc.aio.Channel
    credentials: "CountingCredentials"

    def call(self, secret: str | None, *types: int) -> Stream:
        """Begins to watch."""
        watch: Any = event_service_pb2_grpc.EventServiceStub(self.channel).WatchEvents
        metadata = [("authorization", f"Bearer {secret}")] if secret else []
        return Stream(watch(WatchEventsRequest(types=types), metadata=metadata))  # type: ignore[arg-type] # any number

    async def watch(self, secret: str, *types: int) -> Stream:
        """Watches: whatever is published from here on is told."""
        stream = self.call(secret, *types)
        assert await stream.read() == WatchEventsResponse()
        return stream

    def publish(self, account: Account, *events: Event) -> None:
        """Lets something happen in the account."""
        for each in events:
            self.bus.publish(uuid.UUID(account.id), each)

    def watchers(self, account: Account) -> int:
        """How many readers the bus holds for the account."""
        return len(self.bus._watchers.get(uuid.UUID(account.id), ()))

    async def watched_by(self, account: Account, count: int) -> None:
        """Waits until the bus holds this many readers for the account."""

        async def reached() -> bool:
            return self.watchers(account) == count

        await eventually_async(f"{count} readers", reached)


@contextlib.asynccontextmanager
async def serving_events(
    core: Core, servicer: Callable[[EventBus], Any] = EventServicer, **seconds: float
) -> AsyncIterator[Events]:
    """The service with its interceptors, on the core's database. `seconds` say how often callers are looked up."""
    bus = EventBus()
    async with create_request_pool(core.database_url, max_size=2) as pool:
        credentials = CountingCredentials(pool, LastUsed(pool), 60, ceiling=60, crowd=Crowd())
        rate_limiter = RateLimiter(create_storage(None))
        seconds = {"recheck_seconds": RECHECK_SECONDS} | seconds
        idempotent = IdempotentRequests(pool)
        calls = CallInterceptor(
            [SERVICE], credentials, rate_limiter, idempotent, Peers(), administration_per_minute=600, **seconds
        )
        errors = ErrorInterceptor(database_away=DATABASE_AWAY)
        server = GrpcServer(interceptors=[errors, calls], max_concurrent_rpcs=1000)
        server.add(servicer(bus))
        port = await server.start("127.0.0.1", 0)
        async with open_channel(f"127.0.0.1:{port}") as channel:
            yield Events(bus, server, channel, credentials)
        await server.stop(0)


@pytest_asyncio.fixture(loop_scope="session")
async def events(core: Core) -> AsyncIterator[Events]:
    """A service of the test's own."""
    async with serving_events(core) as running:
        yield running


async def test_a_watcher_hears_what_happens(events: Events, account: Account) -> None:
    """In order, with everything that is known of it."""
    stream = await events.watch(account.session)
    device_id, notification_id = uuid.uuid4(), uuid.uuid4()
    failed = Event(
        EventType.LIVE_ACTIVITY_FAILED,
        NOON,
        activity_id="a" * 32,
        stream_key="deploys",
        device_id=device_id,
        notification_id=notification_id,
        reason="ExpiredToken",
    )
    events.publish(account, failed, event(2))
    told = await stream.read()
    assert told.missed == 0
    first, second = told.events
    assert first.type == event_pb2.EVENT_TYPE_LIVE_ACTIVITY_FAILED
    assert first.occurred_at.ToDatetime(dt.UTC) == NOON
    assert (first.activity_id, first.stream_key, first.reason) == ("a" * 32, "deploys", "ExpiredToken")
    assert (first.device_id, first.notification_id) == (str(device_id), str(notification_id))
    assert (second.activity_id, second.device_id, second.reason) == ("2", "", "")


async def test_every_watcher_hears_it_and_a_key_may_watch_too(events: Events, account: Account) -> None:
    secrets = (account.session, account.session, (await account.add_key())[1])
    streams = [await events.watch(secret) for secret in secrets]
    events.publish(account, event(1))
    assert [[each.activity_id for each in (await stream.read()).events] for stream in streams] == [["1"]] * 3


async def test_another_accounts_events_are_never_told(events: Events, account: Account, stranger: Account) -> None:
    mine, theirs = await events.watch(account.session), await events.watch(stranger.session)
    events.publish(stranger, event(1))
    events.publish(account, event(2))
    assert [each.activity_id for each in (await mine.read()).events] == ["2"]
    assert [each.activity_id for each in (await theirs.read()).events] == ["1"]


async def test_only_the_types_asked_for_are_told(events: Events, account: Account) -> None:
    stream = await events.watch(account.session, event_pb2.EVENT_TYPE_STREAM_ENDED, event_pb2.EVENT_TYPE_STREAM_ENDED)
    events.publish(account, event(1), event(2, EventType.STREAM_ENDED), event(3))
    events.publish(account, event(4, EventType.STREAM_ENDED))
    assert [each.activity_id for each in (await stream.read()).events] == ["2", "4"]


def test_every_event_of_the_contract_can_happen() -> None:
    assert set(NUMBERS.values()) == set(event_pb2.EventType.values()) - {event_pb2.EVENT_TYPE_UNSPECIFIED}


@pytest.mark.parametrize("number", [0, 99, -1])
async def test_a_type_that_is_none_is_refused(events: Events, account: Account, number: int) -> None:
    ending = await events.call(account.session, event_pb2.EVENT_TYPE_STREAM_ENDED, number).ending()
    assert (ending.code, ending.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert ending.message == f"types[1] must be an event type; {number} is none"


async def test_what_waits_is_told_in_messages_of_a_hundred_events(events: Events, account: Account) -> None:
    stream = await events.watch(account.session)
    events.publish(account, *map(event, range(250)))
    told = [await stream.read() for _ in range(3)]
    assert [len(message.events) for message in told] == [100, 100, 50]
    assert [each.activity_id for message in told for each in message.events] == [str(i) for i in range(250)]


async def test_a_slow_reader_keeps_memory_bounded_and_is_told_how_many_it_missed(
    events: Events, account: Account
) -> None:
    """It does not read while gRPC's windows fill; a reader beside it hears everything."""
    slow, quick = await events.watch(account.session), await events.watch(account.session)
    (watcher, _) = events.bus._watchers[uuid.UUID(account.id)]
    published = heard = 0
    large = event(reason="x" * 20_000)
    is_late = False
    while not is_late:
        for _ in range(100):
            events.publish(account, replace(large, activity_id=str(published)))
            published += 1
        is_late = watcher._missed > 0
        # At once: while the other one reads, gRPC may take a message of this one, too.
        assert not is_late or len(watcher._waiting) == MAX_WAITING
        heard += len((await quick.read()).events)
        assert published < 20_000, "the reader is never too slow"

    while heard < published:
        message = await quick.read()
        assert message.missed == 0
        heard += len(message.events)
    numbers: list[int] = []
    missed = 0
    while not numbers or numbers[-1] < published - 1:
        message = await slow.read()
        if message.missed:
            gap = int(message.events[0].activity_id) - (numbers[-1] + 1 if numbers else 0)
            assert message.missed == gap
            missed += gap
        numbers.extend(int(each.activity_id) for each in message.events)
    assert missed > 0
    assert missed + len(numbers) == published
    assert numbers == sorted(set(numbers))


async def test_a_reader_that_leaves_is_forgotten_even_if_it_was_not_reading(events: Events, account: Account) -> None:
    idle, stalled = await events.watch(account.session), await events.watch(account.session)
    large = event(reason="x" * 100_000)
    for _ in range(100):
        events.publish(account, large)
        await idle.read()
    assert events.watchers(account) == 2
    stalled.call.cancel()
    await events.watched_by(account, 1)
    idle.call.cancel()
    await events.watched_by(account, 0)
    assert events.bus._watchers == {}


async def test_nothing_is_told_once_the_credentials_are_revoked(core: Core, account: Account) -> None:
    """Not even between two looks at them."""
    key_id, secret = await account.add_key()
    async with serving_events(core, recheck_seconds=1000.0, fresh_seconds=0.0) as events:
        stream, other = await events.watch(secret), await events.watch(account.session)
        events.publish(account, event(1))
        assert [each.activity_id for each in (await stream.read()).events] == ["1"]
        await account.owner.RevokeApiKey(api_key_id=key_id)
        events.publish(account, event(2))
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await stream.read()
        assert ended.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert [each.activity_id for each in (await other.read()).events] == ["1"]


async def test_a_busy_stream_looks_at_its_credentials_once_a_second(core: Core, account: Account) -> None:
    async with serving_events(core, recheck_seconds=1000.0) as events:
        began = time.monotonic()
        stream = await events.watch(account.session)
        before = events.credentials.lookups
        for number in range(50):
            events.publish(account, event(number))
            await stream.read()
        # One for each second that it took: a busy machine may take more than a few.
        assert events.credentials.lookups - before <= time.monotonic() - began + 1


async def test_good_credentials_are_checked_again_and_again_and_change_nothing(
    events: Events, account: Account
) -> None:
    stream = await events.watch(account.session)

    async def checked() -> bool:
        return events.credentials.lookups >= 4

    await eventually_async("four checks", checked)
    events.publish(account, event(1))
    assert (await stream.read()).events[0].activity_id == "1"


async def test_a_revoked_key_ends_the_stream(events: Events, account: Account) -> None:
    key_id, secret = await account.add_key()
    stream = await events.watch(secret)
    await account.owner.RevokeApiKey(api_key_id=key_id)
    ending = await stream.ending()
    assert (ending.code, ending.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    await events.watched_by(account, 0)


async def test_an_ended_session_ends_the_stream(events: Events, account: Account) -> None:
    stream = await events.watch(account.session)
    await account.owner.DeleteSession()
    assert (await stream.ending()).reason == "UNAUTHENTICATED"


async def test_a_removed_member_hears_no_more(events: Events, account: Account) -> None:
    user_id, member = await account.add_member()
    secret = dict(member._metadata)["authorization"].removeprefix("Bearer ")
    stream = await events.watch(secret)
    await account.core.sql("DELETE FROM members WHERE user_id = %s", user_id)
    assert (await stream.ending()).reason == "UNAUTHENTICATED"


async def test_a_key_that_is_limited_to_channels_hears_no_more_and_is_refused(events: Events, account: Account) -> None:
    """It is told to call again, and learns then that it may not."""
    await account.add_channel("ops")
    key_id, secret = await account.add_key()
    stream = await events.watch(secret)
    await account.owner.UpdateApiKey(api_key_id=key_id, scope=api_key_pb2.API_KEY_SCOPE_CHANNELS, channels=["ops"])
    assert (await stream.ending()).code is grpc.StatusCode.UNAVAILABLE
    ending = await events.call(secret).ending()
    assert (ending.code, ending.reason) == (grpc.StatusCode.PERMISSION_DENIED, "FORBIDDEN")


async def test_no_other_may_watch(events: Events, account: Account) -> None:
    """Phones, strangers, and callers without credentials."""
    phone = await account.add_phone()
    assert (await events.call(phone.secret).ending()).reason == "FORBIDDEN"
    for secret in (None, "ses_unknown", "ask_unknown"):
        assert (await events.call(secret).ending()).reason == "UNAUTHENTICATED"


async def test_a_stopping_server_ends_streams_at_once_after_what_waits_was_told(
    events: Events, account: Account
) -> None:
    stream = await events.watch(account.session)
    events.publish(account, *map(event, range(150)))
    events.bus.close()
    assert [len((await stream.read()).events) for _ in range(2)] == [100, 50]
    ending = await stream.ending()
    assert (ending.code, ending.reason) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    assert (await events.call(account.session).ending()).code is grpc.StatusCode.UNAVAILABLE
    async with asyncio.timeout(DEADLINE_SECONDS):
        await events.server.stop(10 * DEADLINE_SECONDS)


async def test_a_reader_too_many_is_refused_until_another_leaves(
    events: Events, account: Account, stranger: Account
) -> None:
    streams = [await events.watch(account.session) for _ in range(MAX_WATCHERS_PER_ACCOUNT)]
    ending = await events.call(account.session).ending()
    assert (ending.code, ending.reason) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    assert "20 readers watch this account" in ending.message
    await events.watch(stranger.session)
    streams[0].call.cancel()
    await events.watched_by(account, MAX_WATCHERS_PER_ACCOUNT - 1)
    await events.watch(account.session)


async def test_readers_of_all_accounts_are_bounded_too() -> None:
    bus = EventBus()
    with contextlib.ExitStack() as stack:
        for number in range(MAX_WATCHERS):
            stack.enter_context(bus.watch(uuid.UUID(int=number // MAX_WATCHERS_PER_ACCOUNT)))
        with pytest.raises(Unavailable, match="500 readers watch this server"):
            stack.enter_context(bus.watch(uuid.uuid4()))
    with bus.watch(uuid.uuid4()):
        assert bus._count == 1


async def refused_bytes(events: Events, account: Account) -> RemoteError:
    """The answer to bytes that are no message."""
    watch: Any = events.channel.unary_stream(f"/{SERVICE.full_name}/WatchEvents")
    return await Stream(watch(b"\xff", metadata=[("authorization", f"Bearer {account.session}")])).ending()


async def test_bytes_that_are_no_message_are_refused(events: Events, account: Account) -> None:
    answer = await refused_bytes(events, account)
    assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


class Failing(EventServicer):
    """Fails in the middle of a stream."""

    error: Exception

    async def WatchEvents(self, request: Any, context: Any) -> None:  # type: ignore[override] # noqa: N802
        await context.write(WatchEventsResponse())
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (psycopg.OperationalError("the host secret.example is away"), "UNAVAILABLE", "The database cannot be reached"),
        (ZeroDivisionError("secret"), "INTERNAL", "Internal error, incident "),
    ],
)
async def test_a_failure_in_the_middle_of_a_stream_is_told_and_tells_no_more(
    core: Core, account: Account, error: Exception, code: str, words: str
) -> None:
    async with serving_events(core, type("Fails", (Failing,), {"error": error})) as events:
        ending = await (await events.watch(account.session)).ending()
    assert ending.code is grpc.StatusCode[code]
    assert words in ending.message
    assert "secret" not in ending.message


class Generating(EventServicer):
    """In the form of a stream that the interceptor cannot guard."""

    async def WatchEvents(self, request: Any, context: Any) -> AsyncIterator[Any]:  # type: ignore[override] # noqa: N802
        yield WatchEventsResponse()


async def test_a_stream_that_cannot_be_guarded_is_not_served(core: Core, account: Account) -> None:
    async with serving_events(core, Generating) as events:
        stream = events.call(account.session)
        assert (await stream.ending()).code is not grpc.StatusCode.OK
        with pytest.raises(grpc.aio.AioRpcError):
            await stream.call.read()
