"""What else a URL, a receiver or the environment could do to a webhook call, and does not."""

import asyncio
import base64
import gzip
import time
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from service_kit.client import open_channel
from tests.delivery.conftest import Start
from tests.delivery.harness import Apns
from tests.delivery.receivers import receiver, says
from tests.delivery.test_webhooks import FAILED, RETRY, SUCCEEDED, call
from tests.waiting import LONG

pytestmark = pytest.mark.slow


def allowing(folder: Path) -> dict[str, str]:
    """Receivers on this machine may be called."""
    return {"SMITH_WEBHOOK_ALLOW": "localhost", "SMITH_WEBHOOK_CA_FILE": str(folder / "ca.pem")}


@pytest.fixture
def folder(apns: Apns) -> Path:
    """Where the certificates lie."""
    return apns.process.folder


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_proxies_of_the_environment_are_asked_neither_for_webhooks_nor_between_processes(
    start: Start, folder: Path, monkeypatch: Any
) -> None:
    """A proxy would resolve the host itself, and connect where no check was made."""
    reached: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append((await reader.readline()).decode())
        writer.close()

    proxy = await asyncio.start_server(note, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with start(**allowing(folder)) as service, receiver(folder, says(OK)) as direct:
        assert (await call(service, direct.url())).kind == SUCCEEDED
        assert (await call(service, "https://169.254.169.254/")).reason == "AddressRefused"
    proxy.close()
    assert reached == []


async def test_a_certificate_of_an_unknown_authority_is_refused(start: Start, folder: Path) -> None:
    async with start(SMITH_WEBHOOK_ALLOW="localhost") as service, receiver(folder, says(OK)) as unknown:
        result = await call(service, unknown.url())
        assert unknown.heads == []
    assert (result.kind, result.reason) == (RETRY, "TlsFailed")


@pytest.mark.parametrize(
    "url",
    [
        "/path%0d%0aX-Evil:%201",
        "/path?q=%0d%0aX-Evil:%201",
        "/path\r\nX-Evil: 1",
        "/path?q=\nX-Evil: 1",
        "/path HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET /second",
        "/\u010d\u010aX-Evil: 1",
    ],
)
async def test_no_url_adds_a_header_or_a_request(start: Start, folder: Path, url: str) -> None:
    async with start(**allowing(folder)) as service, receiver(folder, says(OK)) as plain:
        result = await call(service, plain.url(url))
        assert result.reason in ("", "UrlRefused")
        assert len(plain.heads) == (0 if result.reason else 1)
    for head in plain.heads:
        assert b"x-evil: 1" not in head.lower()
        assert head.count(b"\r\n\r\n") == 1


async def test_no_credentials_of_a_url_add_a_header(start: Start, folder: Path) -> None:
    async with start(**allowing(folder)) as service, receiver(folder, says(OK)) as plain:
        url = plain.url().replace("https://", "https://us%0d%0aX-Evil%3A 1:p%C3%A9@")
        assert (await call(service, url)).kind == SUCCEEDED
    [head] = plain.heads
    [line] = [line for line in head.split(b"\r\n") if line.lower().startswith(b"authorization: ")]
    assert base64.b64decode(line.split()[-1]).decode() == "us\r\nX-Evil: 1:pé"
    assert b"x-evil" not in head.lower()


@pytest.mark.parametrize("field", ["idempotency_key", "url"])
async def test_what_is_no_header_is_refused_and_not_sent(start: Start, folder: Path, field: str) -> None:
    async with start(**allowing(folder)) as service, receiver(folder, says(OK)) as plain:
        url = plain.url().replace("localhost", "localhost\r\nX-Evil: 1") if field == "url" else plain.url()
        fields = {} if field == "url" else {"idempotency_key": "key\r\nX-Evil: 1"}
        assert (await call(service, url, **fields)).kind in (FAILED, RETRY)
        assert plain.heads == []


async def test_a_compressed_answer_is_kept_as_it_came(start: Start, folder: Path) -> None:
    """A bomb stays folded."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    async with start(**allowing(folder)) as service, receiver(folder, says(head.encode() + bomb)) as bomber:
        result = await call(service, bomber.url())
    assert b"accept-encoding: identity" in bomber.heads[0].lower()
    assert (result.response_body, result.response_truncated) == (bomb[:65536], len(bomb) > 65536)


async def test_an_old_receiver_is_understood(start: Start, folder: Path) -> None:
    async with start(**allowing(folder)) as service, receiver(folder, says(b"HTTP/1.0 200 OK\r\n\r\nold")) as old:
        result = await call(service, old.url())
    assert (result.kind, result.response_body) == (SUCCEEDED, b"old")


@pytest.mark.thorough
@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])
async def test_answers_that_are_none_without_end_cost_a_call_its_time_and_others_nothing(
    start: Start, folder: Path, piece: bytes
) -> None:
    async def goes_on(head: bytes, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece * 100)
            await writer.drain()
            await asyncio.sleep(0)

    async with (
        start(SMITH_WEBHOOK_TIMEOUT="8", **allowing(folder)) as service,
        receiver(folder, goes_on) as endless,
        open_channel(service.address) as channel,
    ):
        health, slowest = health_pb2_grpc.HealthStub(channel), 0.0
        calling = asyncio.create_task(call(service, endless.url()))
        while not calling.done():
            began = time.monotonic()
            await health.Check(health_pb2.HealthCheckRequest(), timeout=LONG)
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.02)
        result = await calling
    assert result.kind == RETRY
    assert result.latency_ms < LONG * 1000
    assert slowest < 8, "they have waited for as long as the call took"


async def test_its_time_holds_for_all_steps_together(start: Start, folder: Path, monkeypatch: Any) -> None:
    """Each step alone would be in time: connection, head and body 0.5 seconds each."""

    async def slow(head: bytes, writer: asyncio.StreamWriter) -> None:
        for part in (b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\n", b"o", b"k"):
            await asyncio.sleep(0.5)
            writer.write(part)
            await writer.drain()

    async with start(SMITH_WEBHOOK_TIMEOUT="1", **allowing(folder)) as service, receiver(folder, slow) as late:
        result = await call(service, late.url())
    assert (result.kind, result.reason) == (RETRY, "Timeout")
