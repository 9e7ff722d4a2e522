"""The gRPC service for pushes: it sends many at once, and hands out their outcomes in groups, as they come."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any, TypeVar

from smith.delivery.v1.delivery_pb2 import Outcome
from smith.delivery.v1.delivery_service_pb2 import (
    CheckCredentialsRequest,
    CheckCredentialsResponse,
    DeliverRequest,
    DeliverResponse,
    GetDestinationsRequest,
    GetDestinationsResponse,
)
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceServicer

from delivery_service.apns.connection import MAX_IN_FLIGHT
from delivery_service.apns.credentials_check import CredentialsCheck
from delivery_service.apns.request import ENVIRONMENTS, Job, jobs_of
from delivery_service.apns.sender import ApnsSender, Cancellable
from delivery_service.destinations import Destinations
from delivery_service.metrics import ApnsMetrics
from delivery_service.web_push import request as web_push
from delivery_service.web_push.request import WebJob
from delivery_service.web_push.sender import WebPushSender
from service_kit.errors import InvalidRequest, TooManyInProgress
from service_kit.status import abort

T = TypeVar("T")
Worker = Callable[[Callable[[Outcome], None]], Coroutine[Any, Any, None]]
"""Does jobs, and hands out the outcome of each."""

MAX_TARGETS = 1000
MAX_CHECKS = 16
"""Most checks of credentials at once. Each opens a connection, and APNs treats many of these as an attack."""
BROWSERS_WAIT = 5.0
"""Seconds for which a browser may wait for its turn. Core waits for an answer for 17 seconds, and sending takes up to
11."""
GROUPING = 0.002
"""Seconds to collect outcomes for one message, unless all have come: a message costs more than several outcomes."""
GROUPING_BROWSERS = 0.025
"""The same if all targets are browsers, whose pushes begin at a slower pace."""


class DeliveryServicer(DeliveryServiceServicer):
    """Holds at most `max_in_progress` phones, and `max_browsers` browsers, as targets of `Deliver` at a time: a push
    service that is down must not use up the places of others."""

    def __init__(
        self,
        sender: ApnsSender,
        web_push_sender: WebPushSender,
        *,
        metrics: ApnsMetrics,
        check: CredentialsCheck,
        destinations: Destinations,
        default_topic: str,
        connections: int,
        max_in_progress: int,
        max_browsers: int,
        max_per_service: int,
    ) -> None:
        """`connections`: to each environment of APNs. `max_per_service`: how many browsers of one push service are sent
        to at once."""
        self._sender = sender
        self._web_push_sender = web_push_sender
        self._metrics = metrics
        self._check = check
        self._destinations = destinations
        self._checks = 0
        self._default_topic = default_topic
        # More pushes of one call than streams would only wait, and make those of other calls wait behind them.
        self._max_in_flight = connections * MAX_IN_FLIGHT
        self._max_in_progress = max_in_progress
        self._max_browsers = max_browsers
        self._max_per_service = max_per_service
        self.in_progress = 0
        """Phones that were taken as targets and have no outcome yet."""
        self.browsers_in_progress = 0
        """The same of browsers."""

    async def Deliver(self, request: DeliverRequest, context: Any) -> AsyncIterator[DeliverResponse]:
        """See the proto."""
        targets = sum(len(push.targets) for push in request.pushes)
        if not 1 <= targets <= MAX_TARGETS:
            await abort(context, InvalidRequest(f"A request must have 1 to {MAX_TARGETS} targets, not {targets}."))
        phones = list(jobs_of(request.pushes, self._default_topic))
        browsers = list(web_push.jobs_of(request.pushes))
        if phones and self.in_progress + len(phones) > self._max_in_progress:
            await self._refuse(context, f"{self.in_progress} of {self._max_in_progress} targets are in progress.")
        if browsers and self.browsers_in_progress + len(browsers) > self._max_browsers:
            busy = f"{self.browsers_in_progress} of {self._max_browsers} targets that are browsers are in progress."
            await self._refuse(context, busy)
        self.in_progress += len(phones)
        self.browsers_in_progress += len(browsers)
        try:
            feed = Feed(self._sender.submit, phones, self._max_in_flight)
            work = list(self._browser_workers(browsers))
            async with Batch(feed, work, targets, grouping=GROUPING if phones else GROUPING_BROWSERS) as batch:
                # If the caller vanishes while a message is being written, this generator is never resumed.
                context.add_done_callback(lambda _: batch.cancel())
                while group := await batch.next_group():
                    yield DeliverResponse(outcomes=group)
        finally:
            self.in_progress -= len(phones)
            self.browsers_in_progress -= len(browsers)

    def _browser_workers(self, jobs: Sequence[WebJob]) -> Iterator[Worker]:
        """Each push service has workers of its own, which wait for no other's."""
        send = partial(self._web_push_sender.send, until=asyncio.get_running_loop().time() + BROWSERS_WAIT)
        by_host = defaultdict[str, list[WebJob]](list)
        for job in jobs:
            by_host[job.host].append(job)
        return chain.from_iterable(workers(send, some, self._max_per_service) for some in by_host.values())

    async def _refuse(self, context: Any, why: str) -> None:
        self._metrics.refused.inc()
        await abort(context, TooManyInProgress(why))

    async def CheckCredentials(self, request: CheckCredentialsRequest, context: Any) -> CheckCredentialsResponse:
        """See the proto."""
        if request.environment not in ENVIRONMENTS:
            raise InvalidRequest("environment must be production or sandbox.")
        if self._checks >= MAX_CHECKS:
            raise TooManyInProgress(f"{MAX_CHECKS} checks are in progress.")
        self._checks += 1
        try:
            found = await self._check.ask(request.environment, request.bundle_id)
        finally:
            self._checks -= 1
        found.simulated = self._destinations.pushes_simulated
        return found

    async def GetDestinations(self, request: GetDestinationsRequest, context: Any) -> GetDestinationsResponse:
        """See the proto."""
        return self._destinations.describe()


