"""The contract of `Deliver`: what goes out, what comes back, and what is refused."""

import asyncio
import json
import logging
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from smith.delivery.v1.delivery_pb2 import Push, PushType
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest

from delivery_service.apns import connection
from delivery_service.apns.connection import MAX_IN_FLIGHT
from service_kit.client import open_channel
from tests.delivery.conftest import Start
from tests.delivery.harness import (
    ACCEPTED,
    LIVE_ACTIVITY,
    MISCONFIGURED,
    REJECTED,
    RETRY,
    SANDBOX,
    TOKEN_DEAD,
    TOPIC,
    Apns,
    Service,
    push,
    random_token,
    tally,
    target,
)
from tests.waiting import LONG

YEAR_9999 = 253_402_300_799


async def test_the_payload_goes_out_byte_for_byte(apns: Apns, service: Service) -> None:
    payload = '{ "aps" : {"alert":"Grüße 🚀 \\u00e9"},\n "n": 12345678901234567890.10 }'
    one = target()
    (outcome,) = await service.deliver(push(one, payload=payload.encode()))
    assert outcome.kind == ACCEPTED
    (request,) = await apns.requests(one.token)
    assert request["body"] == payload


async def test_an_alert_carries_the_headers_that_apple_documents(apns: Apns, service: Service) -> None:
    one = target()
    await service.deliver(push(one, collapse_id="deploy-1", expires_at=1_900_000_000, priority=5))
    (request,) = await apns.requests(one.token)
    headers = request["headers"]
    assert headers[":method"] == "POST"
    assert headers[":path"] == f"/3/device/{one.token}"
    assert headers["apns-id"] == one.apns_id
    assert headers["apns-topic"] == TOPIC
    assert headers["apns-push-type"] == "alert"
    assert headers["apns-priority"] == "5"
    assert headers["apns-expiration"] == "1900000000"
    assert headers["apns-collapse-id"] == "deploy-1"
    assert headers[":authority"].startswith("localhost")


async def test_without_an_expiry_apns_is_told_to_try_once(apns: Apns, service: Service) -> None:
    one = target()
    await service.deliver(push(one))
    (request,) = await apns.requests(one.token)
    assert request["headers"]["apns-expiration"] == "0"
    assert "apns-collapse-id" not in request["headers"]


async def test_a_live_activity_push_has_its_own_topic(apns: Apns, service: Service) -> None:
    one = target()
    (outcome,) = await service.deliver(push(one, push_type=LIVE_ACTIVITY))
    assert outcome.kind == ACCEPTED
    (request,) = await apns.requests(one.token)
    assert request["headers"]["apns-topic"] == f"{TOPIC}.push-type.liveactivity"
    assert request["headers"]["apns-push-type"] == "liveactivity"


async def test_the_configured_topic_stands_in_for_a_missing_bundle_id(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_TOPIC=TOPIC) as service:
        assert tally(await service.deliver(push(target(bundle_id="")))) == {(ACCEPTED, ""): 1}


async def test_each_environment_has_its_own_connections(apns: Apns, service: Service) -> None:
    outcomes = await service.deliver(push(target(), target(environment=SANDBOX)))
    assert tally(outcomes) == {(ACCEPTED, ""): 2}
    assert len({request["connection"] for request in await apns.requests()}) == 2


async def test_targets_are_numbered_through_all_pushes(apns: Apns, service: Service) -> None:
    dead = target()
    await apns.script(dead.token, {"status": 410, "reason": "Unregistered", "timestamp": 1_700_000_000_123})
    outcomes = await service.deliver(push(count=2), push(target(), dead), push(count=1))
    assert [outcome.kind for outcome in outcomes] == [ACCEPTED, ACCEPTED, ACCEPTED, TOKEN_DEAD, ACCEPTED]


@pytest.mark.parametrize("timestamp", [1_400_000_000_000, 1_900_000_000_123])
async def test_an_unregistered_token_says_since_when(apns: Apns, service: Service, timestamp: int) -> None:
    one = target()
    await apns.script(one.token, {"status": 410, "reason": "Unregistered", "timestamp": timestamp})
    (outcome,) = await service.deliver(push(one))
    assert (outcome.kind, outcome.reason) == (TOKEN_DEAD, "Unregistered")
    assert outcome.dead_since.ToMilliseconds() == timestamp


