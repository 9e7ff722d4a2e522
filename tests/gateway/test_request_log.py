"""What the gateway tells core of the requests it has answered, and that no request pays for it."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationResponse
from smith.internal.v1.request_intake_service_pb2 import RecordRequestsRequest, RecordRequestsResponse

from gateway.request_log import log as module
from gateway.request_log.cleaning import Cleaner
from gateway.routes import routes
from service_kit.errors import Unavailable
from tests.gateway.conftest import RunningGateway, running_gateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.waiting import LONG, eventually_async

SECRET = "ask_" + "k" * 43
KEY = {"Authorization": f"Bearer {SECRET}"}
CLEANER = Cleaner(routes())
PUSH = "/api/push-notification"


@pytest.fixture
async def core(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CoreStandIn]:
    """A stand-in of the test's own: batches of other gateways would be among its batches. What was noted is handed over
    at a gateway's end, however slow the machine, unless a test is `eager`."""
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 3600.0)
    monkeypatch.setattr(module, "DRAIN_SECONDS", LONG)
    # A batch that this process is too slow to answer would come once more.
    monkeypatch.setattr(module, "CALL_SECONDS", LONG)
    # What is counted by the minute would else be told in two parts if one ends meanwhile.
    minute = module.minute_now()
    monkeypatch.setattr(module, "minute_now", lambda: minute)
    stand_in = CoreStandIn()
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def eager(core: CoreStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was noted is handed over soon."""
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.05)


@asynccontextmanager
async def gateway_of(core: CoreStandIn, **settings: Any) -> AsyncIterator[RunningGateway]:
    """A gateway, which has handed over all it knows when the block has ended."""
    async with running_gateway(f"127.0.0.1:{core.port}", **settings) as running:
        yield running


def statuses(core: CoreStandIn) -> list[int]:
    return [status for batch in core.batches for status in batch.status]


def a_row(core: CoreStandIn) -> tuple[RecordRequestsRequest, Any]:
    """The only batch with its only request, and the request's remarks."""
    [batch] = core.batches
    assert len(batch.status) == 1
    return batch, batch.remarks[0] if batch.remarks else None


async def test_a_request_is_told_with_its_caller_by_hash_and_what_it_made(core: CoreStandIn, eager: None) -> None:
    core.answers("SendPushNotification", SendPushNotificationResponse(success=True, notification_id="n-1"))
    async with gateway_of(core) as gateway:
        reply = await gateway.request("POST", PUSH, {"title": "hello"}, KEY)
        await eventually_async("it is handed over by itself", lambda: _soon(core.batches))
    batch, remarks = a_row(core)
    assert (list(batch.routes), list(batch.addresses)) == ([f"POST {PUSH}"], ["127.0.0.1"])
    assert list(batch.callers) == [hashlib.sha256(SECRET.encode()).digest()]
    assert (batch.ids.hex(), list(batch.status), list(batch.subject)) == (reply.headers["x-request-id"], [200], ["n-1"])
    assert remarks is None
    assert SECRET.encode() not in batch.SerializeToString()


async def _soon(found: Any) -> Any:
    return found


async def test_health_checks_and_pages_are_not_told_and_a_path_that_is_not_there_is(core: CoreStandIn) -> None:
    async with gateway_of(core) as gateway:
        for path in ("/healthz", "/readyz", "/api/openapi.json", "/phone/"):
            assert (await gateway.request("GET", path, headers=KEY)).status == 200
        assert (await gateway.request("GET", "/api/nothing/At-All", headers=KEY)).status == 404
    batch, remarks = a_row(core)
    assert (list(batch.routes), list(batch.status), remarks.path) == (["GET "], [404], "/api/nothing/*")


async def test_switched_off_it_tells_nothing(core: CoreStandIn) -> None:
    async with gateway_of(core, request_log=False) as gateway:
        assert (await gateway.request("POST", PUSH, {"title": 5}, KEY)).status == 400
        assert (await gateway.request("GET", "/api/channels")).status == 200
    assert not core.batches


@pytest.mark.parametrize(
    ("bodies", "kept"), [("none", [False, False]), ("refused", [False, True]), ("all", [True] * 2)]
)
async def test_bodies_are_kept_as_the_operator_has_chosen(core: CoreStandIn, bodies: str, kept: list[bool]) -> None:
    async with gateway_of(core, request_log_bodies=bodies) as gateway:
        assert (await gateway.request("POST", PUSH, {"title": "good"}, KEY)).status == 200
        assert (await gateway.request("POST", PUSH, {"title": 5}, KEY)).status == 400
    [batch] = core.batches
    bodies_by_row = {one.row: one.body for one in batch.remarks if one.HasField("body")}
    assert [row in bodies_by_row for row in range(2)] == kept
    if kept[1]:
        assert bodies_by_row[1] == '{"title": 5}'


async def test_a_core_that_hangs_slows_no_request_and_what_had_no_room_is_counted_by_caller(
    core: CoreStandIn, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 20)
    monkeypatch.setattr(module, "CALL_SECONDS", 0.2)
    release = core.never_answers("RecordRequests")
    async with gateway_of(core) as gateway:
        async with await gateway.connect() as connection:
            head = f"POST {PUSH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: 13\r\n\r\n"
            for _ in range(100):
                await connection.send(head.encode() + b'{"title":"x"}')
                assert (await connection.reply()).status == 200
        await eventually_async("a batch is on its way", lambda: _soon(core.batches))
        missing = gateway.metric("smith_gateway_request_log_missing_total")
        # What fits is the list, and a batch that was taken out of it.
        assert 60 <= missing <= 80
        assert gateway.metric("smith_gateway_request_log_waiting") == 100 - missing
        del core.behaviours["RecordRequests"]
        release.set()
        await eventually_async(
            "all the rest is told", lambda: _soon(gateway.metric("smith_gateway_request_log_waiting") == 0)
        )
    taken = {batch.batch_id: batch for batch in core.batches}.values()
    assert sum(len(batch.status) for batch in taken) == 100 - missing
    told = [(batch.callers[one.caller], one.requests) for batch in taken for one in batch.missing]
    assert {caller for caller, _ in told} == {hashlib.sha256(SECRET.encode()).digest()}
    assert sum(requests for _, requests in told) == missing


async def test_a_batch_whose_answer_was_lost_comes_again_under_the_same_id(core: CoreStandIn, eager: None) -> None:
    async def lose_one(request: Any, context: Any) -> RecordRequestsResponse:
        del core.behaviours["RecordRequests"]
        raise Unavailable("lost")

    core.behaviours["RecordRequests"] = lose_one
    async with gateway_of(core) as gateway:
        await gateway.request("POST", PUSH, {"title": "hello"}, KEY)
        await eventually_async("it was tried twice", lambda: _soon(len(core.batches) == 2))
        assert gateway.metric("smith_gateway_request_log_missing_total") == 0
    first, second = core.batches
    assert first == second


async def test_a_batch_that_core_will_never_take_is_given_up_and_counted(core: CoreStandIn, eager: None) -> None:
    core.aborts("RecordRequests", grpc.StatusCode.INTERNAL, "it cannot be written")
    async with gateway_of(core) as gateway:
        await gateway.request("POST", PUSH, {"title": "hello"}, KEY)
        await eventually_async(
            "it is counted", lambda: _soon(gateway.metric("smith_gateway_request_log_missing_total") == 1)
        )
        del core.behaviours["RecordRequests"]
        await gateway.request("POST", PUSH, {"title": ""}, KEY)
    assert len(core.batches) == 2


async def test_made_up_keys_do_not_take_the_room_of_others(core: CoreStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNAUTHENTICATED", 5)
    core.aborts("ListChannels", grpc.StatusCode.UNAUTHENTICATED, "unknown")
    async with gateway_of(core) as gateway:
        for number in range(20):
            made_up = {"Authorization": f"Bearer ask_{number:043d}"}
            assert (await gateway.request("GET", "/api/channels", headers=made_up)).status == 401
        assert (await gateway.request("POST", PUSH, {"title": "hello"}, KEY)).status == 200
    assert sorted(statuses(core)) == [200, *[401] * 5]
    [strangers] = [one for batch in core.batches for one in batch.strangers]
    assert (strangers.address, strangers.status, strangers.requests) == ("127.0.0.1", 401, 15)


async def test_strangers_are_counted_and_not_told_one_by_one(core: CoreStandIn) -> None:
    core.aborts("ListChannels", grpc.StatusCode.UNAUTHENTICATED, "missing")
    async with gateway_of(core) as gateway:
        for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer nonsense"}):
            assert (await gateway.request("GET", "/api/channels", headers=headers)).status == 401
        assert (await gateway.request("GET", "/wp-login.php")).status == 404
    counted = {(one.status, one.requests) for batch in core.batches for one in batch.strangers}
    assert counted == {(401, 3), (404, 1)}
    assert statuses(core) == []


async def test_a_secret_in_an_odd_place_is_not_told(core: CoreStandIn) -> None:
    async with gateway_of(core) as gateway:
        for headers in (KEY, KEY | {"X-Request-Id": SECRET}):
            await gateway.request("GET", f"/api/push-notifications/{SECRET}", headers=headers)
            await gateway.request(
                "POST", f"{PUSH}?{SECRET}={SECRET}", {SECRET: SECRET, "a": {SECRET: [SECRET]}}, headers
            )
            await gateway.request("POST", PUSH, {"title": 5, SECRET: 1}, headers)
            await gateway.request("POST", PUSH, {"title": "good", SECRET: 1}, headers)
    assert len(statuses(core)) == 8
    assert SECRET.encode() not in b"".join(batch.SerializeToString() for batch in core.batches)


@pytest.mark.parametrize(
    ("route", "path", "query", "expected"),
    [
        ("/api/metrics/{key}/value", "/api/metrics/a b/value", b"", "/api/metrics/a%20b/value"),
        ("/api/channels/{channel_id}", "/api/channels/hunter2", b"", "/api/channels/*"),
        ("/api/channels", "/api/channels", b"hunter2=1&page_size=1", "/api/channels?[redacted]=[redacted]&page_size=1"),
        ("/api/channels", "/api/channels", b"page_size=5&code=ABCD1234", "/api/channels?page_size=5&code=[redacted]"),
        ("", "/api/pair/ABCD-1234", b"code=ABCD1234", "/api/pair/*"),
        ("", "/api/v1/push-notifications/01a2", b"", "/api/v1/push-notifications/*"),
        ("/api/metrics/{key}", f"/api/metrics/{SECRET}", b"", "/api/metrics/ask_[redacted]"),
        ("/api/metrics/{key}", "/api/metrics/092J-G191", b"", "/api/metrics/[redacted]"),
    ],
)
def test_a_path_is_told_without_what_may_be_a_secret(route: str, path: str, query: bytes, expected: str) -> None:
    assert CLEANER.path(route, path, query) == expected


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        (f"POST {PUSH}", '{"title": "a", "payload": {"apiKey": "x", "a": [1]}}',
         '{"title": "a", "payload": {"apiKey": "[redacted]", "a": [1]}}'),
        (f"POST {PUSH}", '{"title": "a", "pass', '{"title": "a", "pass'),
        (f"POST {PUSH}", '{"password": "hunter2", ', '{"password": "[redacted]", '),
        (f"POST {PUSH}", '{"redirection": "https://a.test/?sig=abc&b=1"}',
         '{"redirection": "https://a.test/?sig=[redacted]&b=1"}'),
        ("POST /api/sessions", '{"email": "a@b.test", "pasword": "hunter2", "password": "hunter2"}',
         '{"email": "a@b.test", "pasword": "[redacted]", "password": "[redacted]"}'),
        ("POST /api/sessions", '{"email": "a@b.test", "password": "hunter2"', None),
        (f"POST {PUSH}", "x" * 40_000, "[40000 bytes, which is too long to keep]"),
    ],
)  # fmt: skip
def test_a_body_is_told_without_secrets(operation: str, body: str, expected: str | None) -> None:
    assert CLEANER.body(operation, body.encode()) == expected


