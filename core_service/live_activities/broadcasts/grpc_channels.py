"""Broadcast channels by way of the delivery service, over gRPC."""

import logging
import uuid
from typing import TYPE_CHECKING

import grpc
from smith.delivery.v1 import delivery_service_pb2 as pb
from smith.delivery.v1 import delivery_service_pb2_grpc

from core_service.live_activities.broadcasts.port import Made
from core_service.sending.grpc_sender import ENVIRONMENTS, outcome_of_failure, read_outcome
from core_service.sending.port import Outcome

if TYPE_CHECKING:
    from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

log = logging.getLogger(__name__)

CREATE_SECONDS = 3.0
"""Less than starts wait for the channel: one that comes later would be for nothing, so that it is not made, or deleted
again."""
DELETE_SECONDS = 17.0
"""As pushes have. Less than a lease."""


class GrpcChannelRequests:
    """See ChannelRequests."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: DeliveryServiceAsyncStub = delivery_service_pb2_grpc.DeliveryServiceStub(channel)

    async def create(self, environment: str, bundle_id: str | None, request_id: uuid.UUID) -> Made:
        """See ChannelRequests."""
        request = pb.CreateBroadcastChannelRequest(
            environment=ENVIRONMENTS[environment], bundle_id=bundle_id or "", request_id=str(request_id)
        )
        try:
            response = await self._stub.CreateBroadcastChannel(request, timeout=CREATE_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("no broadcast channel was made: %s %s", error.code().name, error.details())
            return Made(outcome_of_failure(error))
        return Made(read_outcome(response.outcome), response.channel_id)

    async def delete(self, environment: str, bundle_id: str | None, channel_id: str, request_id: uuid.UUID) -> Outcome:
        """See ChannelRequests."""
        request = pb.DeleteBroadcastChannelRequest(
            environment=ENVIRONMENTS[environment],
            bundle_id=bundle_id or "",
            channel_id=channel_id,
            request_id=str(request_id),
        )
        try:
            response = await self._stub.DeleteBroadcastChannel(request, timeout=DELETE_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("a broadcast channel was not deleted: %s %s", error.code().name, error.details())
            return outcome_of_failure(error)
        return read_outcome(response.outcome)
