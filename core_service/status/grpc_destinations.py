"""Asks the delivery service where pushes and mails go, over gRPC."""

import logging
from typing import TYPE_CHECKING

import grpc
from smith.delivery.v1 import delivery_service_pb2, delivery_service_pb2_grpc

from core_service.status.destinations import UNKNOWN, Destination, Destinations

if TYPE_CHECKING:
    from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""The delivery service answers at once, and a person waits for a page."""


class GrpcDestinations:
    """Asks over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: DeliveryServiceAsyncStub = delivery_service_pb2_grpc.DeliveryServiceStub(channel)

    async def ask(self) -> Destinations:
        """See DestinationsSource."""
        request = delivery_service_pb2.GetDestinationsRequest()
        try:
            answer = await self._stub.GetDestinations(request, timeout=PATIENCE_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.debug("the delivery service does not say where things go: %s", error.code().name)
            return UNKNOWN
        return Destinations(
            _read(answer.pushes),
            _read(answer.mails),
            answer.configuration,
            web_push_public_key=answer.web_push_public_key,
            web_push_fault=answer.web_push_fault,
            web_push_fault_explanation=answer.web_push_fault_explanation,
        )


def _read(value: "delivery_service_pb2.Destination.ValueType") -> Destination:
    # A newer delivery service may know more.
    name = delivery_service_pb2.Destination.Name(value) if value in delivery_service_pb2.Destination.values() else ""
    return Destination.__members__.get(name.removeprefix("DESTINATION_"), Destination.UNSPECIFIED)