def workers(send: Callable[[T], Awaitable[Outcome]], jobs: Sequence[T], most: int) -> Iterator[Worker]:
    """At most so many workers that do these jobs, each one job after the other."""
    left = iter(jobs)

    async def work(done: Callable[[Outcome], None]) -> None:
        for job in left:
            done(await send(job))

    return (work for _ in range(min(len(jobs), most)))


class Feed:
    """Sends pushes to phones, so many of them at a time."""

    def __init__(
        self,
        submit: Callable[[Job, Callable[[Outcome], None]], Cancellable | None],
        jobs: Sequence[Job],
        most: int,
    ) -> None:
        """`submit` sends a push and calls back with its outcome, perhaps before it returns."""
        self._submit = submit
        self._left = iter(jobs)
        self._most = most
        self._on_the_way: dict[int, Cancellable | None] = {}
        """By the number of their target."""
        self._done: Callable[[Outcome], None] = _drop
        self._feeding = False

    def start(self, done: Callable[[Outcome], None]) -> None:
        """Sends the first ones; `done` gets the outcome of each."""
        self._done = done
        self._send_more()

    def cancel(self) -> None:
        """Sends no more, and gives up what is on the way."""
        self._left = iter(())
        self._done = _drop
        while self._on_the_way:
            # The last ones first: they wait for the streams that the first ones would give back.
            _, sending = self._on_the_way.popitem()
            if sending is not None:
                sending.cancel()

    def _send_more(self) -> None:
        if self._feeding:  # an outcome that came at once: the loop goes on by itself
            return
        self._feeding = True
        on_the_way = self._on_the_way
        while len(on_the_way) < self._most and (job := next(self._left, None)) is not None:
            on_the_way[job.index] = None
            sending = self._submit(job, self._take)
            if job.index in on_the_way:
                on_the_way[job.index] = sending
        self._feeding = False

    def _take(self, outcome: Outcome) -> None:
        self._on_the_way.pop(outcome.index, None)
        self._done(outcome)
        self._send_more()


def _drop(outcome: Outcome) -> None:
    """Takes an outcome that is not waited for."""


class Batch:
    """Has jobs done. Leaving the context cancels those that are still on their way."""

    def __init__(self, feed: Feed, work: Sequence[Worker], jobs: int, *, grouping: float) -> None:
        """`jobs`: how many the feed and all workers have together. `grouping`: seconds to collect outcomes for one
        group."""
        self._feed = feed
        self._grouping = grouping
        self._work = work
        self._missing = jobs
        self._outcomes: list[Outcome] = []
        self._news = asyncio.Event()
        self._complete = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Batch":
        self._tasks = [asyncio.create_task(worker(self._done)) for worker in self._work]
        self._feed.start(self._done)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cancel(self) -> None:
        """Stops sending and gives back all streams."""
        self._feed.cancel()
        for task in self._tasks:
            task.cancel()

    async def next_group(self) -> list[Outcome]:
        """The outcomes since the last group; empty once all were handed out."""
        if not self._missing and not self._outcomes:
            return []
        await self._news.wait()
        if self._missing:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._grouping):
                    await self._complete.wait()
        self._news.clear()
        group, self._outcomes = self._outcomes, []
        return group

    def _done(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._missing -= 1
        self._news.set()
        if not self._missing:
            self._complete.set()
