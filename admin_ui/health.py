"""Whether the admin app is alive, and whether it can serve."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

CHECK_SECONDS = 1.0


def answers(channel: grpc.aio.Channel) -> Router:
    """The application that answers `/healthz` with 200 always, and `/readyz` with 200 if core is serving and 503
    otherwise."""
    core = health_pb2_grpc.HealthStub(channel)

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        try:
            answer = await core.Check(health_pb2.HealthCheckRequest(), timeout=CHECK_SECONDS)
        except grpc.aio.AioRpcError:
            return _not_ready("The core service cannot be reached.")
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            return _not_ready("The core service is not serving.")
        return JSONResponse({"status": "ready"})

    return Router([Route("/healthz", alive), Route("/readyz", ready)])


def _not_ready(message: str) -> Response:
    return JSONResponse({"error": "Service unavailable", "message": message}, 503, headers={"retry-after": "1"})
