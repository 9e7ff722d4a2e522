"""Asks APNs through the delivery service, over gRPC."""

import logging
from typing import TYPE_CHECKING

import grpc
from smith.delivery.v1 import delivery_pb2, delivery_service_pb2, delivery_service_pb2_grpc, reason_pb2

from core_service.apns_check.explanation import CheckAnswer
from service_kit.errors import Unavailable

if TYPE_CHECKING:
    from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 9.0
"""Longer than the delivery service waits for APNs, and shorter than our callers wait for us."""
ENVIRONMENTS = {
    "production": delivery_pb2.ENVIRONMENT_PRODUCTION,
    "sandbox": delivery_pb2.ENVIRONMENT_SANDBOX,
}


class GrpcAsker:
    """One call for each environment and app."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: DeliveryServiceAsyncStub = delivery_service_pb2_grpc.DeliveryServiceStub(channel)

    async def ask(self, environment: str, bundle_id: str | None) -> CheckAnswer:
        """See ApnsChecker."""
        request = delivery_service_pb2.CheckCredentialsRequest(
            environment=ENVIRONMENTS[environment], bundle_id=bundle_id or ""
        )
        try:
            response = await self._stub.CheckCredentials(request, timeout=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("the delivery service did not ask APNs: %s %s", error.code().name, error.details())
            raise Unavailable(
                "The delivery service cannot be reached, so APNs was not asked. Is it running?"
            ) from error
        return CheckAnswer(
            response.reason,
            response.topic,
            response.kind == reason_pb2.OUTCOME_KIND_MISCONFIGURED,
            response.status != 0,
            response.latency_ms,
            response.simulated,
        )
