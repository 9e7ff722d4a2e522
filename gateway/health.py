"""Whether the gateway is alive, and whether it can serve."""

import asyncio
from collections.abc import Callable

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from starlette.types import Receive, Scope

from gateway.app import Answer
from gateway.problems import RETRY_SOON, Problem
from service_kit.json_mapping import dump

CHECK_SECONDS = 1.0

WARNINGS = {"apns": "smith.apns"}
"""Names of warnings, each with its service name in core's health service. A warning does not stop the server from
serving. Only members of an account can read its details."""


async def alive(scope: Scope, receive: Receive) -> Answer:
    """200 for as long as the process can answer at all."""
    return Answer(200, dump({"status": "alive"}))


class Readiness:
    """200 if core says that it is serving. 503 if it says otherwise, does not answer within a second, or if this
    process is about to stop. Other problems are named under `warnings`.

    Requests at the same time share one check, so that any number of them costs core the same.
    """

    def __init__(self, channel: grpc.aio.Channel, *, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping
        self._health = health_pb2_grpc.HealthStub(channel)
        self._asking: asyncio.Task[list[bool | None]] | None = None

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Asks core's gRPC health service."""
        if self._is_stopping():
            raise _not_ready("This process is about to stop.")
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        # Shielded, because other requests wait for the same check.
        serving, *well = await asyncio.shield(self._asking)
        if serving is None:
            raise _not_ready("The core service cannot be reached.")
        if not serving:
            raise _not_ready("The core service is not serving.")
        warnings = [name for name, is_well in zip(WARNINGS, well, strict=True) if not is_well]
        return Answer(200, dump({"status": "ready", "warnings": warnings} if warnings else {"status": "ready"}))

    async def _ask(self) -> list[bool | None]:
        """Whether core serves, or None if it cannot be reached; then, for each of `WARNINGS`, whether all is well."""
        try:
            return await asyncio.gather(self._is_serving(""), *map(self._is_well, WARNINGS.values()))
        except grpc.aio.AioRpcError:
            return [None]

    async def _is_serving(self, name: str) -> bool:
        response = await self._health.Check(health_pb2.HealthCheckRequest(service=name), timeout=CHECK_SECONDS)
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    async def _is_well(self, name: str) -> bool:
        """True also if core does not know the name: it is of an older release, or has just started."""
        try:
            return await self._is_serving(name)
        except grpc.aio.AioRpcError:
            return True


def _not_ready(message: str) -> Problem:
    return Problem(503, "Service unavailable", message, headers=dict(RETRY_SOON))