async def test_too_many_requests_slow_only_their_token(apns: Apns, service: Service) -> None:
    busy = target()
    await apns.script(busy.token, {"status": 429, "reason": "TooManyRequests"})
    first, *others = await service.deliver(push(busy, count=30))
    assert (first.kind, first.reason, first.retry_after_ms) == (RETRY, "TooManyRequests", 30_000)
    assert tally(others) == {(ACCEPTED, ""): 30}


BAD_TARGETS = {
    "MalformedToken": [
        target(token="zz" * 32),
        target(token="abc" * 11),
        target(token="ab" * 7),
        target(token="ab" * 201),
        target(token="ab" * 31 + "/x"),
        target(token="ab" * 31 + "a\n"),
        target(token="²³" * 16),
    ],
    "BadMessageId": [target(apns_id=""), target(apns_id="1"), target(apns_id="A" * 8 + "-1111-4111-8111-111111111111")],
    "UnknownEnvironment": [target(environment=0), target(environment=7)],
    "MissingBundleId": [target(bundle_id="")],
    "MalformedBundleId": [target(bundle_id="a b"), target(bundle_id="x\r\ny"), target(bundle_id="a" * 156)],
}


@pytest.mark.parametrize("reason", BAD_TARGETS)
async def test_a_malformed_target_is_refused_alone(apns: Apns, service: Service, reason: str) -> None:
    bad = BAD_TARGETS[reason]
    outcomes = await service.deliver(push(*bad, count=2))
    assert tally(outcomes) == {(REJECTED, reason): len(bad), (ACCEPTED, ""): 2}
    assert len(await apns.requests()) == 2


BAD_PUSHES = {
    "PayloadEmpty": push(count=1, payload=b""),
    "PayloadTooLarge": push(count=1, payload=b"x" * 4097),
    "BadCollapseId": push(count=1, collapse_id="é" * 33),
    "BadPriority": push(count=1, priority=7),
    "UnknownPushType": push(count=1, push_type=PushType.PUSH_TYPE_UNSPECIFIED),
    "BadExpirationDate": push(count=1, expires_at=-5),
}


@pytest.mark.parametrize("reason", BAD_PUSHES)
async def test_a_malformed_push_is_refused_and_the_others_go_out(apns: Apns, service: Service, reason: str) -> None:
    bad, good = await service.deliver(BAD_PUSHES[reason], push(count=1))
    assert (bad.kind, bad.reason) == (REJECTED, reason)
    assert good.kind == ACCEPTED


@pytest.mark.parametrize(
    "extreme",
    [
        push(count=1, payload=b'{"aps":{}}'),
        push(count=1, payload=b'{"x":"' + b"y" * 4088 + b'"}'),
        push(count=1, collapse_id="é" * 32),
        push(target(token="AB" * 8)),
        push(target(token="ab" * 128)),
        push(count=1, priority=1),
        push(count=1, expires_at=YEAR_9999),
    ],
)
async def test_what_stands_at_the_limit_is_accepted(apns: Apns, service: Service, extreme: Push) -> None:
    assert tally(await service.deliver(extreme)) == {(ACCEPTED, ""): 1}


