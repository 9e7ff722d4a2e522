"""Whether the gateway is alive, and whether it can serve."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from starlette.types import Receive, Scope

from gateway.answers import Answer
from gateway.codec import dump
from gateway.load import Calls
from gateway.problems import RETRY_SOON, Problem

CHECK_SECONDS = 1.0


async def alive(scope: Scope, receive: Receive) -> Answer:
    """200 for as long as the process can answer at all."""
    return Answer(200, dump({"status": "alive"}))


class Readiness:
    """200 if core says that it is serving, 503 if it says otherwise or nothing within a second."""

    def __init__(self, channel: grpc.aio.Channel, calls: Calls) -> None:
        self._calls = calls
        self._health = health_pb2_grpc.HealthStub(channel)

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Asks core's gRPC health service."""
        try:
            with self._calls.one():
                response = await self._health.Check(health_pb2.HealthCheckRequest(), timeout=CHECK_SECONDS)
        except grpc.aio.AioRpcError:
            raise _not_ready("The core service cannot be reached.") from None
        if response.status != health_pb2.HealthCheckResponse.SERVING:
            raise _not_ready("The core service is not serving.")
        return Answer(200, dump({"status": "ready"}))


def _not_ready(message: str) -> Problem:
    return Problem(503, "Service unavailable", message, headers=dict(RETRY_SOON))
