"""Webhooks are called as documented, once an attempt, and cost no more than they may."""

import asyncio
import base64
import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from smith.delivery.v1.webhook_pb2 import HttpMethod, WebhookCall, WebhookResult, WebhookResultKind
from smith.delivery.v1.webhook_service_pb2 import CallWebhookRequest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.delivery.conftest import Start
from tests.delivery.harness import Apns, Service, delivery_service, refusing_port, settings_from
from tests.delivery.receivers import Respond, bombs, drips, never_ends, receiver, says, says_nothing
from tests.waiting import LONG

SUCCEEDED = WebhookResultKind.WEBHOOK_RESULT_KIND_SUCCEEDED
RETRY = WebhookResultKind.WEBHOOK_RESULT_KIND_RETRY
FAILED = WebhookResultKind.WEBHOOK_RESULT_KIND_FAILED
POST, GET = HttpMethod.HTTP_METHOD_POST, HttpMethod.HTTP_METHOD_GET
BODY = b'{"build_id": 9007199254740993, "ratio": 0.10, "name": "\\u00e9"}'
KEYS = [b"n" * 32, b"o" * 32]
PATIENCE = "50"
"""Seconds that a receiver has if it is not to be late, however busy the machine is."""


@pytest.fixture
def folder(apns: Apns) -> Path:
    """Where the certificates lie."""
    return apns.process.folder


def allowing(folder: Path, seconds: str) -> dict[str, str]:
    """Settings of one that may call receivers on this machine, which have so many seconds."""
    return {
        "SMITH_WEBHOOK_ALLOW": "localhost",
        "SMITH_WEBHOOK_CA_FILE": str(folder / "ca.pem"),
        "SMITH_WEBHOOK_TIMEOUT": seconds,
    }


@pytest.fixture
async def hooks(start: Start, folder: Path) -> AsyncIterator[Service]:
    """A delivery service that may call receivers on this machine."""
    async with start(**allowing(folder, PATIENCE)) as service:
        yield service


async def call(service: Service, url: str, **fields: Any) -> WebhookResult:
    """The result of one attempt, a signed POST unless told otherwise."""
    good: dict[str, Any] = {"method": POST, "body": BODY, "idempotency_key": str(uuid.uuid4()), "signing_keys": KEYS}
    attempt = WebhookCall(url=url, **(good | fields))
    return (await service.webhooks.CallWebhook(CallWebhookRequest(call=attempt), timeout=LONG)).result


def sink(apns: Apns, name: str) -> str:
    return f"https://localhost:{apns.process.webhook_port}/webhooks/{name}"


async def calls(apns: Apns, name: str) -> list[dict[str, Any]]:
    return list((await apns._call("GET", f"/webhooks/{name}"))["calls"])


async def test_a_call_carries_the_body_byte_for_byte_and_says_whose_it_is(hooks: Service, apns: Apns) -> None:
    key = str(uuid.uuid4())
    result = await call(hooks, sink(apns, "post"), idempotency_key=key)
    assert (result.kind, result.status, result.response_body) == (SUCCEEDED, 200, b'{"received":true}')
    [one] = await calls(apns, "post")
    assert (one["method"], one["body"]) == ("POST", BODY.decode())
    headers = one["headers"]
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("ActivitySmith-Server/")
    assert headers["idempotency-key"] == headers["webhook-id"] == key
    assert headers["x-smith-timestamp"] == headers["webhook-timestamp"]
    assert headers["x-smith-signature"] == headers["webhook-signature"]


async def test_libraries_of_standard_webhooks_verify_it_with_either_key(hooks: Service, apns: Apns) -> None:
    await call(hooks, sink(apns, "signed"))
    [one] = await calls(apns, "signed")
    for key in KEYS:
        Webhook(base64.b64encode(key).decode()).verify(one["body"], one["headers"])
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(KEYS[0]).decode()).verify(one["body"] + " ", one["headers"])
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(b"x" * 32).decode()).verify(one["body"], one["headers"])


