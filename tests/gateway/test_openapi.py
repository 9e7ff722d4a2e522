"""The description of the API: complete, valid, and true to itself."""

import json
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from smith.core.v1 import options_pb2

from gateway.openapi import document
from gateway.openapi.errors import read_reason, stated
from gateway.openapi.words import spoken, tag_of
from gateway.routes import Route, routes
from tests.contract.shape import resolved
from tests.contract.test_facts import CONTRACT

DOCUMENT = document(routes())
OPERATIONS = [(path, method, one) for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()]


def operation_of(route: Route) -> dict[str, Any]:
    """What is said of a route."""
    found: dict[str, Any] = DOCUMENT["paths"][route.path.removeprefix("/api")][route.method.lower()]
    return found


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**json.loads(schema), "components": DOCUMENT["components"]})


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A judge of values of the schema, which may refer to components."""
    return _validator(json.dumps(schema))


def test_it_is_valid_openapi() -> None:
    """By the reference validator of the specification."""
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_annotated_rpc_is_described() -> None:
    """From the descriptors alone, with what people need to find it and programs need to call it."""
    assert len(OPERATIONS) == len(routes()) > 20
    for route in routes():
        operation = operation_of(route)
        assert operation["summary"]
        assert operation["description"]
        assert {"200", "400", "503"} <= operation["responses"].keys()
        if operation["security"]:
            assert {"401", "403"} <= operation["responses"].keys()
        assert ("requestBody" in operation) is route.has_body
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len({*names}) == len(names)
    assert [tag["name"] for tag in DOCUMENT["tags"]][:2] == ["PushNotifications", "LiveActivities"]


def test_every_element_is_explained() -> None:
    """Each field, parameter and answer in words, and each value of an enum."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for field, value in schema["properties"].items():
            assert value.get("description"), f"{name}.{field}"
            meanings = value.get("x-enumDescriptions", {})
            assert all(meanings.values()), f"{name}.{field}"
    for path, _, operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            assert resolved(DOCUMENT, parameter)["description"], path


def test_who_may_call_is_said_by_the_kind_of_credentials() -> None:
    """As the policies in the protos have it."""
    for route in routes():
        allowed = {*route.rpc.GetOptions().Extensions[options_pb2.policy].allow}
        schemes = {name for one in operation_of(route)["security"] for name in one}
        assert ("apiKeyAuth" in schemes) is (options_pb2.ACCESS_API_KEY in allowed)
        assert ("deviceAuth" in schemes) is (options_pb2.ACCESS_DEVICE in allowed)
        assert (not schemes) is (options_pb2.ACCESS_PUBLIC in allowed)


def test_every_request_with_a_body_has_an_example() -> None:
    """And each answer of the documented endpoints has one, too."""
    for path, method, operation in OPERATIONS:
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"], path
        if f"{method.upper()} {path}" in CONTRACT:
            for status, answer in operation["responses"].items():
                assert resolved(DOCUMENT, answer)["content"]["application/json"]["examples"], (path, status)


def test_examples_are_of_the_form_that_they_show() -> None:
    """Requests and answers, good and bad."""
    count = 0
    for path, method, operation in OPERATIONS:
        for place, body in {"request": operation.get("requestBody", {}), **operation["responses"]}.items():
            media = resolved(DOCUMENT, body).get("content", {}).get("application/json", {})
            for name, example in media.get("examples", {}).items():
                errors = [str(error) for error in validator(media["schema"]).iter_errors(example["value"])]
                assert errors == [], f"{method} {path} {place} {name}"
                count += 1
    assert count > 500


def test_errors_are_read_from_the_comments_of_the_protos() -> None:
    """Each RPC's list, with what each of them means there."""
    for route in routes():
        for reason, _ in stated(route.rpc):
            assert read_reason(reason)[1] in range(400, 504)
    pairing = next(route for route in routes() if route.rpc.name == "PairDevice")
    assert ("NOT_FOUND", "the code is wrong, used or expired") in stated(pairing.rpc)
    assert "the code is wrong, used or expired" in operation_of(pairing)["responses"]["404"]["description"]
    with pytest.raises(KeyError):
        read_reason("NO_SUCH_REASON")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SendPushNotification", "Send push notification"),
        ("ListApiKeys", "List API keys"),
        ("PutLiveActivityStream", "Put Live Activity stream"),
        ("ListLiveActivities", "List Live Activities"),
        ("CheckApns", "Check APNs"),
    ],
)
def test_names_of_rpcs_become_words(name: str, words: str) -> None:
    """As people write them."""
    assert spoken(name) == words


def test_services_become_groups() -> None:
    """Named after what they are about."""
    assert [tag_of(name) for name in ("LiveActivityService", "ApiKeyService", "StatusService")] == [
        "LiveActivities",
        "ApiKeys",
        "Status",
    ]


def test_the_documented_request_is_described_as_documented() -> None:
    """Required, with its enums, closed where it is said who is reached; media goes with no actions."""
    schemas = DOCUMENT["components"]["schemas"]
    push = schemas["SendPushNotificationRequest"]
    assert push["required"] == ["title"]
    assert push["additionalProperties"] is True
    assert schemas["ChannelTarget"]["additionalProperties"] is False
    assert schemas["CreateChannelRequest"]["additionalProperties"] is False
    assert push["properties"]["payload"]["additionalProperties"] is True
    judge = validator(push)
    button = {"title": "Open", "type": "open_url", "url": "https://example.com"}
    media = {"title": "t", "media": "https://example.com/a.png"}
    assert judge.is_valid(media)
    assert judge.is_valid(media | {"actions": []})
    assert not judge.is_valid(media | {"actions": [button]})
    answer = schemas["SendPushNotificationResponse"]
    assert "effective_channel_slugs" not in answer["required"]
    assert {"success", "devices_notified", "users_notified", "timestamp"} <= {*answer["required"]}


@pytest.mark.parametrize(
    ("state", "is_valid"),
    [
        ({"type": "progress", "percentage": 1}, True),
        ({"type": "progress", "value": 1, "upper_limit": 2}, True),
        ({"type": "progress", "value": 1}, False),
        ({"type": "progress"}, False),
        ({"type": "metrics", "metrics": [{"label": "CPU", "value": 1}]}, True),
        ({"type": "metrics"}, False),
        ({"type": "timer", "number_of_steps": 2, "current_step": 1}, True),
        ({"type": "timer", "duration_seconds": 300}, True),
        ({"type": "counter", "current_step": 1}, False),
        ({"type": "alert"}, False),
        ({"type": "alert", "message": "Done"}, True),
        ({"type": "stats"}, False),
        ({"type": "value"}, False),
        ({"type": "value", "value": "0007"}, True),
        ({"type": "value", "value": True}, False),
        ({"type": "metrics", "metrics": [{"label": "State", "value": "ok"}]}, True),
        ({"type": "metrics", "metrics": [{"label": "State", "value": -1}]}, False),
        ({"current_step": 1}, False),
    ],
)
def test_what_a_type_asks_for_is_said(state: dict[str, Any], is_valid: bool) -> None:
    """Where an activity starts."""
    schema = DOCUMENT["components"]["schemas"]["StartLiveActivityRequest"]
    body = {"content_state": {"title": "t", **state}}
    assert validator(schema).is_valid(body) is is_valid
