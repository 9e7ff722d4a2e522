"""Broadcast channels and what is sent to them: the requests as Apple documents them, and what each answer becomes."""

import asyncio
import base64
import json
import uuid
from typing import Any

import grpc
import pytest
from smith.delivery.v1.delivery_pb2 import Environment, Outcome, PushType
from smith.delivery.v1.delivery_service_pb2 import CreateBroadcastChannelRequest, DeleteBroadcastChannelRequest
from smith.delivery.v1.reason_pb2 import Reason

from delivery_service.settings import channels_address
from tests.delivery.conftest import Start
from tests.delivery.harness import (
    ACCEPTED,
    MISCONFIGURED,
    REJECTED,
    RETRY,
    SANDBOX,
    TOKEN_DEAD,
    TOPIC,
    Apns,
    Service,
    push,
    target,
)
from tests.waiting import LONG, eventually_async

BROADCAST = PushType.PUSH_TYPE_BROADCAST


async def create(service: Service, *, seconds: float = 20, **fields: Any) -> Any:
    """The answer to the making of a channel, for which the asker waits so long."""
    good = {"environment": SANDBOX, "bundle_id": TOPIC, "request_id": str(uuid.uuid4())}
    return await service.stub.CreateBroadcastChannel(CreateBroadcastChannelRequest(**good | fields), timeout=seconds)


async def delete(service: Service, channel_id: str) -> Outcome:
    """What becomes of the end of a channel."""
    request = DeleteBroadcastChannelRequest(
        environment=SANDBOX, bundle_id=TOPIC, channel_id=channel_id, request_id=str(uuid.uuid4())
    )
    outcome: Outcome = (await service.stub.DeleteBroadcastChannel(request, timeout=20)).outcome
    return outcome


async def broadcast(service: Service, channel_id: str, **fields: Any) -> Outcome:
    """What becomes of a broadcast."""
    to = target(channel_id, environment=SANDBOX, bundle_id=TOPIC)
    [outcome] = await service.deliver(push(to, **{"push_type": BROADCAST, **fields}))
    return outcome


async def test_a_channel_is_made_used_and_deleted_as_apple_documents(apns: Apns, service: Service) -> None:
    made = await create(service)
    assert made.outcome.kind == ACCEPTED
    assert made.channel_id
    sent = await broadcast(service, made.channel_id, expires_at=1_900_000_000, priority=5)
    assert (sent.kind, sent.status) == (ACCEPTED, 200)
    assert (await delete(service, made.channel_id)).kind == ACCEPTED
    ended, sending, making = await apns.requests()
    assert making["headers"][":path"] == f"/1/apps/{TOPIC}/channels"
    assert making["headers"][":method"] == "POST"
    assert json.loads(making["body"]) == {"message-storage-policy": 1, "push-type": "LiveActivity"}
    assert sending["headers"][":path"] == f"/4/broadcasts/apps/{TOPIC}"
    named = {
        name: sending["headers"][name]
        for name in ("apns-channel-id", "apns-push-type", "apns-priority", "apns-expiration")
    }
    assert named == {
        "apns-channel-id": made.channel_id,
        "apns-push-type": "liveactivity",
        "apns-priority": "5",
        "apns-expiration": "1900000000",
    }
    assert uuid.UUID(sending["headers"]["apns-request-id"])
    assert not {"apns-topic", "apns-id", "apns-collapse-id"} & sending["headers"].keys()
    assert (ended["headers"][":method"], ended["headers"][":path"]) == ("DELETE", f"/1/apps/{TOPIC}/channels")
    assert ended["headers"]["apns-channel-id"] == made.channel_id


async def test_a_broadcast_may_have_5120_bytes(service: Service) -> None:
    channel_id = (await create(service)).channel_id
    fits = b'{"aps":"' + b"x" * 5110 + b'"}'
    assert len(fits) == 5120
    assert (await broadcast(service, channel_id, payload=fits)).kind == ACCEPTED
    too_large = await broadcast(service, channel_id, payload=fits.replace(b"x", b"xx", 1))
    assert (too_large.kind, too_large.reason, too_large.status) == (REJECTED, "PayloadTooLarge", 0)


