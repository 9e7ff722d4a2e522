"""What one stranger without credentials can do at the gateway's socket: get answers, and not stop others."""

import asyncio
import contextlib
from typing import Any

import pytest

from gateway.load import Callers
from service_kit.errors import DomainError, Kind
from service_kit.http_protocol import MAX_AHEAD
from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import EMPTY_ANSWERS, CoreStandIn
from tests.gateway.http_client import Connection, Reply, request
from tests.gateway.test_process import port_of, start
from tests.waiting import LONG, eventually_async

SEND = "SendPushNotification"
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
PUSH = b'POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{"title":"x"}'


class NoSuchKey(DomainError):
    kind, reason, error = Kind.UNAUTHENTICATED, "UNAUTHENTICATED", "Unauthorized"


def judges(core: CoreStandIn, *good: str) -> asyncio.Event:
    """Core takes its time to refuse every key but the good ones: until the event that this returns."""
    decided = asyncio.Event()

    async def behave(request: Any, context: Any) -> Any:
        if dict(context.invocation_metadata()).get("authorization") not in {f"Bearer {key}" for key in good}:
            await decided.wait()
            raise NoSuchKey("There is no such key.")
        return EMPTY_ANSWERS[SEND]()

    core.behaviours[SEND] = behave
    return decided


def push(gateway: RunningGateway, key: str) -> asyncio.Task[Reply]:
    headers = {"authorization": f"Bearer {key}"}
    return asyncio.create_task(gateway.request("POST", "/api/push-notification", {"title": "x"}, headers))


async def test_made_up_keys_take_no_call_from_a_key_that_core_knows(
    make_gateway: MakeGateway, core: CoreStandIn
) -> None:
    """Another one with each request: together they have what one address has."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=8)
    decided = judges(core, "good")
    assert (await push(gateway, "good")).status == 200
    made_up = [push(gateway, f"made-up-{number}") for number in range(20)]
    eventually_done = await done_of(made_up, 18)
    assert [reply.status for reply in eventually_done] == [503] * 18
    assert [(await push(gateway, "good")).status for _ in range(5)] == [200] * 5
    assert (await gateway.request("GET", "/readyz")).status == 200
    decided.set()
    assert sorted([(await one).status for one in made_up]) == [401] * 2 + [503] * 18


async def test_a_key_that_core_refuses_counts_as_none_again(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=8)
    judges(core, "revoked").set()
    assert (await push(gateway, "revoked")).status == 200
    judges(core).set()
    assert (await push(gateway, "revoked")).status == 401
    decided = judges(core)
    asked = [push(gateway, "revoked") for _ in range(4)]
    assert [reply.status for reply in await done_of(asked, 2)] == [503, 503]
    decided.set()
    assert sorted([(await one).status for one in asked]) == [401, 401, 503, 503]


async def test_a_call_that_takes_no_credentials_makes_none_known(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """Signing in succeeds whatever else the request says."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=8)
    headers = {"authorization": "Bearer made-up"}
    assert (await gateway.request("POST", "/api/device/pair", {}, headers)).status == 200
    decided = judges(core)
    asked = [push(gateway, "made-up") for _ in range(4)]
    assert [reply.status for reply in await done_of(asked, 2)] == [503, 503]
    decided.set()
    await asyncio.gather(*asked)


async def done_of(tasks: list[asyncio.Task[Reply]], count: int) -> list[Reply]:
    """The first answers, as soon as there are so many."""

    async def answers() -> list[Reply]:
        done = [task.result() for task in tasks if task.done()]
        return done if len(done) >= count else []

    return await eventually_async(f"{count} of {len(tasks)} are answered", answers)


def test_what_core_has_accepted_is_remembered_for_a_while_and_not_without_end() -> None:
    now = 0.0
    callers = Callers(remembered=2, seconds=10.0, clock=lambda: now)
    scope = {"client": ("203.0.113.9", 1)}
    keys = [{b"authorization": b"Bearer %d" % number} for number in range(3)]

    def known() -> list[bool]:
        return [callers.of(scope, key).is_known for key in keys]

    for key in keys:
        callers.accept(key)
    assert known() == [False, True, True]
    now = 9.0
    callers.accept(keys[1])
    now = 11.0
    assert known() == [False, True, False]
    callers.forget(keys[1])
    assert known() == [False, False, False]
    assert callers.of(scope, keys[0]) == callers.of(scope, {}), "by address"
    callers.accept({})
    assert not callers.of(scope, {}).is_known


async def test_idle_connections_make_room_for_new_ones(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """The one that has been idle longest first, whether it was served once, sent half a head or nothing at all."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_connections=8)
    async with contextlib.AsyncExitStack() as stack:
        silent, late, served = [await stack.enter_async_context(await gateway.connect()) for _ in range(3)]
        await late.send(b"GET /healthz HTTP/1.1\r\nho")
        await served.send(ALIVE)
        assert (await served.reply()).status == 200
        # Four of the eight are one address's.
        more = [await stack.enter_async_context(await gateway.connect()) for _ in range(4)]
        for connection in more:
            await connection.send(ALIVE)
            assert (await connection.reply()).status == 200
        assert await silent.closed()
        assert (await late.reply()).status == 503
        assert await served.closed()
        await more[0].send(ALIVE)
        assert (await more[0].reply()).status == 200, "it was not the longest idle"


async def test_half_sent_bodies_make_room_for_new_connections(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """Also behind a request that is answered already. Those who have addresses enough would else hold all places."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_connections=8)
    head = b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\nexpect: 100-continue\r\n\r\n"
    async with contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(await gateway.connect()) for _ in range(4)]
        for connection in slow:
            await connection.send(ALIVE + head)
            assert (await connection.reply()).status == 200
            assert (await connection.reply()).status == 100
            await connection.send(b"{")
        for connection in slow:
            another = await stack.enter_async_context(await gateway.connect())
            await another.send(ALIVE)
            assert (await another.reply()).status == 200
            assert (await connection.reply()).status == 503
            assert await connection.closed()


