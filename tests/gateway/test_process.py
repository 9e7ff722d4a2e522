"""`python -m gateway` as a process."""

import asyncio
import os
import re
import socket
import sys
from asyncio.subprocess import PIPE, Process

import grpc
import httpx
import psutil
import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Connection, client_that_does_not_read, request, was_reset
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.slow


PATIENT = (
    "import runpy; from gateway.request_log import log; log.DRAIN_SECONDS = 60.0; "
    "runpy.run_module('gateway', run_name='__main__', alter_sys=True)"
)
"""`python -m gateway` that has a minute to hand over what it has noted: core, in this process, may be held up."""


async def start(core_port: int, *, patient: bool = False, **env: str) -> Process:
    """Starts a gateway."""
    return await asyncio.create_subprocess_exec(
        sys.executable, *(("-c", PATIENT) if patient else ("-m", "gateway")),
        stderr=PIPE,
        env={**os.environ, "SMITH_CORE_ADDRESS": f"127.0.0.1:{core_port}", "SMITH_GATEWAY_PORT": "0", **env},
    )  # fmt: skip


async def port_of(process: Process) -> int:
    """The port, from the line that it logs when it serves."""
    assert process.stderr is not None
    async with asyncio.timeout(LONG):
        while line := (await process.stderr.readline()).decode():
            if found := re.search(r"serving on http://127\.0\.0\.1:(\d+)", line):
                return int(found.group(1))
    raise AssertionError("it ended without serving")


async def test_it_tells_its_port_and_finishes_what_it_has_begun(core: CoreStandIn) -> None:
    """SIGTERM lets requests in progress finish and ends with 0."""
    process = await start(core.port)
    port = await port_of(process)
    release = core.never_answers("SendPushNotification")
    async with await Connection.open(port) as connection, await Connection.open(port) as idle:
        await connection.send(
            b'POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{"title":"x"}'
        )
        await core.received(1)
        process.terminate()
        assert await idle.closed()
        release.set()
        assert (await connection.reply()).status == 200
        async with asyncio.timeout(LONG):
            assert await process.wait() == 0


async def test_it_hands_over_what_it_has_answered_in_its_last_second(core: CoreStandIn) -> None:
    process = await start(core.port, patient=True)
    port = await port_of(process)
    headers = {"Authorization": f"Bearer ask_{'k' * 43}"}
    told = [await request(port, "POST", "/api/push-notification", {"title": "x"}, headers) for _ in range(30)]
    process.terminate()
    async with asyncio.timeout(LONG):
        assert await process.wait() == 0
    ids = b"".join(batch.ids for batch in core.batches).hex()
    assert all(reply.headers["x-request-id"] in ids for reply in told)


@pytest.mark.thorough
async def test_it_says_that_it_stops_before_it_does(core: CoreStandIn) -> None:
    """To a balancer on /readyz, to clients in each answer; what they send meanwhile is answered."""
    process = await start(core.port, SMITH_SHUTDOWN_DELAY="8")
    port = await port_of(process)
    before = await request(port, "POST", "/api/push-notification", {"title": "x"})
    assert (before.status, before.headers.get("connection")) == (200, None)
    release = core.never_answers("SendPushNotification")
    async with await Connection.open(port) as begun:
        await begun.send(b'POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{"title":"x"}')
        await core.received(2)
        process.terminate()

        async def unready() -> bool:
            return (await request(port, "GET", "/readyz")).status == 503

        await eventually_async("it is not ready", unready)
        release.set()
        assert (await begun.reply()).headers["connection"] == "close"
        late = await request(port, "POST", "/api/push-notification", {"title": "x"})
        assert (late.status, late.headers["connection"]) == (200, "close")
        assert (await request(port, "GET", "/healthz")).status == 200
    async with asyncio.timeout(LONG):
        assert await process.wait() == 0


async def test_it_ends_in_time_though_a_request_does_not(core: CoreStandIn) -> None:
    """The drain is bounded."""
    process = await start(core.port, SMITH_DRAIN_SECONDS="1")
    port = await port_of(process)
    release = core.never_answers("SendPushNotification")
    sending = asyncio.create_task(request(port, "POST", "/api/push-notification", {"title": "x"}))
    await core.received(1)
    process.terminate()
    async with asyncio.timeout(LONG):
        assert await process.wait() == 0
    release.set()
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_connection_that_is_lost_while_it_is_answered_is_no_mistake_of_ours(core: CoreStandIn) -> None:
    """With more requests waiting on its connection. As a process, because uvloop is stricter than asyncio here."""
    process = await start(core.port, SMITH_GATEWAY_UNREAD_TIMEOUT="0.1")
    port = await port_of(process)
    async with client_that_does_not_read(port) as client:
        await was_reset(client)
    assert (await request(port, "GET", "/healthz")).status == 200
    process.terminate()
    _, stderr = await asyncio.wait_for(process.communicate(), LONG)
    assert b"Traceback" not in stderr