@pytest.mark.parametrize("pushes", [[], [push()], [push(count=1), push(count=1000)]])
async def test_no_targets_or_more_than_a_thousand_are_refused_whole(
    apns: Apns, service: Service, pushes: list[Push]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await service.deliver(*pushes)
    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "1 to 1000 targets" in (refusal.value.details() or "")
    assert await apns.requests() == []


async def test_more_than_the_service_is_willing_to_hold_is_refused_at_once(apns: Apns, start: Start) -> None:
    patient = {"SMITH_APNS_CONNECTIONS": "1", "SMITH_APNS_ANSWER_TIMEOUT": "60"}
    async with start(SMITH_APNS_MAX_IN_FLIGHT="10", **patient) as service:
        await service.deliver(push(count=1))
        await apns.hold()
        holding = asyncio.create_task(service.deliver(push(count=4), deadline=60))
        await apns.until_streams_open(4)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await service.deliver(push(count=7))
        assert refusal.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        await apns.settings(latency_seconds=0)
        assert tally(await service.deliver(push(count=6))) == {(ACCEPTED, ""): 6}
        await apns.release()
        assert tally(await holding) == {(ACCEPTED, ""): 4}
        assert tally(await service.deliver(push(count=10))) == {(ACCEPTED, ""): 10}
    assert (await apns.stats())["accepted"] == 1 + 20


async def test_the_fastest_outcome_does_not_wait_for_the_slowest(apns: Apns, start: Start) -> None:
    slow = target()
    async with start(SMITH_APNS_ANSWER_TIMEOUT="60") as service:
        await service.deliver(push(count=1))
        await apns.script(slow.token, {"delay_seconds": 60})
        call = service.stub.Deliver(DeliverRequest(pushes=[push(slow, count=1)]), timeout=LONG)
        first = await call.read()
        assert [outcome.index for outcome in first.outcomes] == [1]
        await apns.connections("answer")
        assert [outcome.index for outcome in (await call.read()).outcomes] == [0]
        assert await call.read() is grpc.aio.EOF


async def test_many_outcomes_share_a_message(apns: Apns, service: Service) -> None:
    await service.deliver(push(count=1))
    sizes = [len(group.outcomes) async for group in service.stub.Deliver(DeliverRequest(pushes=[push(count=1000)]))]
    assert sum(sizes) == 1000
    assert len(sizes) < 500


async def test_a_small_push_is_not_stuck_behind_a_large_fan_out(
    apns: Apns, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long a busy machine takes, what is held counts as in flight.
    monkeypatch.setattr(connection, "SLOW_SECONDS", LONG)
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        await apns.hold()
        large = asyncio.create_task(service.deliver(push(count=1000)))
        await apns.until_streams_open(MAX_IN_FLIGHT)
        small = asyncio.create_task(service.deliver(push(count=1)))
        await apns.settings(latency_seconds=0.1)
        await apns.connections("answer")
        assert tally(await small) == {(ACCEPTED, ""): 1}
        assert not large.done()
        assert tally(await large) == {(ACCEPTED, ""): 1000}


@pytest.mark.parametrize("missing", ["SMITH_APNS_KEY_FILE", "SMITH_APNS_KEY_ID", "SMITH_APNS_TEAM_ID"])
async def test_without_a_key_every_push_is_a_misconfiguration(
    apns: Apns, start: Start, missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with start(**{missing: ""}) as service:
        outcomes = await service.deliver(push(count=3))
    assert tally(outcomes) == {(MISCONFIGURED, "ProviderKeyMissing"): 3}
    warnings = [record for record in caplog.records if "no pushes can be sent" in record.message]
    assert len(warnings) == 1


@pytest.mark.parametrize("content", [None, b"not a key", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END"])
async def test_a_key_that_cannot_be_read_is_a_misconfiguration(
    apns: Apns, start: Start, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "AuthKey.p8"
    if content is not None:
        file.write_bytes(content)
    async with start(SMITH_APNS_KEY_FILE=str(file)) as service:
        assert tally(await service.deliver(push(count=1))) == {(MISCONFIGURED, "ProviderKeyUnreadable"): 1}


async def test_a_problem_is_logged_once_and_without_secrets(
    apns: Apns, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="delivery_service")
    token = random_token()
    await apns.script("*", {"status": 403, "reason": "InvalidProviderToken"})
    await service.deliver(push(target(token), count=50))
    records = [record for record in caplog.records if record.name.startswith("delivery_service")]
    ours = [record.getMessage() for record in records]
    # At debug level each push has a line of its own.
    warnings = [record for record in records if record.levelno > logging.INFO]
    assert len([record for record in warnings if "InvalidProviderToken" in record.getMessage()]) == 1
    assert not [line for line in ours if token in line or "bearer" in line.lower()]


async def test_the_service_is_healthy_and_tells_its_methods(service: Service) -> None:
    async with open_channel(service.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", "smith.delivery.v1.DeliveryService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name), timeout=LONG)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_the_body_is_json_as_core_wrote_it(apns: Apns, service: Service) -> None:
    one = target()
    await service.deliver(push(one))
    (request,) = await apns.requests(one.token)
    assert json.loads(request["body"])["aps"]["alert"]["title"] == "Deployed"