async def test_a_get_has_no_body(hooks: Service, apns: Apns) -> None:
    assert (await call(hooks, sink(apns, "get") + "?from=phone", method=GET)).kind == SUCCEEDED
    [one] = await calls(apns, "get")
    assert (one["method"], one["query"], one["body"]) == ("GET", "from=phone", "")
    assert "content-length" not in one["headers"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, SUCCEEDED) for status in (200, 204, 299)),
        *((status, FAILED) for status in (304, 400, 401, 404, 410)),
        *((status, RETRY) for status in (429, 500, 502, 503, 599)),
    ],
)
async def test_the_status_decides(hooks: Service, apns: Apns, status: int, kind: int) -> None:
    name = f"status-{status}"
    await apns._call("POST", f"/webhooks/{name}/answers", json={"answers": [{"status": status}]})
    result = await call(hooks, sink(apns, name))
    assert (result.kind, result.status) == (kind, status)
    assert result.reason == ("" if kind == SUCCEEDED else "HttpStatus")


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ("7", 7000, 7000),
        ("999999999999", 3_600_000, 3_600_000),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("date", 1_740_000, 1_801_000),
    ],
)
async def test_retry_after_is_heard(hooks: Service, apns: Apns, given: str, least: int, most: int) -> None:
    value = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)) if given == "date" else given
    name = f"after-{given.strip('-')}"
    answer = {"status": 503, "headers": {"Retry-After": value}}
    await apns._call("POST", f"/webhooks/{name}/answers", json={"answers": [answer]})
    assert least <= (await call(hooks, sink(apns, name))).retry_after_ms <= most


