"""Calls that send ignore what they do not know and say so; `Prefer: handling=strict` and all other calls refuse it."""

import json
import time
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from smith.core.v1 import options_pb2, push_notification_service_pb2

from gateway.bodies import AUDIENCE_FIELDS, looks_like_audience
from gateway.openapi import document
from gateway.routes import routes
from service_kit.errors import InvalidRequest, Kind
from service_kit.json_mapping.contract import form_of
from tests.gateway.conftest import RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Reply

PUSH = "POST /api/push-notification"
START = "POST /api/live-activity/start"
UPDATE = "POST /api/live-activity/update"
END = "POST /api/live-activity/end"
PUT = "PUT /api/live-activity/stream/s"
DELETE = "DELETE /api/live-activity/stream/s"
REPLAY = "POST /api/push-notifications/n1/replay"
TEST = "POST /api/devices/d1/test-push-notification"
STRICT = {"prefer": "handling=strict"}


async def send(gateway: RunningGateway, line: str, body: Any, headers: dict[str, str] | None = None) -> Reply:
    """One request, by its method and path."""
    method, path = line.split(" ")
    return await gateway.request(method, path, body, headers)


IGNORED = [
    (PUSH, {"title": "t", "activity_id": ""}, "activity_id"),
    (PUSH, {"title": "t", "activity_id": None, "glitter": ["a"]}, "activity_id, glitter"),
    (PUSH, {"title": "t", "actions": [{"title": "a"}, {"title": "b", "icon": 1}]}, "actions[1].icon"),
    (START, {"content_state": {"title": "t", "glow": None, "halo": None}}, "content_state.glow, content_state.halo"),
    (START, {"contentState": {"title": "t", "sparkle": {"channels": []}}}, "contentState.sparkle"),
    (UPDATE, {"content_state": {"metrics": [{"label": "a"}, {"shade": "red"}]}}, "content_state.metrics[1].shade"),
    (END, {"third_action": {"title": "t"}}, "third_action"),
    (PUT, {"action": {"title": "t", "icon": "x"}, "alert": {"sound": 1}}, "action.icon, alert.sound"),
    (DELETE, {"footnotes": {"a": 1}}, "footnotes"),
    (REPLAY, {"reason": "again"}, "reason"),
    (TEST, {"title": "t"}, "title"),
    (PUSH, {"a b\n": 1, "a,b": 2, "ü": 3, "a.b": 4, "🚀": 5}, "a%20b%0A, a%2Cb, %C3%BC, a%2Eb, %F0%9F%9A%80"),
    (PUSH, {"": 1}, "%22%22"),
    (PUSH, {"x\r\nset-cookie: a=b": 1}, "x%0D%0Aset-cookie%3A%20a%3Db"),
    (PUSH, {"\ud800": 1}, "%3F"),
    (PUSH, {"+3": 1, "x[0]": 2}, "%2B3, x%5B0%5D"),
    (PUSH, {"k" * 5000: 1}, "k" * 64),
]  # fmt: skip


@pytest.mark.parametrize(("line", "body", "told"), IGNORED, ids=[told[:40] for _, _, told in IGNORED])
async def test_what_a_sending_call_does_not_know_is_ignored_and_named(
    gateway: RunningGateway, core: CoreStandIn, line: str, body: Any, told: str
) -> None:
    reply = await send(gateway, line, body)
    assert (reply.status, reply.headers.get("ignored-fields")) == (200, told), reply.body
    assert "preference-applied" not in reply.headers
    assert len(core.calls) == 1


@pytest.mark.parametrize(("line", "body", "told"), IGNORED[:11], ids=[told for _, _, told in IGNORED[:11]])
async def test_strict_handling_refuses_the_same_by_its_path(
    gateway: RunningGateway, core: CoreStandIn, line: str, body: Any, told: str
) -> None:
    reply = await send(gateway, line, body, STRICT)
    first = told.split(", ", maxsplit=1)[0]
    assert reply.status == 400
    assert reply.json()["field"] == first
    assert reply.json()["message"].startswith(f"{first} is not a known field")
    assert reply.headers["preference-applied"] == "handling=strict"
    assert "ignored-fields" not in reply.headers
    assert core.calls == []


async def test_strict_handling_says_so_with_a_success_too(gateway: RunningGateway, core: CoreStandIn) -> None:
    reply = await send(gateway, PUSH, {"title": "t", "message": None}, STRICT)
    assert (reply.status, reply.headers["preference-applied"]) == (200, "handling=strict")


