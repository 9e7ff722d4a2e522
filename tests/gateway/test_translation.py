"""HTTP to gRPC and back, over real sockets."""

import asyncio
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from smith.core.v1 import api_key_pb2, channel_service_pb2, push_notification_pb2, push_notification_service_pb2
from smith.core.v1 import api_key_service_pb2 as api_keys

from tests.gateway.conftest import RunningGateway
from tests.gateway.core_stand_in import CoreStandIn

ACTION_TYPE = push_notification_pb2.PushNotificationActionType


async def test_every_documented_field_reaches_core(gateway: RunningGateway, core: CoreStandIn) -> None:
    """The documented request, field by field."""
    body = {
        "title": "Build failed 🚨",
        "message": "",
        "subtitle": "main",
        "redirection": "https://ci.example.com/1",
        "actions": [
            {"title": "Open", "type": "open_url", "url": "https://ci.example.com/1"},
            {"title": "Retry", "type": "webhook", "url": "https://x.example", "method": "POST", "body": {"id": 1}},
        ],
        "payload": {"build": {"n": 12}},
        "badge": 3,
        "sound": "chime.caf",
        "target": {"channels": ["devs", "ops"]},
    }
    reply = await gateway.request("POST", "/api/push-notification", body, {"authorization": "Bearer ask_1"})
    assert reply.status == 200, reply.body
    call = core.calls[0]
    sent = call.request
    assert sent.title == "Build failed 🚨"
    assert sent.HasField("message")
    assert sent.message == ""
    assert not sent.HasField("media")
    assert [action.type for action in sent.actions] == [
        ACTION_TYPE.PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL,
        ACTION_TYPE.PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK,
    ]
    assert sent.actions[1].method == push_notification_pb2.WEBHOOK_METHOD_POST
    assert sent.actions[1].body.json == '{"id":1}'
    assert sent.payload.json == '{"build":{"n":12}}'
    assert (sent.badge, sent.sound, list(sent.target.channels)) == (3, "chime.caf", ["devs", "ops"])
    assert call.metadata["authorization"] == "Bearer ask_1"
    assert call.metadata["x-client-address"] == "127.0.0.1"
    assert call.metadata["x-request-id"] == reply.headers["x-request-id"]


