"""What Live Activities need of the gateway: decimals, nulls, lists that must not be empty, a body on DELETE."""

from typing import Any

import pytest
from smith.core.v1 import json_object_pb2, live_activity_pb2, phone_service_pb2
from smith.core.v1 import live_activity_service_pb2 as messages

from gateway.openapi import document
from gateway.routes import routes
from tests.gateway.conftest import RunningGateway
from tests.gateway.core_stand_in import CoreStandIn

STREAM = "/api/live-activity/stream/deploys"
START = "/api/live-activity/start"
TYPES = "segmented_progress, progress, metrics, counter, timer, countdown, stats, alert, value"
METRICS = [{"label": "CPU", "value": 9}, {"label": "Memory", "value": 45.5}]
STATE = {"title": "Deploy", "type": "metrics", "metrics": METRICS}


async def test_the_documented_request_reaches_core(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Every field, in the documented spelling."""
    state = {
        "title": "Deploy", "subtitle": "api", "type": "segmented_progress", "number_of_steps": 4, "current_step": 2,
        "percentage": 12.5, "value": 1, "upper_limit": 3e1, "color": "lime", "step_color": "red",
        "step_colors": ["cyan", "blue"], "auto_dismiss_minutes": 0, "auto_dismiss_seconds": 30,
    }  # fmt: skip
    action = {"title": "Retry", "type": "webhook", "url": "https://x.example", "method": "POST", "body": {"n": 1.0}}
    body = {"content_state": state, "action": action, "alert": {"title": "Now"}, "channels": ["ops"]}
    reply = await gateway.request("PUT", STREAM, {**body, "target": {"channels": ["ops"]}})
    assert reply.status == 200, reply.body
    sent = core.calls[0].request
    assert sent.stream_key == "deploys"
    assert (sent.content_state.percentage, sent.content_state.value, sent.content_state.upper_limit) == (12.5, 1, 30)
    assert sent.content_state.HasField("auto_dismiss_minutes")
    assert list(sent.content_state.step_colors) == [
        live_activity_pb2.LIVE_ACTIVITY_COLOR_CYAN,
        live_activity_pb2.LIVE_ACTIVITY_COLOR_BLUE,
    ]
    assert sent.content_state.type == live_activity_pb2.LIVE_ACTIVITY_TYPE_SEGMENTED_PROGRESS
    assert sent.action.body.json == '{"n":1.0}'
    assert (sent.alert.title, sent.alert.HasField("body")) == ("Now", False)
    assert (list(sent.channels), list(sent.target.channels)) == (["ops"], ["ops"])


async def test_numbers_may_be_integers_or_decimals(gateway: RunningGateway, core: CoreStandIn) -> None:
    assert (await gateway.request("POST", START, {"content_state": STATE})).status == 200
    assert [metric.value for metric in core.calls[0].request.content_state.metrics] == [9, 45.5]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"metrics": [{"value": "1"}, {"value": [2]}]}, "content_state.metrics[1].value must be a number or a string"),
        ({"metrics": [{"value": True}]}, "content_state.metrics[0].value must be a number or a string"),
        ({"icon": "bolt"}, "content_state.icon must be an object"),
        ({"badge": {"title": 1}}, "content_state.badge.title must be a string"),
        ({"duration_seconds": "300"}, "content_state.duration_seconds must be a number"),
        ({"metrics": [None]}, "content_state.metrics[0] must be an object, not null"),
        ({"metrics": [{"label": 1}]}, "content_state.metrics[0].label must be a string"),
        ({"metrics": {}}, "content_state.metrics must be an array of objects"),
        ({"percentage": "67"}, "content_state.percentage must be a number"),
        ({"percentage": [67]}, "content_state.percentage must be a number"),
        ({"upperLimit": False}, "content_state.upperLimit must be a number"),
        ({"current_step": 1.5}, "content_state.current_step must be an integer"),
        (
            {"color": "orangered"},
            "content_state.color must be one of lime, green, cyan, blue, purple, magenta, red, orange, yellow, gray",
        ),
        ({"type": "unspecified"}, f"content_state.type must be one of {TYPES}"),
        ({"step_colors": ["red", 1]}, None),
        ([], "content_state must be an object"),
    ],
)  # fmt: skip
async def test_a_wrong_state_is_named_as_the_user_wrote_it(
    gateway: RunningGateway, core: CoreStandIn, state: Any, message: str | None
) -> None:
    """On all three endpoints that take one."""
    for method, path in (("POST", START), ("PUT", STREAM), ("DELETE", STREAM)):
        reply = await gateway.request(method, path, {"content_state": state})
        assert (reply.status, reply.json()["error"]) == (400, "Invalid request")
        told = reply.json()["message"]
        assert told == message if message else told.startswith("content_state.step_colors[1] must be one of lime")
    assert core.calls == []


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"+1", b".5", b"1_0"])
async def test_what_no_number_can_hold_is_refused(gateway: RunningGateway, core: CoreStandIn, number: bytes) -> None:
    body = b'{"content_state":{"title":"x","percentage":' + number + b"}}"
    reply = await gateway.request("POST", START, body)
    assert reply.status == 400
    assert core.calls == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"channels": []}, "channels must contain at least one channel"),
        ({"channels": "ops"}, "channels must be an array of channel slugs"),
        ({"channels": None}, "channels must be an array of channel slugs, not null"),
        ({"channels": ["ops", 1]}, "channels[1] must be a string"),
        ({"channels": [["ops"]]}, "channels[0] must be a string"),
        ({"target": None}, "target must be an object, not null"),
        ({"target": ["ops"]}, "target must be an object"),
        ({"target": {"channels": {}}}, "target.channels must be an array of channel slugs"),
        ({"target": {"channels": [None]}}, "target.channels[0] must be a string, not null"),
        ({"target": {"devices": []}}, "target.devices is not a known field"),
    ],
)
async def test_a_malformed_target_has_its_documented_title(
    gateway: RunningGateway, core: CoreStandIn, fields: dict[str, Any], message: str
) -> None:
    """Whatever is wrong in it."""
    reply = await gateway.request("PUT", STREAM, {"content_state": STATE, **fields})
    problem = {"error": "Invalid channel targeting", "message": message, "field": message.split(" ", maxsplit=1)[0]}
    assert (reply.status, reply.json()) == (400, problem)
    assert core.calls == []


@pytest.mark.parametrize("body", [None, b"", b"{}", {}, b"null", b" null\n", {"content_state": None}])
async def test_a_stream_is_deleted_without_a_state(gateway: RunningGateway, core: CoreStandIn, body: Any) -> None:
    """No body, an empty one, null, and an object that says nothing are the same."""
    assert (await gateway.request("DELETE", STREAM, body)).status == 200
    sent = core.calls[0].request
    assert sent == messages.DeleteLiveActivityStreamRequest(stream_key="deploys")


async def test_a_stream_is_deleted_with_a_final_state(gateway: RunningGateway, core: CoreStandIn) -> None:
    reply = await gateway.request("DELETE", STREAM, {"content_state": STATE, "alert": {}})
    assert reply.status == 200
    sent = core.calls[0].request
    assert (sent.stream_key, sent.content_state.title) == ("deploys", "Deploy")
    assert sent.HasField("alert")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "The body must be a JSON object"),
        ({"stream_key": "deploys"}, "stream_key is given by the path and cannot be in the body too"),
        ({"channels": ["ops"]}, "channels is not a known field"),
    ],
)
async def test_the_body_of_a_delete_is_judged_as_any_other(
    gateway: RunningGateway, core: CoreStandIn, body: Any, message: str
) -> None:
    reply = await gateway.request("DELETE", STREAM, body)
    assert (reply.status, reply.json()["message"]) == (400, message)
    assert core.calls == []


async def test_an_activity_that_is_not_there_is_null(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Always written; what else is unset is left out."""
    answer = messages.PutLiveActivityStreamResponse(
        success=True, operation=messages.LIVE_ACTIVITY_STREAM_OPERATION_PAUSED, stream_key="deploys"
    )
    core.answers("PutLiveActivityStream", answer)
    paused = {"success": True, "operation": "paused", "stream_key": "deploys", "activity_id": None}
    assert (await gateway.request("PUT", STREAM, {"content_state": STATE})).json() == paused
    answer.activity_id = "a" * 32
    answer.operation = messages.LIVE_ACTIVITY_STREAM_OPERATION_STARTED
    answer.devices_notified = 0
    assert (await gateway.request("PUT", STREAM, {"content_state": STATE})).json() == {
        **paused,
        "operation": "started",
        "activity_id": "a" * 32,
        "devices_notified": 0,
    }
    assert (await gateway.request("POST", f"{STREAM}/pause")).json() == {"activity_id": None}


async def test_a_phone_is_told_the_state_as_pushes_carry_it(gateway: RunningGateway, core: CoreStandIn) -> None:
    """The core's JSON, untouched."""
    shown = live_activity_pb2.DeviceLiveActivity(
        activity_id="a",
        phase=live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_ACTIVE,
        content_state=json_object_pb2.JsonObject(json='{"title":"x","percentage":12.50}'),
        timestamp=1755000000,
    )
    core.answers("GetDeviceState", phone_service_pb2.GetDeviceStateResponse(live_activities=[shown], version="v"))
    reply = await gateway.request("GET", "/api/device/state")
    assert reply.body == (
        b'{"live_activities":[{"activity_id":"a","phase":"active",'
        b'"content_state":{"title":"x","percentage":12.50},"timestamp":1755000000}],"version":"v"}'
    )


def test_nulls_and_lists_that_must_not_be_empty_are_described() -> None:
    schemas = document(routes())["components"]["schemas"]
    for name in ("PutLiveActivityStreamResponse", "DeleteLiveActivityStreamResponse"):
        assert schemas[name]["properties"]["activity_id"]["type"] == ["string", "null"]
        assert "activity_id" in schemas[name]["required"]
    assert "previous_activity_id" not in schemas["PutLiveActivityStreamResponse"]["required"]
    put = schemas["PutLiveActivityStreamRequest"]
    assert put["properties"]["channels"]["minItems"] == 1
    assert put["required"] == ["content_state"]
    assert "stream_key" not in put["properties"]


def test_the_body_of_a_delete_is_described_as_optional() -> None:
    paths = document(routes())["paths"]
    assert paths["/live-activity/stream/{stream_key}"]["delete"]["requestBody"]["required"] is False
    assert paths["/live-activity/stream/{stream_key}"]["put"]["requestBody"]["required"] is True