async def test_a_taken_port_is_one_clear_line(core: CoreStandIn) -> None:
    """And exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await start(core.port, SMITH_GATEWAY_PORT=str(port))
        _, stderr = await asyncio.wait_for(process.communicate(), LONG)
    assert process.returncode == 2
    assert stderr.decode() == f"gateway: cannot listen on 127.0.0.1:{port}: Address already in use\n"


async def test_a_wrong_setting_is_one_clear_line(core: CoreStandIn) -> None:
    """Named as the environment has it."""
    process = await start(core.port, SMITH_GATEWAY_PORT="eighty")
    _, stderr = await asyncio.wait_for(process.communicate(), LONG)
    assert process.returncode == 2
    assert stderr.decode().startswith("SMITH_GATEWAY_PORT='eighty': ")
    assert stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "hosts", ["https://push.example.com", "push.example.com:8000", "[::1]:8000", "a b", "push.example.com/x", "[::1"]
)
def test_hosts_that_no_request_can_be_for_are_refused(hosts: str) -> None:
    """All requests would be."""
    with pytest.raises(ValidationError, match="is not a host: give names or addresses, without scheme and port"):
        GatewaySettings(gateway_hosts=f"localhost, {hosts}")


async def test_it_listens_for_prometheus_only_if_told(core: CoreStandIn) -> None:
    """And then on another port, with the metrics of this process."""
    for told, count in (({}, 1), ({"SMITH_METRICS_PORT": "0"}, 2)):
        process = await start(core.port, **told)
        port = await port_of(process)
        ports = {one.laddr.port for one in psutil.Process(process.pid).net_connections("tcp") if one.status == "LISTEN"}
        assert len(ports) == count
        for other in ports - {port}:
            await request(port, "GET", "/healthz")
            core.aborts("GetAccount", grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls")
            assert (await request(port, "GET", "/api/account")).status == 503
            async with httpx.AsyncClient(trust_env=False, timeout=LONG) as prometheus:
                text = (await prometheus.get(f"http://127.0.0.1:{other}/metrics")).text
            assert 'smith_gateway_refused_total{bound="core"} 1.0' in text
            assert 'smith_gateway_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
        process.terminate()
        assert await asyncio.wait_for(process.wait(), LONG) == 0


async def test_a_taken_port_for_metrics_is_one_clear_line(core: CoreStandIn) -> None:
    """And exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await start(core.port, SMITH_METRICS_PORT=str(port))
        _, stderr = await asyncio.wait_for(process.communicate(), LONG)
    assert process.returncode == 2
    (line,) = stderr.decode().splitlines()
    assert line.startswith(f"gateway: cannot listen on 127.0.0.1:{port} for metrics (SMITH_METRICS_PORT): ")


async def test_what_goes_wrong_is_always_logged_with_its_request_and_the_rest_if_asked_for(core: CoreStandIn) -> None:
    """By route, without path and query."""
    for every in ("false", "true"):
        process = await start(core.port, SMITH_GATEWAY_ACCESS_LOG=every, SMITH_GATEWAY_SLOW_SECONDS="0.2")
        port = await port_of(process)
        core.calls.clear()
        core.aborts("GetAccount", grpc.StatusCode.UNAVAILABLE, "away")
        await request(port, "GET", "/api/account", headers={"x-request-id": "failed"})
        release = core.never_answers("SendPushNotification")
        slow = asyncio.create_task(
            request(port, "POST", "/api/push-notification", {"title": "x"}, {"x-request-id": "slow"})
        )
        await core.received(2)
        # Not before it has come here: only then does the gateway count the seconds for certain.
        asyncio.get_running_loop().call_later(0.4, release.set)
        await slow
        await request(port, "DELETE", "/api/channels/secret-id?secret=1", headers={"x-request-id": "ordinary"})
        process.terminate()
        _, stderr = await asyncio.wait_for(process.communicate(), LONG)
        lines = [line for line in stderr.decode().splitlines() if " gateway.access: " in line]
        assert [line for line in lines if "WARNING" in line and "[failed] GET /api/account 503" in line]
        assert [line for line in lines if "WARNING" in line and "[slow] POST /api/push-notification 200" in line]
        ordinary = [line for line in lines if "[ordinary] DELETE /api/channels/{channel_id} " in line]
        # What takes long on a busy machine is slow, too.
        assert len(ordinary) == 1 if every == "true" else all("WARNING" in line for line in ordinary)
        assert "secret" not in stderr.decode()
