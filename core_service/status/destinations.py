"""Where pushes and mails go, as the delivery service is configured: out into the world, or to the simulator."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import grpc
from smith.delivery.v1 import delivery_service_pb2, delivery_service_pb2_grpc

if TYPE_CHECKING:
    from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

log = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
"""For so long an answer counts, and so does having none: the settings change with a restart only."""
PATIENCE_SECONDS = 1.0
"""The delivery service answers at once; somebody waits for a page."""


class Destination(StrEnum):
    """Who takes what leaves the server."""

    UNSPECIFIED = "unspecified"
    """Not known."""
    NONE = "none"
    """No one: it is not configured."""
    SIMULATOR = "simulator"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Who takes pushes, and who takes mails."""

    pushes: Destination = Destination.UNSPECIFIED
    mails: Destination = Destination.UNSPECIFIED


UNKNOWN = Destinations()


class Asker(Protocol):
    """Asks the delivery service."""

    async def ask(self) -> Destinations:
        """Where things go; UNKNOWN if there is no answer."""


class GrpcDestinations:
    """Asks over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: DeliveryServiceAsyncStub = delivery_service_pb2_grpc.DeliveryServiceStub(channel)

    async def ask(self) -> Destinations:
        """See Asker."""
        request = delivery_service_pb2.GetDestinationsRequest()
        try:
            answer = await self._stub.GetDestinations(request, timeout=PATIENCE_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.debug("the delivery service does not say where things go: %s", error.code().name)
            return UNKNOWN
        return Destinations(_read(answer.pushes), _read(answer.mails))


class KnownDestinations:
    """What was last heard, asked again at most every five seconds and by one caller for all."""

    def __init__(self, asker: Asker, *, steady: Callable[[], float] = time.monotonic) -> None:
        """`steady` gives seconds of a clock that does not go back."""
        self._asker = asker
        self._steady = steady
        self._known = UNKNOWN
        self._ask_at = 0.0
        self._asking = asyncio.Lock()

    async def now(self) -> Destinations:
        """Where things go. While the delivery service is away, what it last said."""
        async with self._asking:
            if self._steady() >= self._ask_at:
                answer = await self._asker.ask()
                self._known = self._known if answer == UNKNOWN else answer
                self._ask_at = self._steady() + FRESH_SECONDS
        return self._known


def _read(value: "delivery_service_pb2.Destination.ValueType") -> Destination:
    # A newer delivery service may know more.
    name = delivery_service_pb2.Destination.Name(value) if value in delivery_service_pb2.Destination.values() else ""
    return Destination.__members__.get(name.removeprefix("DESTINATION_"), Destination.UNSPECIFIED)
