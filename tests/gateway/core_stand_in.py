"""A real gRPC server that records what the gateway asks and answers what a test tells it: it shows the translation."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import smith.core.v1
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from smith.core.v1 import (
    account_data_service_pb2_grpc,
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    apns_service_pb2_grpc,
    audit_service_pb2_grpc,
    badge_service_pb2_grpc,
    channel_service_pb2_grpc,
    delivery_log_service_pb2_grpc,
    device_service_pb2_grpc,
    insight_service_pb2_grpc,
    invite_service_pb2_grpc,
    live_activity_service_pb2_grpc,
    mail_service_pb2_grpc,
    phone_service_pb2_grpc,
    push_notification_service_pb2_grpc,
    request_log_service_pb2_grpc,
    status_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from smith.internal.v1 import request_intake_service_pb2_grpc
from smith.internal.v1.request_intake_service_pb2 import RecordRequestsRequest, RecordRequestsResponse

from service_kit.interceptors import ErrorInterceptor
from service_kit.server import GrpcServer
from service_kit.services import services_of
from tests.waiting import LONG

Behaviour = Callable[[Any, Any], Awaitable[Message]]

MODULES = (
    account_data_service_pb2_grpc,
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    apns_service_pb2_grpc,
    audit_service_pb2_grpc,
    badge_service_pb2_grpc,
    channel_service_pb2_grpc,
    delivery_log_service_pb2_grpc,
    device_service_pb2_grpc,
    insight_service_pb2_grpc,
    invite_service_pb2_grpc,
    live_activity_service_pb2_grpc,
    mail_service_pb2_grpc,
    phone_service_pb2_grpc,
    push_notification_service_pb2_grpc,
    request_log_service_pb2_grpc,
    status_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
"""The services that have REST routes."""


@dataclass
class Call:
    """One call as it arrived."""

    name: str
    request: Any
    metadata: dict[str, Any]


@dataclass
class CoreStandIn:
    """The server. `behaviours` by RPC name; an RPC without one answers an empty message."""

    calls: list[Call] = field(default_factory=list)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    batches: list[RecordRequestsRequest] = field(default_factory=list)
    """What it was told for the log of requests."""
    arrival: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    max_calls: int = 2000
    server: GrpcServer | None = None

    async def start(self, port: int = 0) -> None:
        """Listens and is healthy."""
        self.server = GrpcServer(interceptors=[ErrorInterceptor()], max_concurrent_rpcs=self.max_calls)
        for module in MODULES:
            name = module.__name__.rsplit(".", 1)[1].removesuffix("_service_pb2_grpc")
            service = "".join(part.capitalize() for part in name.split("_")) + "Service"
            self.server.add(self, getattr(module, f"add_{service}Servicer_to_server"))
        self.server.add(self, request_intake_service_pb2_grpc.add_RequestIntakeServiceServicer_to_server)
        self.port = await self.server.start("127.0.0.1", port)
        await self.server.set_serving(True)

    async def stop(self, grace: float = 0.0) -> None:
        """Is gone."""
        if self.server is not None:
            await self.server.stop(grace)

    def __getattr__(self, name: str) -> Callable[[Any, Any], Awaitable[Message]]:
        if not name[0].isupper():
            raise AttributeError(name)
        return lambda request, context: self._answer(name, request, context)

    async def ExportAccount(self, request: Any, context: Any) -> None:  # noqa: N802 - the RPC's name
        """The only stream: it is told from other methods by being a coroutine."""
        await self._answer("ExportAccount", request, context)

    async def _answer(self, name: str, request: Any, context: Any) -> Message:
        if isinstance(request, RecordRequestsRequest):
            # No call that a test would count.
            self.batches.append(request)
        else:
            self.calls.append(Call(name, request, dict(context.invocation_metadata())))
            del self.calls[:-1000]
            self.arrival.set()
        behaviour = self.behaviours.get(name)
        return await behaviour(request, context) if behaviour is not None else EMPTY_ANSWERS[name]()

    async def received(self, count: int, seconds: float = LONG) -> None:
        """Waits until this many calls have arrived."""
        async with asyncio.timeout(seconds):
            while len(self.calls) < count:
                self.arrival.clear()
                await self.arrival.wait()

    def answers(self, name: str, message: Message) -> None:
        """From now on `name` answers `message`."""

        async def behave(request: Any, context: Any) -> Message:
            return message

        self.behaviours[name] = behave

    def fails(self, name: str, error: Exception) -> None:
        """From now on `name` raises `error`."""

        async def behave(request: Any, context: Any) -> Message:
            raise error

        self.behaviours[name] = behave

    def aborts(self, name: str, code: grpc.StatusCode, details: str) -> None:
        """From now on `name` ends with a status that carries none of our details."""

        async def behave(request: Any, context: Any) -> Message:
            await context.abort(code, details)
            raise AssertionError

        self.behaviours[name] = behave

    def never_answers(self, name: str) -> asyncio.Event:
        """From now on `name` waits for the event that this returns."""
        release = asyncio.Event()

        async def behave(request: Any, context: Any) -> Message:
            await release.wait()
            return EMPTY_ANSWERS[name]()

        self.behaviours[name] = behave
        return release


EMPTY_ANSWERS = {
    rpc.name: GetMessageClass(rpc.output_type) for service in services_of(smith.core.v1) for rpc in service.methods
} | {"RecordRequests": RecordRequestsResponse}
