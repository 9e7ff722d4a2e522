"""What a stranger can hold at the port of core or delivery: nothing that others need."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from smith.core.v1.account_service_pb2 import GetAccountRequest
from smith.core.v1.account_service_pb2_grpc import AccountServiceStub

from service_kit import interceptors
from service_kit import server as server_module
from service_kit.client import open_channel
from service_kit.server import GrpcServer
from service_kit.stream_bounds import address_of
from tests.gateway.core_stand_in import CoreStandIn
from tests.waiting import LONG, eventually_async

GET_ACCOUNT = "/smith.core.v1.AccountService/GetAccount"
SECONDS = LONG


@pytest.fixture
async def server() -> AsyncIterator[CoreStandIn]:
    """A server of ours that has two calls in progress at most."""
    stand_in = CoreStandIn(max_calls=2)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def stranger(server: CoreStandIn) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


async def serves_others(server: CoreStandIn) -> None:
    """Over a connection of their own, which watches the server's health as every process of ours does."""
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        await asyncio.gather(
            *(AccountServiceStub(channel).GetAccount(GetAccountRequest(), timeout=SECONDS) for _ in range(2))
        )
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = await check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def begun(channel: grpc.aio.Channel) -> Any:
    """A call that sends its headers, and may or may not send a message."""
    begin: Any = channel.stream_unary(GET_ACCOUNT)
    return begin()


async def outcome(call: Any) -> str:
    """What comes first of a stream: a message, or the code that it ends with."""
    try:
        return "OK" if await call.read() is not grpc.aio.EOF else "EOF"
    except grpc.aio.AioRpcError as error:
        return error.code().name


async def test_streams_of_health_checks_are_few_and_stop_no_other(
    server: CoreStandIn, stranger: grpc.aio.Channel
) -> None:
    watch = health_pb2_grpc.HealthStub(stranger).Watch
    calls = [watch(health_pb2.HealthCheckRequest()) for _ in range(100)]
    outcomes = Counter(await asyncio.gather(*map(outcome, calls)))
    assert outcomes == {"OK": 10, "UNIMPLEMENTED": 90}
    await serves_others(server)
    for call in calls:
        call.cancel()


async def test_streams_of_reflection_are_few_and_stop_no_other(server: CoreStandIn, stranger: grpc.aio.Channel) -> None:
    reflect = reflection_pb2_grpc.ServerReflectionStub(stranger).ServerReflectionInfo
    calls = [reflect() for _ in range(100)]

    async def admitted() -> list[Any]:
        left = [call for call in calls if not call.done()]
        return left if len(left) <= 10 else []

    # A refusal needs no message. Writing while it arrives would hide it behind an error of the client's own.
    for call in await eventually_async("all others are refused", admitted):
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    outcomes = Counter(await asyncio.gather(*map(outcome, calls)))
    assert outcomes == {"OK": 10, "RESOURCE_EXHAUSTED": 90}
    await serves_others(server)
    for call in calls:
        call.cancel()


async def test_calls_whose_message_never_comes_stop_no_other(
    server: CoreStandIn, stranger: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a number the first of them is given up, and each after a time."""
    monkeypatch.setattr(interceptors, "MAX_EXPECTED", 20)
    calls = [begun(stranger) for _ in range(30)]

    async def given_up() -> list[Any]:
        codes = [await call.code() for call in calls if call.done()]
        return codes if len(codes) >= 10 else []

    assert set(await eventually_async("the first are given up", given_up)) == {grpc.StatusCode.DEADLINE_EXCEEDED}
    await serves_others(server)
    for call in calls:
        call.cancel()


async def test_a_message_that_does_not_come_in_time_is_not_awaited(
    server: CoreStandIn, stranger: grpc.aio.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interceptors, "MESSAGE_SECONDS", 0.05)
    call = begun(stranger)
    assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    # The end of this one may come late on a busy machine, and has to come in time.
    monkeypatch.setattr(interceptors, "MESSAGE_SECONDS", SECONDS)
    empty = begun(stranger)
    await empty.done_writing()
    assert await empty.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert server.calls == []


async def test_calls_have_a_bound_and_are_counted_from_when_their_message_has_come(
    server: CoreStandIn, stranger: grpc.aio.Channel
) -> None:
    release = server.never_answers("GetAccount")
    stub = AccountServiceStub(stranger)
    async with AsyncExitStack() as stack:
        stack.callback(release.set)
        calls = [stub.GetAccount(GetAccountRequest(), timeout=SECONDS) for _ in range(2)]
        await server.received(2)
        assert await stub.GetAccount(GetAccountRequest(), timeout=SECONDS).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        release.set()
        await asyncio.gather(*calls)
    await serves_others(server)


async def test_connections_have_a_bound_and_those_that_are_open_serve_on() -> None:
    few = GrpcServer(interceptors=[], max_concurrent_rpcs=2, max_connections=3)
    port = await few.start("127.0.0.1", 0)
    await few.set_serving(True)

    async def is_served(channel: grpc.aio.Channel) -> bool:
        check = health_pb2_grpc.HealthStub(channel).Check
        with suppress(grpc.aio.AioRpcError):
            await check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
            return True
        return False

    async with AsyncExitStack() as stack:
        stack.push_async_callback(few.stop, 0.0)

        async def connected() -> grpc.aio.Channel:
            # Channels with the same options would share a connection.
            options = [("grpc.use_local_subchannel_pool", 1)]
            return await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options))

        first, *others = [await connected() for _ in range(3)]
        for channel in (first, *others):
            assert await is_served(channel)
        assert not await is_served(await connected())
        assert await is_served(first)
        await others[0].close()

        async def has_room() -> bool:
            return await is_served(await connected())

        await eventually_async("there is room again", has_room)


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HANDSHAKE_SECONDS", 0.2)
    quick = GrpcServer(interceptors=[], max_concurrent_rpcs=2)
    port = await quick.start("127.0.0.1", 0)
    async with AsyncExitStack() as stack, asyncio.timeout(SECONDS):
        stack.push_async_callback(quick.stop, 0.0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(writer.close)
        await reader.read()


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.1:50000", "192.0.2.1"),
        ("ipv6:%5B2001:db8::1%5D:50000", "2001:db8::1"),
        ("ipv6:[::1]:50000", "::1"),
        ("unix:/run/x", "unix:/run/x"),
        ("unix:", "unix:"),
    ],
)
def test_who_calls_is_told_by_address(peer: str, address: str) -> None:
    assert address_of(peer) == address
