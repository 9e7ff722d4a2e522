"""What an endpoint, a push service or a name server could do to a push for a browser, and does not."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from delivery_service.web_push.connection import Connection
from tests.delivery.conftest import Start
from tests.delivery.harness import ACCEPTED, REJECTED, RETRY, Apns, delivery_service, settings_from, tally
from tests.delivery.push_services import Answers, Browser, Received, answering, push_service, web_push
from tests.delivery.test_web_push import key, settings
from tests.waiting import eventually_async

__all__ = ["key"]
pytestmark = pytest.mark.slow

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "100.64.0.1",
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_known_host_that_resolves_to_a_private_address_is_not_called(
    apns: Apns, monkeypatch: pytest.MonkeyPatch, key: ec.EllipticCurvePrivateKey, tmp_path: Path, address: str
) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["203.0.113.5", address]

    given = settings_from(apns.process.environment(**settings(tmp_path)), monkeypatch)
    async with delivery_service(given, resolver) as service:
        [outcome] = await service.deliver(web_push(Browser("https://web.push.apple.com/QGuQyavXutnMH")))
    assert (outcome.kind, outcome.reason, outcome.maybe_accepted) == (RETRY, "PushServiceAddressRefused", False)
    assert asked == ["web.push.apple.com"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://{host}/x",
        "https://fcm.googleapis.com@{host}/x",
        "https://{host}/?fcm.googleapis.com",
        "https://{host}/#fcm.googleapis.com",
        "https://fcm.googleapis.com.{host}/x",
        "http://{host}/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "gopher://{host}/x",
    ],
)
async def test_an_endpoint_on_no_known_host_is_not_called_at_sending_either(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path, endpoint: str
) -> None:
    """Core looks at registration; what is named may have changed since."""
    async with push_service() as other, start(**settings(tmp_path)) as service:
        browser = Browser(endpoint.format(host=other.origin.removeprefix("http://")))
        assert tally(await service.deliver(web_push(browser))) == {(REJECTED, "PushServiceNotAllowed"): 1}
        assert other.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path, status: int
) -> None:
    async with push_service() as secret, push_service(answering(status, Location=f"{secret.origin}/x")) as plain:
        async with start(**settings(tmp_path, plain, secret)) as service:
            [outcome] = await service.deliver(web_push(plain.browser()))
        assert (outcome.kind, outcome.reason, outcome.status) == (RETRY, "PushServiceRedirected", status)
        assert secret.connections == 0


async def _floods(received: Received, writer: asyncio.StreamWriter) -> None:
    """A body without end, as fast as it is read."""
    writer.write(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 16384 + b"\r\n")
        await writer.drain()


async def _drips(received: Received, writer: asyncio.StreamWriter) -> None:
    """A head of which a byte comes now and then."""
    for byte in b"HTTP/1.1 201 Created\r\n" + b"x" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def _endless_head(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\n")
    while True:
        writer.write(b"X-Filler: " + b"x" * 8000 + b"\r\n")
        await writer.drain()


async def _endless_progress(received: Received, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
        await writer.drain()


async def _nonsense(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


async def _half_a_body(received: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()
    writer.transport.abort()


async def _more_than_asked(received: Received, writer: asyncio.StreamWriter) -> None:
    """A second answer that the next push must not take for its own."""
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\nHTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "reason", "maybe_accepted"),
    [
        (_floods, "WebPushServiceError", False),
        pytest.param(_drips, "PushServiceTimeout", True, marks=pytest.mark.thorough),
        (_endless_head, "PushServiceConnectionLost", True),
        pytest.param(_endless_progress, "PushServiceTimeout", True, marks=pytest.mark.thorough),
        (_nonsense, "PushServiceConnectionLost", True),
        (_half_a_body, "PushServiceConnectionLost", True),
    ],
)
async def test_an_answer_of_any_form_ends_in_time_with_an_outcome(
    start: Start,
    key: ec.EllipticCurvePrivateKey,
    tmp_path: Path,
    *,
    answer: Answers,
    reason: str,
    maybe_accepted: bool,
) -> None:
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(push_service())
        service = await stack.enter_async_context(start(**settings(tmp_path, plain)))
        # Over a connection that is there the push is sent at once: its time cannot be over before it has left.
        assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}
        plain.answer = answer
        sender = service.delivery._web_push
        patience = sender._timeout
        if reason == "PushServiceTimeout":
            sender._timeout = 2.0
        [outcome] = await service.deliver(web_push(plain.browser()))
        assert (outcome.kind, outcome.reason, outcome.maybe_accepted) == (RETRY, reason, maybe_accepted)
        plain.answer, sender._timeout = answering(201), patience
        assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}


async def test_an_answer_too_many_is_not_taken_for_that_of_the_next_push(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    async with push_service(_more_than_asked) as plain, start(**settings(tmp_path, plain)) as service:
        for _ in range(3):
            assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}


async def test_what_comes_after_the_answer_is_not_taken_for_that_of_the_next_push(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    late = asyncio.Event()

    async def adds_later(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await late.wait()
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")

    async with push_service(adds_later) as plain, start(**settings(tmp_path, plain)) as service:
        assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}
        [line] = service.delivery._web_push._lines._lines.values()
        [connection] = line._idle
        late.set()
        await eventually_async("the second answer has come", lambda: _is_spoiled(connection))
        assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}


async def _is_spoiled(connection: Connection) -> bool:
    return not connection.is_ready


async def test_a_certificate_of_another_name_or_an_unknown_authority_is_refused(
    start: Start, apns: Apns, key: ec.EllipticCurvePrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = apns.process.folder
    async with push_service(tls=folder) as known, push_service(tls=folder, host="127.0.0.1.nip.example") as misnamed:
        async with start(**settings(tmp_path, known)) as service:
            [outcome] = await service.deliver(web_push(known.browser()))
            assert (outcome.kind, outcome.reason, outcome.maybe_accepted) == (RETRY, "PushServiceTlsFailed", False)
        trusted = {"SMITH_WEBPUSH_CA_FILE": str(folder / "ca.pem")}
        given = settings_from(apns.process.environment(**settings(tmp_path, misnamed, **trusted)), monkeypatch)
        async with delivery_service(given, lambda host, port: ["127.0.0.1"]) as service:
            [outcome] = await service.deliver(web_push(misnamed.browser()))
            assert (outcome.kind, outcome.reason) == (RETRY, "PushServiceTlsFailed")
        assert known.received == misnamed.received == []


async def test_proxies_of_the_environment_are_not_asked(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_service() as proxy, push_service() as plain:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        async with start(**settings(tmp_path, plain)) as service:
            assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}
        assert proxy.connections == 0


async def test_neither_the_endpoint_nor_what_is_sent_is_in_the_log(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "delivery_service")
    for status in (201, 403, 410, 500):
        async with push_service(answering(status)) as plain, start(**settings(tmp_path, plain)) as service:
            await service.deliver(web_push(plain.browser("/secret-endpoint"), payload=b"secret-payload"))
    assert caplog.records
    assert "secret" not in caplog.text


async def test_many_made_up_hosts_do_not_pile_up_connections(
    apns: Apns, monkeypatch: pytest.MonkeyPatch, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    """Apple's and Microsoft's services have hosts of any name beneath one domain."""

    def resolver(host: str, port: int) -> list[str]:
        raise OSError

    given = settings_from(apns.process.environment(**settings(tmp_path)), monkeypatch)
    async with delivery_service(given, resolver) as service:
        some = [Browser(f"https://made-up-{number}.push.apple.com/x") for number in range(100)]
        found = tally(await service.deliver(web_push(*some)))
        again = tally(await service.deliver(web_push(*some[:20])))
        lines = service.delivery._web_push._lines._lines
    assert sum(found.values()) == 100
    assert set(found) <= {(RETRY, "PushServiceUnreachable"), (RETRY, "PushServiceBusy")}
    assert again == {(RETRY, "PushServiceUnreachable"): 20}
    assert len(lines) <= 32