async def test_a_channel_that_apple_does_not_know_is_dead(service: Service) -> None:
    unknown = base64.b64encode(b"made by no server").decode()
    for outcome in (await broadcast(service, unknown), await delete(service, unknown)):
        assert (outcome.kind, outcome.reason) == (TOKEN_DEAD, "ChannelNotRegistered")


async def test_what_cannot_be_a_channel_is_not_sent(apns: Apns, service: Service) -> None:
    for outcome in (await broadcast(service, "no channel"), await delete(service, "no channel")):
        assert (outcome.kind, outcome.reason, outcome.status) == (REJECTED, "MalformedChannelId", 0)
    assert await apns.requests() == []


@pytest.mark.parametrize(
    ("settings", "kind", "reason"),
    [
        ({"broadcast_enabled": False}, REJECTED, "FeatureNotEnabled"),
        ({"max_channels": 0}, REJECTED, "CannotCreateChannelConfig"),
        ({"revoke_key": True}, MISCONFIGURED, "InvalidProviderToken"),
        ({"refuse_connections": True}, RETRY, "ConnectFailed"),
    ],
)
async def test_a_channel_that_is_not_made_has_a_reason(
    apns: Apns, service: Service, settings: dict[str, Any], kind: int, reason: str
) -> None:
    await apns.settings(**settings)
    made = await create(service)
    assert (made.outcome.kind, made.outcome.reason, made.channel_id) == (kind, reason, "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"request_id": "1"}, "BadMessageId"),
        ({"bundle_id": "not an app"}, "MalformedBundleId"),
        ({"bundle_id": "com.example.other"}, "TopicDisallowed"),
    ],
)
async def test_a_wrong_request_for_a_channel_is_told_why(service: Service, fields: dict[str, str], reason: str) -> None:
    assert (await create(service, **fields)).outcome.reason == reason


async def test_a_request_without_an_environment_is_refused(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await create(service, environment=Environment.ENVIRONMENT_WEB)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_channel_whose_asker_is_gone_is_deleted_again(
    apns: Apns, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()
    making = service.delivery.apns.channels.create

    async def noticed(*asked: Any) -> Any:
        try:
            return await making(*asked)
        finally:
            gone.set()

    monkeypatch.setattr(service.delivery.apns.channels, "create", noticed)
    # Held until the service knows that the asker is gone: who has had the answer cannot leave before it.
    await apns.script("channels", {"delay_seconds": 600}, {})
    asking = asyncio.create_task(create(service, seconds=LONG))

    async def made() -> bool:
        return (await apns.stats())["channels_created"] == 1

    await eventually_async("Apple has made it", made)
    asking.cancel()
    async with asyncio.timeout(LONG):
        await gone.wait()
    await apns.connections("answer")

    async def deleted() -> bool:
        return (await apns.stats())["channels_deleted"] == 1

    await eventually_async("it is deleted", deleted)


async def test_every_reason_of_apples_about_channels_is_explained(apns: Apns, start: Start) -> None:
    said = (
        *("FeatureNotEnabled", "MissingChannelId", "BadChannelId", "ChannelNotRegistered", "BadRequestParams"),
        *("BadRequestPayload", "PayloadEmpty", "BadMessageId", "MissingPushType", "InvalidPushType", "TopicMismatch"),
        *("CannotCreateChannelConfig", "BadExpirationDate", "TopicDisallowed", "BadPriority", "TooManyRequests"),
        "MissingChannelQueueSize",
    )
    async with start() as service:
        channel_id = (await create(service)).channel_id
        for word in said:
            await apns.script("broadcasts", {"status": 400, "reason": word})
            outcome = await broadcast(service, channel_id)
            assert (outcome.reason, outcome.code == Reason.REASON_HTTP_4XX) == (word, False)


@pytest.mark.parametrize(
    ("address", "channels", "expected"),
    [
        ("api.push.apple.com:443", "", "api-manage-broadcast.push.apple.com:2196"),
        ("api.push.apple.com:2197", "", "api-manage-broadcast.push.apple.com:2196"),
        ("api.sandbox.push.apple.com:443", "", "api-manage-broadcast.sandbox.push.apple.com:2195"),
        ("localhost:8443", "", "localhost:8443"),
        ("api.push.apple.com:443", "relay.example.com:1", "relay.example.com:1"),
    ],
)
def test_where_channels_are_managed(address: str, channels: str, expected: str) -> None:
    assert channels_address(address, channels) == expected
