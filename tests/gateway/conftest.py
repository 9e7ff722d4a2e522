"""A running gateway before a gRPC server that stands in for core, to observe the translation."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.settings import GatewaySettings
from gateway.wiring import build_app, build_server, listen
from service_kit.client import open_channel
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Connection, Reply, request
from tests.waiting import LONG


@dataclass
class RunningGateway:
    """The gateway, over a real socket."""

    port: int
    registry: CollectorRegistry

    def metric(self, name: str) -> float:
        """What Prometheus would read."""
        return self.registry.get_sample_value(name) or 0.0

    async def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        """Sends one request."""
        return await request(self.port, method, path, body, headers)

    async def push(self, body: Any) -> Reply:
        """Sends a push notification."""
        return await self.request("POST", "/api/push-notification", body)

    async def connect(self, first: bytes = b"") -> Connection:
        """Opens a connection, on which this was sent already."""
        return await Connection.open(self.port, first)


@contextlib.asynccontextmanager
async def running_gateway(core_address: str, **overrides: Any) -> AsyncIterator[RunningGateway]:
    """Starts one with settings of a test's own. Core has the time of a busy machine, unless they say otherwise."""
    patient = {"gateway_call_timeout": LONG, "drain_seconds": 1.0}
    settings = GatewaySettings(gateway_port=0, core_address=core_address, **(patient | overrides))
    listener = listen("127.0.0.1", 0)
    channel = open_channel(core_address)
    registry = CollectorRegistry()
    app = build_app(channel, settings, registry)
    server = build_server(app, settings)
    async with app.running():
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield RunningGateway(listener.getsockname()[1], registry)
        finally:
            server.should_exit = True
            await serving
    await channel.close()


MakeGateway = Callable[..., Awaitable[RunningGateway]]


@pytest.fixture
async def make_gateway() -> AsyncIterator[MakeGateway]:
    """Starts gateways: `await make_gateway(core_address, gateway_call_timeout=0.5)`."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(core_address: str, **overrides: Any) -> RunningGateway:
            return await stack.enter_async_context(running_gateway(core_address, **overrides))

        yield make


@pytest.fixture(scope="session")
async def shared_core() -> AsyncIterator[CoreStandIn]:
    """The stand-in that the session's gateway talks to."""
    stand_in = CoreStandIn()
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def core(shared_core: CoreStandIn) -> CoreStandIn:
    """The stand-in, with nothing recorded and nothing told."""
    shared_core.calls.clear()
    shared_core.behaviours.clear()
    shared_core.batches.clear()
    return shared_core


@pytest.fixture(scope="session")
async def gateway(shared_core: CoreStandIn) -> AsyncIterator[RunningGateway]:
    """The gateway that tests share."""
    async with running_gateway(f"127.0.0.1:{shared_core.port}") as running:
        yield running