async def test_few_requests_are_taken_ahead_of_their_turn(gateway: RunningGateway) -> None:
    """Each is kept until those before it are answered, and a client may read no answer."""
    async with await gateway.connect() as connection, asyncio.timeout(LONG):
        await connection.send(ALIVE * 100)
        answers = await connection.reader.read()
    assert answers.count(b"HTTP/1.1 200 OK") == 1 + MAX_AHEAD
    assert answers.count(b"connection: close") == 1


async def test_a_connection_on_which_a_request_is_in_progress_is_not_given_up(
    make_gateway: MakeGateway, core: CoreStandIn
) -> None:
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_connections=2)
    release = core.never_answers(SEND)
    async with await gateway.connect() as busy:
        await busy.send(PUSH)
        await core.received(1)
        async with await gateway.connect() as another:
            assert (await another.reply()).status == 503
            assert await another.closed()
        release.set()
        assert (await busy.reply()).status == 200
        async with await gateway.connect() as another:
            await another.send(ALIVE)
            assert (await another.reply()).status == 200
        assert await busy.closed()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n",
    ],
)
async def test_a_request_says_once_which_host_it_is_for(gateway: RunningGateway, head: bytes) -> None:
    async with await gateway.connect() as connection:
        await connection.send(head)
        reply = await connection.reply()
        assert reply.status == 400
        assert reply.json()["message"] == "A request must say in one Host header which host it is for."
        assert await connection.closed()


async def test_the_gateway_answers_for_the_hosts_that_it_was_told_and_for_this_machine(
    make_gateway: MakeGateway, core: CoreStandIn
) -> None:
    """A page of another name that resolves here (DNS rebinding) gets nothing."""
    gateway = await make_gateway(
        f"127.0.0.1:{core.port}", gateway_hosts="Push.example.com, gateway,[2001:DB8:0::1], 2001:db8::2"
    )
    for host, status in (
        ("push.example.com", 200),
        ("PUSH.EXAMPLE.COM.:8443", 200),
        ("gateway:8000", 200),
        (f"127.0.0.1:{gateway.port}", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("[0:0:0:0:0:0:0:1]", 200),
        ("[2001:db8::1]:8000", 200),
        ("[2001:DB8::2]", 200),
        ("[2001:db8::3]", 421),
        ("evil.example", 421),
        ("[::1].evil.example", 421),
        ("push.example.com.evil.example", 421),
        ("push.example.com@evil.example", 421),
        ("192.0.2.1", 421),
    ):
        reply = await gateway.request("POST", "/api/push-notification", {"title": "x"}, {"host": host})
        assert reply.status == status, host
        assert (await gateway.request("GET", "/healthz", headers={"host": host})).status == 200
    assert reply.json()["error"] == "Misdirected request"


async def test_http_1_0_knows_no_hosts(gateway: RunningGateway) -> None:
    async with await gateway.connect() as connection:
        await connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert (await connection.reply()).status == 200


UPGRADE = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
UNREADABLE = [
    UPGRADE + b"transfer-encoding: identity\r\n\r\n",
    UPGRADE + b"transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n",
    UPGRADE + b"content-length: 1\r\ncontent-length: 1\r\n\r\n",
    UPGRADE + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
    b"GET http://[::1 HTTP/1.1\r\nhost: x\r\n\r\n",
    b"\x00" * 100,
]


async def test_what_cannot_be_read_is_answered_and_fills_no_log(core: CoreStandIn) -> None:
    """As a process, because what is left of an exception there is what an operator sees."""
    # On a machine that is held up a request may take long, and would be logged as slow.
    process = await start(core.port, SMITH_GATEWAY_SLOW_SECONDS="600")
    port = await port_of(process)
    for sent in UNREADABLE:
        async with await Connection.open(port) as connection:
            await connection.send(sent)
            assert (await connection.reply()).status == 400, sent
            assert await connection.closed()
    assert (await request(port, "GET", "/healthz")).status == 200
    process.terminate()
    _, stderr = await asyncio.wait_for(process.communicate(), LONG)
    assert [line for line in stderr.decode().splitlines() if "draining" not in line] == []


async def test_no_answer_of_the_api_is_kept_by_caches(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Some hold secrets: new keys, invite links. What is the same for everybody may be kept."""
    for reply in (await gateway.push({"title": "x"}), await gateway.push({"title": 1}), await gateway.push(b"{")):
        assert reply.headers["cache-control"] == "no-store"
    assert "no-store" not in (await gateway.request("GET", "/api/openapi.json")).headers["cache-control"]
