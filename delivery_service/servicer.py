"""The gRPC service for pushes: it sends many at once, and hands out their outcomes in groups, as they come."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

from smith.delivery.v1.delivery_service_pb2 import (
    CheckCredentialsRequest,
    CheckCredentialsResponse,
    CreateBroadcastChannelRequest,
    CreateBroadcastChannelResponse,
    DeleteBroadcastChannelRequest,
    DeleteBroadcastChannelResponse,
    DeliverRequest,
    DeliverResponse,
    GetDestinationsRequest,
    GetDestinationsResponse,
)
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceServicer

from delivery_service.apns.area import ApnsArea
from delivery_service.apns.connection import MAX_IN_FLIGHT
from delivery_service.apns.request import ENVIRONMENTS, jobs_of
from delivery_service.batch import Batch, Feed, Worker, workers
from delivery_service.destinations import Destinations
from delivery_service.settings import DeliverySettings
from delivery_service.web_push import request as web_push
from delivery_service.web_push.request import WebJob
from delivery_service.web_push.sender import WebPushSender
from service_kit.errors import InvalidRequest, TooManyInProgress
from service_kit.status import abort

MAX_TARGETS = 1000
MAX_CHECKS = 16
"""Most checks of credentials at once. Each opens a connection, and APNs treats many of these as an attack."""
MAX_CHANNELS = 100
"""Most channels that are being made or deleted at once."""
BROWSERS_WAIT = 5.0
"""Seconds for which a browser may wait for its turn. Core waits for an answer for 17 seconds, and sending takes up to
11."""
GROUPING = 0.002
"""Seconds to collect outcomes for one message, unless all have come: a message costs more than several outcomes."""
GROUPING_BROWSERS = 0.025
"""The same if all targets are browsers, whose pushes begin at a slower pace."""


class DeliveryServicer(DeliveryServiceServicer):
    """Holds as many phones, and as many browsers, as targets of `Deliver` at a time as the settings say, each by
    itself: a push service that is down must not use up the places of others."""

    def __init__(
        self, apns: ApnsArea, web_push_sender: WebPushSender, destinations: Destinations, settings: DeliverySettings
    ) -> None:
        self._apns = apns
        self._web_push_sender = web_push_sender
        self._destinations = destinations
        self._checks = 0
        self._channel_requests = 0
        self._default_topic = settings.apns_topic
        # More pushes of one call than streams would only wait, and make those of other calls wait behind them.
        self._max_in_flight = settings.apns_connections * MAX_IN_FLIGHT
        self._max_in_progress = settings.apns_max_in_flight
        self._max_browsers = settings.webpush_max_in_progress
        self._max_per_service = settings.webpush_connections
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
            feed = Feed(self._apns.sender.submit, phones, self._max_in_flight)
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
        self._apns.metrics.refused.inc()
        await abort(context, TooManyInProgress(why))

    async def CheckCredentials(self, request: CheckCredentialsRequest, context: Any) -> CheckCredentialsResponse:
        """See the proto."""
        if request.environment not in ENVIRONMENTS:
            raise InvalidRequest("environment must be production or sandbox.")
        if self._checks >= MAX_CHECKS:
            raise TooManyInProgress(f"{MAX_CHECKS} checks are in progress.")
        self._checks += 1
        try:
            found = await self._apns.check.ask(request.environment, request.bundle_id)
        finally:
            self._checks -= 1
        found.simulated = self._destinations.pushes_simulated
        return found

    async def CreateBroadcastChannel(
        self, request: CreateBroadcastChannelRequest, context: Any
    ) -> CreateBroadcastChannelResponse:
        """See the proto."""
        with self._channel_request(request.environment):
            return await self._apns.channels.create(request.environment, request.bundle_id, request.request_id)

    async def DeleteBroadcastChannel(
        self, request: DeleteBroadcastChannelRequest, context: Any
    ) -> DeleteBroadcastChannelResponse:
        """See the proto."""
        with self._channel_request(request.environment):
            outcome = await self._apns.channels.delete(
                request.environment, request.bundle_id, request.channel_id, request.request_id
            )
        return DeleteBroadcastChannelResponse(outcome=outcome)

    @contextmanager
    def _channel_request(self, environment: int) -> Iterator[None]:
        if environment not in ENVIRONMENTS:
            raise InvalidRequest("environment must be production or sandbox.")
        if self._channel_requests >= MAX_CHANNELS:
            raise TooManyInProgress(f"{MAX_CHANNELS} broadcast channels are being made or deleted.")
        self._channel_requests += 1
        try:
            yield
        finally:
            self._channel_requests -= 1

    async def GetDestinations(self, request: GetDestinationsRequest, context: Any) -> GetDestinationsResponse:
        """See the proto."""
        return self._destinations.describe()
