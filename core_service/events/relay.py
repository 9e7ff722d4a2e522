"""Events and alarms between the cores of one installation, over Redis pub/sub. Events that are lost on the way are
missed."""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from core_service.events.service import Event, EventBus

log = logging.getLogger(__name__)

CHANNEL = "smith:events"
MAX_WAITING = 10_000
MAX_BATCH = 100
TIMEOUT_SECONDS = 2.0
RECONNECT_SECONDS = 2.0
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 3 * HEARTBEAT_SECONDS


async def answers(redis_url: str) -> bool:
    """Whether Redis answers within two seconds."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), _connection(redis_url) as redis:
            return bool(await redis.ping())
    except (RedisError, OSError, TimeoutError) as error:
        log.debug("Redis does not answer: %s", error)
        return False


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on the channel, as JSON: events by account, the news of the core, and the relay that sent it."""

    origin: str
    events: tuple[tuple[uuid.UUID, Event], ...]
    news: str = ""


_parcels = TypeAdapter(Parcel)


class EventRelay:
    """Sends what its bus publishes and its core's news to the other cores, and passes on what they have sent."""

    def __init__(
        self,
        bus: EventBus,
        redis_url: str,
        *,
        news: Callable[[], str] = str,
        on_news: Callable[[str, str], None] = lambda origin, news: None,
    ) -> None:
        """`news` says how this core stands. `on_news`, which must neither wait nor fail, hears that of each of the
        others every few seconds; it is empty if that core is of another release."""
        self._bus = bus
        self._news = news
        self._on_news = on_news
        self._url = redis_url
        self._origin = uuid.uuid4().hex
        self._waiting: deque[tuple[uuid.UUID, Event]] = deque(maxlen=MAX_WAITING)
        self._dropped = 0
        """Not told of in the log yet."""
        self.dropped = 0
        """Events that the other cores were not told of, since the start."""
        self._woken = asyncio.Event()
        bus.send_through(self._put)

    def wake(self) -> None:
        """The news have changed."""
        self._woken.set()

    async def run(self) -> None:
        """Sends and receives until cancelled. While Redis is away, the other cores' events are missed."""
        while True:
            # A task of its own, so that a connection that breaks as it is cancelled is not taken for an outage.
            exchange = asyncio.create_task(self._exchange())
            try:
                await asyncio.wait({exchange})
            finally:
                exchange.cancel()
                await asyncio.gather(exchange, return_exceptions=True)
            try:
                exchange.result()
            except* (RedisError, OSError) as failures:
                log.warning("events of other cores are missed, Redis is away: %s", failures.exceptions[0])
            await asyncio.sleep(RECONNECT_SECONDS)

    def _put(self, account_id: uuid.UUID, event: Event) -> None:
        if len(self._waiting) == MAX_WAITING:
            self._drop(1)
        self._waiting.append((account_id, event))
        self._woken.set()

    def _drop(self, count: int) -> None:
        self._dropped += count
        self.dropped += count

    async def _exchange(self) -> None:
        async with _connection(self._url) as redis, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive(redis))
            tasks.create_task(self._send(redis))

    async def _send(self, redis: Redis) -> None:
        while True:
            if self._dropped:
                log.warning("%d events were not sent to other cores, Redis is too slow or away", self._dropped)
                self._dropped = 0
            batch = tuple(self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting))))
            parcel = Parcel(self._origin, batch, self._news())
            try:
                await redis.publish(CHANNEL, _parcels.dump_json(parcel))
            except (RedisError, OSError):
                self._drop(len(batch))
                raise
            _heed_cancellation()
            if not self._waiting:
                # An empty parcel now and then: every relay hears its own, so silence means a dead subscription.
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await self._woken.wait()
                self._woken.clear()

    async def _receive(self, redis: Redis) -> None:
        async with redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            _heed_cancellation()
            while message := await subscription.get_message(timeout=SILENCE_SECONDS):
                _heed_cancellation()
                if message["type"] == "message":
                    self._take(message["data"])
        raise RedisError(f"nothing was heard for {SILENCE_SECONDS:g} seconds")

    def _take(self, data: bytes) -> None:
        try:
            parcel = _parcels.validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            log.warning("events of another core cannot be read, is it of another release? %s", first)
            return
        if parcel.origin != self._origin:
            self._on_news(parcel.origin, parcel.news)
            for account_id, event in parcel.events:
                self._bus.hear(account_id, event)


def _connection(redis_url: str) -> Redis:
    return Redis.from_url(
        # redis-py's own name for Unix sockets is shorter than the one that the rate limiter's library takes.
        redis_url.removeprefix("redis+") if redis_url.startswith("redis+unix:") else redis_url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # A publish that is tried again by the library would arrive twice.
        retry=Retry(NoBackoff(), 0),
    )


def _heed_cancellation() -> None:
    """Raises CancelledError if the task was cancelled and redis-py has kept it to itself.

    It sends through `wait_for`, which in Python 3.11 swallows a cancellation that comes as it ends.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