async def test_what_is_known_names_nothing(gateway: RunningGateway, core: CoreStandIn) -> None:
    reply = await send(gateway, PUSH, {"title": "t", "payload": {"sparkle": None}})
    assert reply.headers.keys() & {"ignored-fields", "preference-applied"} == set()
    assert core.calls[0].request.payload.json == '{"sparkle":null}'


NOT_DECORATION = [
    (PUSH, {"target": None}, "target must be an object, not null"),
    (PUSH, {"target": {"channels": None}}, "target.channels must be an array of channel slugs, not null"),
    (PUSH, {"target": {"chanels": ["ops"]}}, "target.chanels is not a known field"),
    (PUSH, {"target": {"channels": ["ops"], "sparkle": 1}}, "target.sparkle is not a known field"),
    (PUSH, {"target": {"channels": ["ops"], "sparkle": None}}, "target.sparkle is not a known field"),
    (START, {"target": {"channels": [None]}}, "target.channels[0] must be a string, not null"),
    (PUT, {"channels": None}, "channels must be an array of channel slugs, not null"),
    (PUT, {"target": {"users": []}}, "target.users is not a known field"),
    (PUSH, {"channels": ["ops"]}, "channels is not a known field"),
    (START, {"channels": ["ops"]}, "channels is not a known field"),
    (UPDATE, {"target": {"channels": ["ops"]}}, "target is not a known field"),
    (END, {"channels": ["ops"]}, "channels is not a known field"),
    (DELETE, {"channels": None}, "channels is not a known field"),
    (REPLAY, {"target": {}}, "target is not a known field: this request takes none in its body"),
    (TEST, {"device_id": "d2"}, "device_id is not a known field: this request takes none in its body"),
    (PUT, {"stream_key": "other"}, "stream_key is given by the path and cannot be in the body too"),
    *[
        (PUSH, {name: ["ops"]}, f"{json.dumps(name) if '[' in name else name} is not a known field")
        for name in ("targets", "Target", "tagret", "targt", "chanels", "chanel", "Channel", "channel_ids", "_channels")
    ],
    (PUSH, {"target[channels]": "ops"}, '"target[channels]" is not a known field'),
    (START, {"content_state": {"title": "t", "channels": ["ops"]}}, "content_state.channels is not a known field"),
]


@pytest.mark.parametrize(("line", "body", "message"), NOT_DECORATION, ids=[f"{a} {c}" for a, _, c in NOT_DECORATION])
async def test_what_decides_who_is_reached_is_never_ignored(
    gateway: RunningGateway, core: CoreStandIn, line: str, body: dict[str, Any], message: str
) -> None:
    """Misspelt, a private push would reach everybody."""
    reply = await send(gateway, line, {"title": "t", **body} if line == PUSH else body)
    assert (reply.status, reply.json()["message"]) == (400, message)
    assert core.calls == []


@pytest.mark.parametrize("name", ["tags", "title_color", "change", "charge", "large", "garget", "stars", "category"])
def test_other_words_do_not_look_like_a_target(name: str) -> None:
    assert looks_like_audience(name) == (name == "garget")


def test_the_names_that_decide_who_is_reached_are_those_of_the_protos() -> None:
    found: set[str] = set()

    def look(message: Descriptor, seen: set[str]) -> None:
        if message.full_name not in seen:
            seen.add(message.full_name)
            for field in message.fields:
                if form_of(field).decides_audience:
                    found.add(field.name)
                if field.message_type is not None:
                    look(field.message_type, seen)

    for route in routes():
        if route.rpc.GetOptions().Extensions[options_pb2.policy].sends:
            look(route.rpc.input_type, set())
    assert found == set(AUDIENCE_FIELDS)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /api/channels", {"slug": "ops", "sparkle": 1}),
        ("PATCH /api/channels/c", {"slug": "ops", "sparkle": None}),
        ("POST /api/api-keys", {"name": "ci", "sparkle": 1}),
        ("POST /api/device/pair", {"pairing_code": "a", "sparkle": 1}),
        ("POST /api/live-activity/stream/s/pause", {"sparkle": 1}),
        ("DELETE /api/channels/c", {"sparkle": 1}),
    ],
)
async def test_management_refuses_what_it_does_not_know(
    gateway: RunningGateway, core: CoreStandIn, line: str, body: dict[str, Any]
) -> None:
    for headers in ({}, STRICT, {"prefer": "handling=lenient"}):
        reply = await send(gateway, line, body, headers)
        assert (reply.status, reply.json()["field"]) == (400, "sparkle")
        assert "ignored-fields" not in reply.headers
    assert core.calls == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sparkle": 1, "badge": "7"}, "badge"),
        ({"sparkle": 1, "title": 5}, "title"),
        ({"actions": [{"sparkle": 1, "type": "call"}]}, "actions[0].type"),
    ],
)
async def test_a_wrong_value_of_a_known_field_is_refused_all_the_same(
    gateway: RunningGateway, core: CoreStandIn, body: dict[str, Any], field: str
) -> None:
    reply = await send(gateway, PUSH, {"title": "t", **body})
    assert (reply.status, reply.json()["field"]) == (400, field)
    assert core.calls == []


