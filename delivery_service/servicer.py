"""The gRPC service for pushes: it sends many at once, and hands out their outcomes in groups, as they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

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
from delivery_service.apns.sender import ApnsSender
from delivery_service.destinations import Destinations
from delivery_service.metrics import ApnsMetrics
from service_kit.errors import InvalidRequest, TooManyInProgress
from service_kit.status import abort

MAX_TARGETS = 1000
MAX_CHECKS = 16
"""Most checks of credentials at once. Each opens a connection, and APNs treats many of these as an attack."""
GROUPING = 0.002
"""Seconds to collect outcomes for one message, unless all have come: a message costs more than several outcomes."""


class DeliveryServicer(DeliveryServiceServicer):
    """Holds at most `max_in_progress` targets of `Deliver` at a time."""

    def __init__(
        self,
        sender: ApnsSender,
        metrics: ApnsMetrics,
        check: CredentialsCheck,
        destinations: Destinations,
        *,
        default_topic: str,
        connections: int,
        max_in_progress: int,
    ) -> None:
        self._sender = sender
        self._metrics = metrics
        self._check = check
        self._destinations = destinations
        self._checks = 0
        self._default_topic = default_topic
        # More workers than streams would only wait for a stream.
        self._max_workers = connections * MAX_IN_FLIGHT
        self._max_in_progress = max_in_progress
        self.in_progress = 0
        """Targets that were taken and have no outcome yet."""

    async def Deliver(self, request: DeliverRequest, context: Any) -> AsyncIterator[DeliverResponse]:
        """See the proto."""
        targets = sum(len(push.targets) for push in request.pushes)
        if not 1 <= targets <= MAX_TARGETS:
            await abort(context, InvalidRequest(f"A request must have 1 to {MAX_TARGETS} targets, not {targets}."))
        if self.in_progress + targets > self._max_in_progress:
            self._metrics.refused.inc()
            await abort(
                context, TooManyInProgress(f"{self.in_progress} of {self._max_in_progress} targets are in progress.")
            )
        self.in_progress += targets
        try:
            jobs = list(jobs_of(request.pushes, self._default_topic))
            async with Batch(self._sender, jobs, max_workers=self._max_workers) as batch:
                # If the caller vanishes while a message is being written, this generator is never resumed.
                context.add_done_callback(lambda _: batch.cancel())
                while group := await batch.next_group():
                    yield DeliverResponse(outcomes=group)
        finally:
            self.in_progress -= targets

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


class Batch:
    """Sends jobs with a limited number of workers. Leaving the context cancels the jobs that are still on their way."""

    def __init__(self, sender: ApnsSender, jobs: Sequence[Job], *, max_workers: int) -> None:
        self._sender = sender
        self._jobs = iter(jobs)
        self._missing = len(jobs)
        self._outcomes: list[Outcome] = []
        self._news = asyncio.Event()
        self._complete = asyncio.Event()
        self._workers = min(len(jobs), max_workers)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Batch":
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cancel(self) -> None:
        """Stops sending and gives back all streams."""
        for task in self._tasks:
            task.cancel()

    async def next_group(self) -> list[Outcome]:
        """The outcomes since the last group; empty once all were handed out."""
        if not self._missing and not self._outcomes:
            return []
        await self._news.wait()
        if self._missing:
            with suppress(TimeoutError):
                async with asyncio.timeout(GROUPING):
                    await self._complete.wait()
        self._news.clear()
        group, self._outcomes = self._outcomes, []
        return group

    async def _work(self) -> None:
        for job in self._jobs:
            outcome = await self._sender.send(job)
            self._outcomes.append(outcome)
            self._missing -= 1
            self._news.set()
            if not self._missing:
                self._complete.set()