@pytest.mark.parametrize(
    ("respond", "kind", "reason"),
    [
        (never_ends, SUCCEEDED, ""),
        (drips, RETRY, "Timeout"),
        (says_nothing, RETRY, "Timeout"),
        (bombs, RETRY, "AnswerBroken"),
        (says(b""), RETRY, "AnswerBroken"),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), RETRY, "AnswerBroken"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), RETRY, "AnswerBroken"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), RETRY, "AnswerBroken"),
        (says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), RETRY, "AnswerBroken"),
    ],
)
async def test_a_hostile_receiver_gets_no_more_than_its_time_and_64_kb(
    start: Start, folder: Path, respond: Respond, kind: int, reason: str
) -> None:
    seconds = "1" if reason == "Timeout" else PATIENCE
    async with start(**allowing(folder, seconds)) as hooks, receiver(folder, respond) as hostile:
        result = await call(hooks, hostile.url())
    assert (result.kind, result.reason) == (kind, reason)
    assert len(result.response_body) <= 65536
    assert result.response_truncated is (respond is never_ends)
    assert result.latency_ms < float(PATIENCE) * 1000


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1:{port}/", "https://localhost/", "http://localhost:{port}/", "//x/"]
)
async def test_a_redirect_to_elsewhere_is_not_followed(hooks: Service, folder: Path, location: str) -> None:
    async def redirect(head: bytes, writer: asyncio.StreamWriter) -> None:
        target = location.format(port=elsewhere.port)
        writer.write(f"HTTP/1.1 307 Temporary\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

    async with receiver(folder, redirect) as elsewhere:
        result = await call(hooks, elsewhere.url())
        assert len(elsewhere.heads) == 1
    assert (result.kind, result.reason) == (FAILED, "RedirectRefused")


@pytest.mark.parametrize(
    ("method", "status", "followed"), [(POST, 307, True), (POST, 308, True), (POST, 302, False), (GET, 302, True)]
)
async def test_a_redirect_within_the_host_is_followed_if_the_call_stays_the_same(
    hooks: Service, folder: Path, method: Any, status: int, followed: bool
) -> None:
    async def redirect(head: bytes, writer: asyncio.StreamWriter) -> None:
        if head.partition(b" ")[2].startswith(b"/new"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            writer.write(f"HTTP/1.1 {status} Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n".encode())

    async with receiver(folder, redirect) as moved:
        result = await call(hooks, moved.url("/old"), method=method)
    assert result.kind == (SUCCEEDED if followed else FAILED)


async def test_redirects_in_a_circle_end(hooks: Service, folder: Path) -> None:
    circle = says(b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
    async with receiver(folder, circle) as dizzy:
        result = await call(hooks, dizzy.url())
        assert len(dizzy.heads) == 4
    assert (result.kind, result.reason) == (FAILED, "RedirectRefused")


async def test_a_certificate_of_another_host_is_refused(hooks: Service, apns: Apns, monkeypatch: Any) -> None:
    environment = apns.process.environment(
        SMITH_WEBHOOK_ALLOW="example.com", SMITH_WEBHOOK_CA_FILE=str(apns.process.folder / "ca.pem")
    )
    async with delivery_service(settings_from(environment, monkeypatch), lambda host, port: ["127.0.0.1"]) as service:
        result = await call(service, f"https://example.com:{apns.process.webhook_port}/webhooks/other-host")
    assert (result.kind, result.reason) == (RETRY, "TlsFailed")


async def test_a_name_that_changes_its_address_is_called_where_it_was_checked(apns: Apns, monkeypatch: Any) -> None:
    """DNS rebinding: public when asked first, this machine when asked again."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    environment = apns.process.environment(SMITH_WEBHOOK_ALLOW="192.0.2.0/24", SMITH_WEBHOOK_TIMEOUT="3")
    async with delivery_service(settings_from(environment, monkeypatch), rebinding) as service:
        result = await call(service, f"https://rebind.example:{apns.process.webhook_port}/webhooks/rebound")
        assert result.reason in ("Timeout", "ConnectFailed")
        assert asked == ["rebind.example"]
        # What is refused at once has all the time that a busy machine takes for it.
        service.delivery._webhooks._caller._timeout = LONG
        assert (await call(service, "https://rebind.example/")).reason == "AddressRefused"
    assert await calls(apns, "rebound") == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse(apns: Apns, monkeypatch: Any) -> None:
    settings = settings_from(apns.process.environment(), monkeypatch)
    async with delivery_service(settings, lambda host, port: ["1.1.1.1", "10.0.0.1"]) as service:
        assert (await call(service, "https://mixed.example/")).reason == "AddressRefused"


async def test_a_host_that_does_not_answer_is_tried_again(hooks: Service) -> None:
    with refusing_port() as port:
        result = await call(hooks, f"https://localhost:{port}/")
    assert (result.kind, result.reason) == (RETRY, "ConnectFailed")


async def test_beyond_its_bound_a_call_is_refused_and_not_made(start: Start, folder: Path) -> None:
    called, may_answer = asyncio.Event(), asyncio.Event()

    async def waits(head: bytes, writer: asyncio.StreamWriter) -> None:
        called.set()
        await may_answer.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with (
        start(SMITH_WEBHOOK_MAX_IN_PROGRESS="1", **allowing(folder, PATIENCE)) as service,
        receiver(folder, waits) as slow,
    ):
        first = asyncio.create_task(call(service, slow.url()))
        await called.wait()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(service, slow.url())
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        may_answer.set()
        assert (await first).kind == SUCCEEDED
        assert len(slow.heads) == 1


async def test_neither_query_nor_body_nor_key_is_logged(hooks: Service, apns: Apns, caplog: Any) -> None:
    with caplog.at_level("DEBUG"):
        await call(hooks, sink(apns, "quiet") + "?token=top-secret", body=json.dumps({"password": "hunter2"}).encode())
    assert "top-secret" not in caplog.text
    assert "hunter2" not in caplog.text
    assert "nnnnnnnn" not in caplog.text