@pytest.mark.parametrize("first", ["type", "message"])
async def test_a_type_that_is_not_supported_is_named_whatever_stands_before_it(
    gateway: RunningGateway, core: CoreStandIn, first: str
) -> None:
    """The other fields are as they are because of the type."""
    state = {"type": "hologram", "message": 1, "value": "42 km", "sparkle": 1}
    ordered = {first: state[first], **{name: value for name, value in state.items() if name != first}}
    for headers in ({}, STRICT):
        reply = await send(gateway, PUT, {"content_state": ordered}, headers)
        assert reply.status == 400
        assert reply.json()["message"].startswith("content_state.type must be one of segmented_progress, progress")


async def test_an_error_of_core_names_what_was_ignored_too(gateway: RunningGateway, core: CoreStandIn) -> None:
    class Limited(InvalidRequest):
        kind, reason, error = Kind.EXHAUSTED, "RATE_LIMITED", "Rate limit exceeded"

    core.fails("SendPushNotification", Limited("Too many requests, please try again later.", retry_after_seconds=3))
    reply = await send(gateway, PUSH, {"title": "t", "sparkle": 1})
    assert (reply.status, reply.headers["ignored-fields"], reply.headers["retry-after"]) == (429, "sparkle", "3")


async def test_a_replayed_answer_names_what_was_ignored_as_the_first_did(
    gateway: RunningGateway, core: CoreStandIn
) -> None:
    async def replay(request: Any, context: Any) -> Any:
        context.set_trailing_metadata((("idempotency-replayed", "true"),))
        return push_notification_service_pb2.SendPushNotificationResponse(success=True)

    core.behaviours["SendPushNotification"] = replay
    for _ in range(2):
        reply = await send(gateway, PUSH, {"title": "t", "sparkle": 1}, {"idempotency-key": "k"})
        assert (reply.headers["ignored-fields"], reply.headers["idempotency-replayed"]) == ("sparkle", "true")
    assert core.calls[0].request == core.calls[1].request


async def test_twenty_thousand_unknown_fields_make_a_short_header(gateway: RunningGateway, core: CoreStandIn) -> None:
    body = {"title": "t", **{f"k{number}": 1 for number in range(20_000)}}
    began = time.process_time()
    reply = await send(gateway, PUSH, body)
    assert reply.status == 200
    assert reply.headers["ignored-fields"] == ", ".join(f"k{number}" for number in range(20)) + ", +19980"
    assert time.process_time() - began < 5


async def test_the_header_stays_below_a_kilobyte(gateway: RunningGateway, core: CoreStandIn) -> None:
    body = {"title": "t", **{chr(0x10000 + number) * 64: 1 for number in range(300)}}
    told = (await send(gateway, PUSH, body)).headers["ignored-fields"]
    assert len(told) <= 1024
    assert told.endswith(", +299")
    short = {"title": "t", **{f"{'k' * 60}{number:03}": 1 for number in range(300)}}
    told = (await send(gateway, PUSH, short)).headers["ignored-fields"]
    paths = told.split(", ")
    assert len(told) <= 1024
    assert paths[-1] == f"+{300 - (len(paths) - 1)}"
    assert len(paths) > 10


async def test_a_field_that_is_given_twice_is_refused_although_it_is_unknown(
    gateway: RunningGateway, core: CoreStandIn
) -> None:
    reply = await send(gateway, PUSH, b'{"title":"t","sparkle":1,"sparkle":2}')
    assert (reply.status, reply.json()["message"]) == (400, "sparkle appears twice in one object")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"title":"t","payload":{"a":[1,{"b":1e999}]}}', "payload.a[1].b"),
        (b'{"title":"t","payload":{"a":-1e400}}', "payload.a"),
        (b'{"title":"t","payload":{"a":1' + b"0" * 309 + b"}}", "payload.a"),
        (b'{"title":"t","payload":{"a":' + b"9" * 200_000 + b"}}", "payload.a"),
        (b'{"title":"t","payload":{"a":1.8e308}}', "payload.a"),
        (b'{"title":"t","badge":1E9999999999999999999999}', "badge"),
        (b'{"title":"t","actions":[{"body":{"x y":1e999}}]}', 'actions[0].body."x y"'),
        (b'{"title":"t","sparkle":1e999}', "sparkle"),
    ],
    ids=range(8),
)
async def test_a_number_that_no_double_holds_is_refused_wherever_it_stands(
    gateway: RunningGateway, core: CoreStandIn, body: bytes, field: str
) -> None:
    """Apple's parser would lose the whole push over it."""
    reply = await send(gateway, PUSH, body)
    message = f"{field} must be a number of a size that a floating-point number can hold"
    assert (reply.status, reply.json()["message"], reply.json()["field"]) == (400, message, field)
    assert core.calls == []


