"""A gRPC server as all processes run it: health, reflection, limits, graceful stop."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from service_kit.addresses import join
from service_kit.client import MAX_MESSAGE_BYTES, SIZES
from service_kit.descriptors import room_for
from service_kit.in_process import InProcessChannel, InProcessServer
from service_kit.interceptors import MAX_EXPECTED, CallBounds
from service_kit.listening import why_not
from service_kit.stream_bounds import MAX_STREAMS

log = logging.getLogger(__name__)

OPTIONS: list[tuple[str, int | str]] = [
    *SIZES,
    # Without this, two processes could listen on one port and get half of the calls each: fail at start instead.
    ("grpc.so_reuseport", 0),
    # Clients of ours ping every 10 seconds; gRPC's default would call that abuse.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A client that reads a stream and has vanished is found within a minute, instead of gRPC's two hours.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
]

MAX_REQUEST = "grpc.max_receive_message_length"
MAX_CONNECTIONS = 4096
"""Most open connections. Further ones are closed at once: they would take memory, and descriptors that the database
needs."""
HEADROOM = 2 * MAX_STREAMS + MAX_EXPECTED + 1000
"""Calls that gRPC's limit allows beyond ours, such as those that are just being refused."""
HANDSHAKE_SECONDS = 10.0
"""Seconds within which a new connection must speak HTTP/2, TLS included. gRPC would wait two minutes."""


class GrpcServer:
    """A gRPC server with health and reflection. Other parts of the process may call it without a network.

    `max_concurrent_rpcs` limits the calls in progress (health and reflection are counted apart),
    `max_request_bytes` the size of each request, also of callers without credentials. Beyond either the answer is
    RESOURCE_EXHAUSTED at once. `max_connections` is reduced to what fits under the process's limit of open files.
    """

    def __init__(
        self,
        *,
        interceptors: Sequence[grpc.aio.ServerInterceptor],
        max_concurrent_rpcs: int,
        max_request_bytes: int = MAX_MESSAGE_BYTES,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        # gRPC also stops unpacking a compressed request at this size.
        options = [option for option in OPTIONS if option[0] != MAX_REQUEST]
        options += [
            (MAX_REQUEST, max_request_bytes),
            ("grpc.max_allowed_incoming_connections", room_for(max_connections)),
            ("grpc.server_handshake_timeout_ms", round(HANDSHAKE_SECONDS * 1000)),
        ]
        # The same bounds count calls from within the process and from others.
        chain = [CallBounds(max_concurrent_rpcs), *interceptors]
        self._server = grpc.aio.server(
            interceptors=chain,
            options=options,
            maximum_concurrent_rpcs=max_concurrent_rpcs + HEADROOM,
        )
        self._in_process = InProcessServer(
            chain, max_request_bytes=max_request_bytes, max_answer_bytes=MAX_MESSAGE_BYTES
        )
        self._health = health_aio.HealthServicer()
        self._handlers = _Handlers(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._handlers)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._in_process)

    def add(self, servicer: object, *registrations: Callable[..., None]) -> None:
        """Adds a service. `registrations` are the generated `add_..._to_server`; left out, those of the generated
        classes that the servicer derives from."""
        for register in registrations or generated_registrations(type(servicer)):
            register(servicer, self._handlers)
            register(servicer, self._in_process)

    @property
    def services(self) -> list[str]:
        """Full names of its services, those of gRPC itself included."""
        return [*self._handlers.services, reflection.SERVICE_NAME]

    def connect(self, channel: InProcessChannel) -> None:
        """Lets another part of this process call the server, from `start` on."""
        channel.connect(self._in_process)

    async def start(self, host: str, port: int, credentials: grpc.ServerCredentials | None = None) -> int:
        """Listens, over TLS with `credentials`; returns the port, which differs from `port` if that is 0. Not healthy
        until `set_serving`.

        Raises OSError if the address cannot be bound.
        """
        reflection.enable_server_reflection(self.services, self._server)
        try:
            if credentials:
                bound = self._server.add_secure_port(join(host, port), credentials)
            else:
                bound = self._server.add_insecure_port(join(host, port))
        except RuntimeError as error:
            raise OSError(f"cannot listen on {join(host, port)}: {why_not(host, port)}") from error
        await self._server.start()
        self._in_process.open()
        return bound

    async def set_serving(self, serving: bool) -> None:
        """Sets the answer to health checks: whether calls can be answered."""
        self._in_process.serving = serving
        await asyncio.gather(*(self.set_well(name, serving) for name in ["", *self.services]))

    async def set_well(self, name: str, well: bool) -> None:
        """Sets the health of one name: a service, or an optional dependency."""
        status = health_pb2.HealthCheckResponse.SERVING if well else health_pb2.HealthCheckResponse.NOT_SERVING
        await self._health.set(name, status)

    async def say_stopping(self, delay: float) -> None:
        """Tells health checks that it is not serving, and goes on for `delay` seconds so that clients notice."""
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(delay)

    async def stop(self, grace: float) -> None:
        """Refuses new calls, lets those in progress finish for `grace` seconds, then cancels them."""
        await self._health.enter_graceful_shutdown()
        await asyncio.gather(self._server.stop(grace), self._in_process.stop(grace))


def generated_registrations(servicer: type) -> list[Callable[..., None]]:
    """Returns the generated `add_..._to_server` of each service whose generated class `servicer` derives from.

    Raises TypeError if there is none.
    """
    found: list[Callable[..., None]] = []
    for base in servicer.__mro__:
        register = getattr(sys.modules[base.__module__], f"add_{base.__name__}_to_server", None)
        if register is not None:
            found.append(register)
    if not found:
        raise TypeError(f"{servicer.__name__} derives from no generated servicer")
    return found


class _Handlers:
    """Gives a server the handlers of services by their generic form alone.

    gRPC keeps a wait of its own for each method that is registered too, and looks at all of them for each call: 30
    microseconds or more with core's hundred methods (https://github.com/grpc/grpc/pull/43461).
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server
        self.services: list[str] = []

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """See grpc.aio.Server."""
        self._server.add_generic_rpc_handlers(handlers)
        self.services += [one.service_name() for one in handlers if isinstance(one, grpc.ServiceRpcHandler)]

    def add_registered_method_handlers(self, service_name: str, handlers: object) -> None:
        """Leaves them out; see the class."""