@given(st.binary(max_size=200))
def test_no_body_is_too_odd_to_be_told(body: bytes) -> None:
    for operation in (f"POST {PUSH}", "POST /api/sessions", "GET "):
        kept = CLEANER.body(operation, body)
        assert kept is None or "\x00" not in kept


SECRET_FIELDS = st.sampled_from(["password", "current_password", "new_password", "token", "pairing_code", "setup_code"])


@given(st.recursive(st.dictionaries(SECRET_FIELDS | st.text(max_size=5), st.just("hunter2"), min_size=1), st.lists))
def test_whatever_is_sent_with_a_password_no_value_of_it_is_told(value: Any) -> None:
    body = json.dumps({"email": "a@b.test", "more": value}).encode()
    for operation in ("POST /api/sessions", "POST /api/invite/accept", "POST /api/device/pair"):
        assert "hunter2" not in (CLEANER.body(operation, body) or "")


@pytest.mark.parametrize(
    "body", [b"[" * 30_000, b'{"a":' * 6_000, b'{"a": "\\ud800\\u0000"}', '{"a": "ü'.encode()[:-1]]
)
def test_a_body_that_is_made_to_hurt_is_told_in_part_or_not_at_all(body: bytes) -> None:
    kept = CLEANER.body(f"POST {PUSH}", body)
    assert kept is None or len(kept.encode()) <= 8 * 1024