@pytest.mark.parametrize("number", ["9007199254740993", "1.7976931348623157e308", "1" + "0" * 308, "1e-999", "0e999"])
async def test_a_number_that_a_double_holds_is_taken(gateway: RunningGateway, core: CoreStandIn, number: str) -> None:
    assert (await send(gateway, PUSH, f'{{"title":"t","payload":{{"a":{number}}}}}'.encode())).status == 200
    taken = core.calls[0].request.payload.json
    assert taken.lower().replace("e+", "e") == f'{{"a":{number}}}'


async def test_a_body_null_is_no_body(gateway: RunningGateway, core: CoreStandIn) -> None:
    for line in (PUSH, DELETE, REPLAY, "POST /api/live-activity/stream/s/pause", "DELETE /api/channels/c"):
        assert (await send(gateway, line, b"null")).status == 200, line


async def test_null_is_as_left_out(gateway: RunningGateway, core: CoreStandIn) -> None:
    """At every depth, in every spelling, also of what is required: core says that it is missing."""
    full = {
        "title": None, "message": None, "media": None, "badge": None, "payload": None, "actions": [
            {"title": "a", "type": None, "url": None, "method": None, "body": {"kept": None}},
        ],
    }  # fmt: skip
    assert (await send(gateway, PUSH, full, STRICT)).status == 200
    sent = core.calls[0].request
    assert [field.name for field, _ in sent.ListFields()] == ["actions"]
    assert sent.actions[0].body.json == '{"kept":null}'
    state = {"title": "t", "type": None, "percentage": None, "metrics": None, "step_colors": None, "countsDown": None}
    assert (await send(gateway, PUT, {"content_state": state, "contentState": None, "alert": None})).status == 200
    assert [field.name for field, _ in core.calls[1].request.content_state.ListFields()] == ["title"]
    assert not core.calls[1].request.HasField("alert")
    assert (await send(gateway, "PATCH /api/channels/c", {"slug": None, "channel_id": None})).status == 200
    assert [field.name for field, _ in core.calls[2].request.ListFields()] == ["channel_id"]


@pytest.mark.parametrize(
    ("line", "body", "field"),
    [
        (PUSH, {"actions": [None]}, "actions[0]"),
        (START, {"content_state": {"step_colors": ["red", None]}}, "content_state.step_colors[1]"),
        (START, {"content_state": {"metrics": [None]}}, "content_state.metrics[0]"),
    ],
)
async def test_a_null_in_a_list_is_refused(
    gateway: RunningGateway, core: CoreStandIn, line: str, body: dict[str, Any], field: str
) -> None:
    reply = await send(gateway, line, body)
    assert (reply.status, reply.json()["field"]) == (400, field)
    assert core.calls == []


async def test_go_is_not_told_the_field_beside_the_message(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Old versions of its SDK take an unknown field for an error."""
    reply = await send(gateway, PUSH, {"title": 5}, {"user-agent": "OpenAPI-Generator/1.2.0/go"})
    assert reply.json() == {"error": "Invalid request", "message": "title must be a string"}
    core.fails("SendPushNotification", InvalidRequest.at("badge", "is wrong"))
    assert (await send(gateway, PUSH, {"title": "t"})).json()["field"] == "badge"
    reply = await send(gateway, PUSH, {"title": "t"}, {"x-activitysmith-sdk": "go-v1.8.0"})
    assert reply.json() == {"error": "Invalid request", "message": "badge is wrong"}


def test_the_description_says_which_calls_ignore_what_they_do_not_know() -> None:
    described = document(routes())
    for route in routes():
        operation = described["paths"][route.path.removeprefix("/api")][route.method.lower()]
        sends = route.rpc.GetOptions().Extensions[options_pb2.policy].sends
        names = {one["$ref"].rsplit("/", 1)[1] for one in operation.get("parameters", ()) if "$ref" in one}
        assert ("Prefer" in names) == sends
        for status, given in operation["responses"].items():
            shared = given.get("$ref", "").rsplit("/", 1)[-1]
            response = described["components"]["responses"][shared] if shared else given
            assert ("Ignored-Fields" in response["headers"]) == (sends and status not in ("408", "415")), status
