"""Internal services make the same calls over gRPC, with the same keys."""

from collections.abc import Iterator

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from smith.core.v1 import json_object_pb2
from smith.core.v1 import push_notification_pb2 as noun
from smith.core.v1 import push_notification_service_pb2 as pb
from smith.core.v1 import push_notification_service_pb2_grpc as pb_grpc

from tests.e2e.conftest import Audience
from tests.stack import Stack
from tests.waiting import LONG


@pytest.fixture
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    """A plain gRPC channel to core."""
    with grpc.insecure_channel(stack.core_address) as opened:
        yield opened


def credentials(audience: Audience) -> list[tuple[str, str]]:
    """The same header as over REST."""
    return [("authorization", audience.key.headers["Authorization"])]


def test_the_same_push_over_grpc_with_the_same_key(channel: grpc.Channel, audience: Audience) -> None:
    stub = pb_grpc.PushNotificationServiceStub(channel)
    answer = stub.SendPushNotification(
        pb.SendPushNotificationRequest(title="over gRPC", target=noun.ChannelTarget(channels=[audience.slug])),
        metadata=credentials(audience),
        timeout=LONG,
    )
    assert answer.success
    assert answer.devices_notified == 1
    assert list(answer.effective_channel_slugs) == [audience.slug]
    audience.phone.shows("over gRPC")


def test_an_error_carries_its_reason_and_facts(channel: grpc.Channel, audience: Audience) -> None:
    stub = pb_grpc.PushNotificationServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        stub.SendPushNotification(
            pb.SendPushNotificationRequest(title="x" * 5000), metadata=credentials(audience), timeout=LONG
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailing = dict(refused.value.trailing_metadata())
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("PAYLOAD_TOO_LARGE", "activitysmith")
    assert info.metadata["error"] == "Payload too large"
    assert info.metadata["part"] == '"title"'
    assert trailing["ratelimit-limit"]


INFINITE = json_object_pb2.JsonObject(json='{"a": [0.5, {"b": 1e999}]}')
KIND = noun.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK
BUTTON = noun.PushNotificationAction(title="t", type=KIND, url="https://example.com")
ENDLESS = noun.PushNotificationAction(title="t", type=KIND, url="https://example.com", body=INFINITE)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.SendPushNotificationRequest(), ["title"]),
        (pb.SendPushNotificationRequest(title="x", badge=-1), ["badge"]),
        (pb.SendPushNotificationRequest(title="x", payload=INFINITE), ["payload.a[1].b"]),
        (pb.SendPushNotificationRequest(title="x", actions=[ENDLESS]), ["actions[0].body.a[1].b"]),
        (pb.SendPushNotificationRequest(title="x", target=noun.ChannelTarget(channels=["?"])), ["target.channels[0]"]),
        (pb.SendPushNotificationRequest(title="x", target=noun.ChannelTarget()), ["target.channels"]),
        (pb.SendPushNotificationRequest(title="x", media="https://e.com/a", actions=[BUTTON]), ["media", "actions"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_error_of_a_field_names_it_for_programs(
    channel: grpc.Channel, audience: Audience, request_: pb.SendPushNotificationRequest, fields: list[str]
) -> None:
    """In `google.rpc.BadRequest`, as AIP-193 has it."""
    stub = pb_grpc.PushNotificationServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        stub.SendPushNotification(request_, metadata=credentials(audience), timeout=LONG)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailing = dict(refused.value.trailing_metadata())
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    bad_request = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(bad_request)
    assert [one.field for one in bad_request.field_violations] == fields
    assert {one.description for one in bad_request.field_violations} == {status.message}


def test_a_call_without_a_key_is_unauthenticated(channel: grpc.Channel) -> None:
    stub = pb_grpc.PushNotificationServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        stub.SendPushNotification(pb.SendPushNotificationRequest(title="x"), timeout=LONG)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("title", ["\x00", "x\x00y"])
def test_what_postgres_cannot_store_is_refused_over_grpc_too(
    channel: grpc.Channel, audience: Audience, title: str
) -> None:
    stub = pb_grpc.PushNotificationServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        stub.SendPushNotification(
            pb.SendPushNotificationRequest(title=title), metadata=credentials(audience), timeout=LONG
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_an_unknown_webhook_method_is_refused(channel: grpc.Channel, audience: Audience) -> None:
    request = pb.SendPushNotificationRequest(title="x")
    request.actions.add(title="t", type=noun.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK, url="https://e.com", method=7)
    with pytest.raises(grpc.RpcError) as refused:
        pb_grpc.PushNotificationServiceStub(channel).SendPushNotification(
            request, metadata=credentials(audience), timeout=LONG
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == "actions[0].method must be one of GET, POST"


@pytest.mark.parametrize("message", [b"\xff" * 20, b"\x0a\x02\xff\xfe"], ids=["no message", "no UTF-8"])
def test_bytes_that_are_no_message_are_an_invalid_request(channel: grpc.Channel, message: bytes) -> None:
    call = channel.unary_unary("/smith.core.v1.PushNotificationService/SendPushNotification")
    with pytest.raises(grpc.RpcError) as refused:
        call(message, timeout=LONG)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Traceback" not in refused.value.details()


def test_reflection_lists_every_service(channel: grpc.Channel) -> None:
    listed = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    names = ("Account", "ApiKey", "Channel", "Device", "Phone", "PushNotification")
    assert listed >= {f"smith.core.v1.{name}Service" for name in names} | {"grpc.health.v1.Health"}


def test_health_is_answered(channel: grpc.Channel) -> None:
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=LONG)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