async def test_an_answer_has_the_documented_form(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Zeros are written, an empty list that is to be left out is, the time is in milliseconds and UTC."""
    answer = push_notification_service_pb2.SendPushNotificationResponse(
        success=True, users_notified=1, timestamp=Timestamp(seconds=1755000000, nanos=7_999_999), notification_id="n1"
    )
    core.answers("SendPushNotification", answer)
    assert (await gateway.push({"title": "x"})).json() == {
        "success": True,
        "devices_notified": 0,
        "users_notified": 1,
        "timestamp": "2025-08-12T12:00:00.007Z",
        "notification_id": "n1",
    }
    answer.effective_channel_slugs.extend(["devs"])
    answer.devices_queued = 0
    body = (await gateway.push({"title": "x"})).json()
    assert body["effective_channel_slugs"] == ["devs"]
    assert body["devices_queued"] == 0


async def test_lists_are_written_when_empty_and_messages_when_set(gateway: RunningGateway, core: CoreStandIn) -> None:
    """`channels` is always there, `last_used_at` once there is something to say."""
    key = api_key_pb2.ApiKey(id="k", scope=api_key_pb2.API_KEY_SCOPE_ALL)
    core.answers("ListApiKeys", api_keys.ListApiKeysResponse(api_keys=[key]))
    assert (await gateway.request("GET", "/api/api-keys")).json() == {
        "api_keys": [{"id": "k", "name": "", "scope": "all", "channels": [], "hint": ""}]
    }


async def test_numbers_of_a_payload_arrive_as_they_were_sent(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Beyond 53 bits, with more digits than a float has, and with their trailing zeros."""
    await gateway.push(b'{"title":"x","payload":{"a":9007199254740993,"b":1E300,"c":0.10,"d":"\\u00e9","e":1e-400}}')
    assert core.calls[0].request.payload.json == '{"a":9007199254740993,"b":1E+300,"c":0.10,"d":"é","e":1E-400}'


async def test_camel_case_is_taken_too(gateway: RunningGateway, core: CoreStandIn) -> None:
    """In bodies and in queries."""
    assert (await gateway.request("POST", "/api/device/pair", {"pairingCode": "A", "name": "n"})).status == 200
    assert core.calls[0].request.pairing_code == "A"
    assert (await gateway.request("GET", "/api/devices?pageSize=7")).status == 200
    assert core.calls[1].request.page_size == 7


async def test_path_and_query_fields_reach_core(gateway: RunningGateway, core: CoreStandIn) -> None:
    """A path's fields are decoded, a query's typed."""
    assert (await gateway.request("PUT", "/api/channels/a%20b/users/%C3%A9")).status == 200
    assert (core.calls[0].request.channel_id, core.calls[0].request.user_id) == ("a b", "é")
    assert (await gateway.request("GET", "/api/channels?page_size=20&page_token=a%2Bb")).status == 200
    assert (core.calls[1].request.page_size, core.calls[1].request.page_token) == (20, "a+b")
    assert (await gateway.request("PATCH", "/api/channels/c1", {"name": "N"})).status == 200
    assert (core.calls[2].request.channel_id, core.calls[2].request.name) == ("c1", "N")
    assert not core.calls[2].request.HasField("slug")


async def test_a_literal_path_wins_over_a_field(gateway: RunningGateway, core: CoreStandIn) -> None:
    """`/api/device/tokens` is no device of that name."""
    assert (await gateway.request("PUT", "/api/device/tokens", {})).status == 200
    assert core.calls[0].name == "PutDeviceTokens"


async def test_a_body_is_optional_where_no_field_is_required(gateway: RunningGateway, core: CoreStandIn) -> None:
    """No body and an empty object are the same."""
    bodies: tuple[Any, ...] = (None, b"", {})
    for body in bodies:
        assert (await gateway.request("POST", "/api/pairing-codes", body)).status == 200
    assert len(core.calls) == 3


async def test_a_sane_request_id_is_kept_and_any_other_replaced(gateway: RunningGateway, core: CoreStandIn) -> None:
    """On errors too."""
    reply = await gateway.request("GET", "/nowhere", headers={"x-request-id": "my-id_1"})
    assert reply.headers["x-request-id"] == "my-id_1"
    for bad in ("a b", "x" * 65, "é"):
        replaced = (await gateway.request("GET", "/healthz", headers={"x-request-id": bad})).headers["x-request-id"]
        assert replaced != bad
        assert len(replaced) == 32


@pytest.mark.parametrize("value", ["Bearer ask_é", "Bearer " + "x" * 2000, "Bearer \tx\x80"])
async def test_credentials_that_cannot_be_right_are_as_none(
    gateway: RunningGateway, core: CoreStandIn, value: str
) -> None:
    """Core says what it says to a caller without credentials."""
    assert (await gateway.request("GET", "/api/account", headers={"authorization": value})).status == 200
    assert "authorization" not in core.calls[0].metadata


async def test_two_credentials_are_as_none(gateway: RunningGateway, core: CoreStandIn) -> None:
    """It cannot be known which of them a proxy had checked."""
    async with await gateway.connect() as connection:
        await connection.send(b"GET /api/account HTTP/1.1\r\nhost: x\r\nauthorization: a\r\nauthorization: b\r\n\r\n")
        assert (await connection.reply()).status == 200
    assert "authorization" not in core.calls[0].metadata


async def test_the_rate_limit_is_told_whichever_metadata_carries_it(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Initial or trailing."""

    async def initially(request: Any, context: Any) -> Any:
        await context.send_initial_metadata((("ratelimit-limit", "60"), ("ratelimit-remaining", "59")))
        context.set_trailing_metadata((("ratelimit-reset", "3"), ("x-internal", "secret")))
        return push_notification_service_pb2.SendPushNotificationResponse(success=True)

    core.behaviours["SendPushNotification"] = initially
    headers = (await gateway.push({"title": "x"})).headers
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"], headers["ratelimit-reset"]) == ("60", "59", "3")
    assert "x-internal" not in headers


async def test_an_enum_value_that_this_gateway_does_not_know_is_left_out(
    gateway: RunningGateway, core: CoreStandIn
) -> None:
    """A newer core may know more."""
    newer: Any = 99
    core.answers("ListApiKeys", api_keys.ListApiKeysResponse(api_keys=[api_key_pb2.ApiKey(id="k", scope=newer)]))
    assert "scope" not in (await gateway.request("GET", "/api/api-keys")).json()["api_keys"][0]


async def test_requests_on_one_connection_are_answered_in_order(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Kept alive and pipelined."""
    one = b'POST /api/channels HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n{"slug":"%d"}'
    async with await gateway.connect() as connection:
        await connection.send(b"".join(one % (len(f'{{"slug":"{i}"}}'), i) for i in range(20)))
        for _ in range(20):
            assert (await connection.reply()).json() == {}
    assert [call.request.slug for call in core.calls] == [str(i) for i in range(20)]


async def test_many_at_once_get_their_own_answers(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Nothing is shared between requests."""

    async def echo(request: Any, context: Any) -> Any:
        await asyncio.sleep(0)
        answer = channel_service_pb2.CreateChannelResponse()
        answer.channel.slug = request.slug
        return answer

    core.behaviours["CreateChannel"] = echo
    replies = await asyncio.gather(*(gateway.request("POST", "/api/channels", {"slug": str(i)}) for i in range(100)))
    assert [reply.json()["channel"]["slug"] for reply in replies] == [str(i) for i in range(100)]
