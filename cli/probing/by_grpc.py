"""Asks core or delivery, by gRPC."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from smith.delivery.v1.delivery_service_pb2 import GetDestinationsRequest, GetDestinationsResponse
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceStub

from cli.probing.answer import Answer, State
from service_kit.client import open_channel
from service_kit.peers import Peers

SERVICES = {"core": "smith.core.v1.AccountService", "delivery": "smith.delivery.v1.DeliveryService"}
"""One service of each process, which identifies it."""


async def ask_grpc(process: str, address: str, peers: Peers, seconds: float) -> Answer:
    """Asks core or delivery at `host:port`, or any gRPC target. Raises nothing but cancellation."""
    async with open_channel(address, peers) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=SERVICES[process])
        try:
            answer = await health.Check(request, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            return _refused(error)
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return Answer(State.READY, "ready")
    return Answer(State.NOT_READY, "runs, and says that it cannot serve: its log says why")


def _refused(error: grpc.aio.AioRpcError) -> Answer:
    code = error.code()
    if code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED):
        return Answer(State.STRANGE, "another gRPC server answers")
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Answer(State.AWAY, "no answer in time")
    return Answer(State.AWAY, " ".join((error.details() or code.name).split())[:200])


async def ask_destinations(address: str, peers: Peers, seconds: float) -> GetDestinationsResponse:
    """What the delivery service says of where it sends. Raises grpc.aio.AioRpcError if it does not answer, or only its
    peers."""
    async with open_channel(address, peers) as channel:
        return await DeliveryServiceStub(channel).GetDestinations(GetDestinationsRequest(), timeout=seconds)
