"""Slow clients cost themselves, not others, and not for ever."""

import asyncio
import contextlib

import pytest

from gateway.load import USUAL_BODY_BYTES, BodyMemory
from gateway.problems import Problem
from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import client_that_does_not_read, was_reset
from tests.waiting import eventually_async

HEAD = b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n"


async def test_others_are_served_while_clients_are_slow_to_send(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """They need no credentials for it."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=2)
    async with contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(await gateway.connect()) for _ in range(5)]
        for connection in slow:
            await connection.send(HEAD + b"{")
        assert (await gateway.request("GET", "/healthz")).status == 200
        assert (await gateway.push({"title": "x"})).status == 200
        for connection in slow:
            await connection.send(b'"title":"x"}')
            assert (await connection.reply()).status in (200, 503)


async def test_others_are_served_while_clients_do_not_read(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """An answer that waits to be read is no longer in progress."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=1)
    async with client_that_does_not_read(gateway.port), client_that_does_not_read(gateway.port):
        assert (await gateway.push({"title": "x"})).status == 200


async def test_a_client_that_does_not_read_loses_its_connection(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """Otherwise it would hold one of the few for ever."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_unread_timeout=0.2)
    async with client_that_does_not_read(gateway.port) as client:
        await was_reset(client)


async def test_a_client_that_does_not_read_makes_room_for_others(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """Though requests of it are in progress."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_connections=2, gateway_unread_timeout=300)
    async with client_that_does_not_read(gateway.port) as client:
        # Not before its requests are being answered: until then it makes room as one that was just opened.
        await asyncio.get_running_loop().sock_recv(client, 1)

        async def is_served() -> bool:
            return (await gateway.request("GET", "/healthz")).status == 200

        await eventually_async("there is room", is_served)
        await was_reset(client)


async def test_the_rest_of_a_refused_body_is_not_awaited_for_ever(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """Whether it trickles or stays away."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_body_timeout=1.5)
    for rest in (b"", b"x"):
        head = b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
        async with await gateway.connect(head) as connection:
            assert (await connection.reply()).status == 404
            await connection.send(rest)
            assert await connection.closed()


async def test_a_connection_serves_on_after_a_refused_body(gateway: RunningGateway) -> None:
    """The rest of the body is thrown away."""
    async with await gateway.connect() as connection:
        for _ in range(2):
            await connection.send(b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n")
            assert (await connection.reply()).status == 404
            await connection.send(b"12345")
        await connection.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await connection.reply()).status == 200


def test_usual_bodies_always_find_room_and_large_ones_share_it() -> None:
    memory = BodyMemory(limit=100)
    held = memory.grow(0, USUAL_BODY_BYTES + 60)
    held = memory.grow(held, USUAL_BODY_BYTES + 80)
    with pytest.raises(Problem) as refused:
        memory.grow(0, USUAL_BODY_BYTES + 21)
    assert refused.value.status == 503
    assert memory.grow(0, USUAL_BODY_BYTES) == 0
    memory.release(held)
    assert memory.grow(0, USUAL_BODY_BYTES + 100) == 100
