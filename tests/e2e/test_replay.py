"""What a push says reaches the phone, can be read back, and is said again word for word by a replay: field by field of
the request's descriptor, so that no field can be forgotten on one of these ways."""

import json
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from smith.core.v1 import options_pb2
from smith.core.v1.json_object_pb2 import JsonObject
from smith.core.v1.push_notification_pb2 import PushNotificationAction, PushNotificationContent, Tags, WebhookMethod
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from service_kit.json_mapping.contract import enum_names
from tests.team import App, Team, push

AUDIENCE = "target"
"""The one field that says whom a push is for, and nothing that a phone is told."""
FIELDS = [field for field in SendPushNotificationRequest.DESCRIPTOR.fields if field.name != AUDIENCE]
ANNOTATIONS = {"tags", "metadata"}
"""What the server keeps to itself."""
LISTED = {"title", "message"}
"""What lists say of a notification; the rest is its content."""

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
urls = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._~%?&=/+", max_size=20).map("https://example.com/{}".format)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


open_url = st.fixed_dictionaries({"type": st.just("open_url"), "title": texts, "url": urls})
webhook = st.fixed_dictionaries(
    {
        "type": st.just("webhook"),
        "title": texts,
        "url": urls,
        "method": st.sampled_from([name.removeprefix("WEBHOOK_METHOD_") for name in WebhookMethod.keys()[1:]]),
    },
    optional={"body": st.dictionaries(texts, documents, max_size=2)},
)
actions = open_url | webhook
OF_MESSAGES: dict[Any, st.SearchStrategy[Any]] = {
    JsonObject.DESCRIPTOR: st.dictionaries(texts, documents, max_size=2),
    PushNotificationAction.DESCRIPTOR: st.lists(actions, min_size=1, max_size=4),
    Tags.DESCRIPTOR: st.lists(texts.map(str.strip), min_size=1, max_size=5, unique_by=str.casefold),
}


def values_of(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    """Values that the field takes, as JSON has them."""
    rules = field.GetOptions().Extensions[options_pb2.rules]
    if field.name == "metadata":
        return st.dictionaries(texts, texts | st.booleans() | st.integers(-(2**53), 2**53), max_size=3)
    if field.message_type is not None:
        return OF_MESSAGES[field.message_type]
    if field.enum_type is not None:
        return st.sampled_from([*enum_names(field.enum_type).values()])
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return urls if rules.format == "uri" else texts
    if field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64):
        return st.integers(int(rules.minimum), int(rules.maximum))
    raise AssertionError(f"say here which values {field.name} takes")


def excluded(field: FieldDescriptor) -> set[str]:
    """The fields that may not be there beside this one."""
    found = SendPushNotificationRequest.DESCRIPTOR.GetOptions().Extensions[options_pb2.message_rules]
    return {name for rule in found if rule.field == field.name for name in rule.excludes}


@st.composite
def pushes(draw: st.DrawFn) -> dict[str, Any]:
    """All fields. Of those that exclude each other, one."""
    body = {field.name: draw(values_of(field)) for field in FIELDS}
    for field in FIELDS:
        if rivals := excluded(field):
            for name in draw(st.sampled_from([{field.name}, rivals])):
                del body[name]
    return body


@pytest.fixture(scope="module")
def app(team: Team) -> App:
    """An app on a phone in a channel of its own."""
    _, channel_id = team.channel()
    return team.app(channel_id)


@pytest.fixture(scope="module")
def channel(team: Team, app: App) -> str:
    """The slug of the channel of the app's phone."""
    slugs: list[str] = team.device(app.device_id)["channels"]
    return slugs[0]


def document_of(team: Team, app: App, notification_id: str) -> dict[str, Any]:
    """What APNs was given for the phone, without the identifiers of this one push."""
    (document,) = [
        sent["document"]
        for sent in team.sent_to(app.push_token)
        if sent["document"]["smith"]["notification_id"] == notification_id
    ]
    del document["smith"]["notification_id"]
    for action in document["smith"].get("actions", ()):
        del action["id"]
    return dict(document)


def everything_in(value: Any) -> list[Any]:
    """The value, and all that is in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(part for one in inner for part in everything_in(one))]


def as_phones_see(action: dict[str, Any]) -> dict[str, Any]:
    """A webhook's call stays on the server."""
    names = ("title", "type", "url") if action["type"] == "open_url" else ("title", "type")
    return {name: action[name] for name in names}


# Not shrunk: the message names the field, and each example is sent to a server.
@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(body=pushes())
def test_every_field_reaches_the_phone_can_be_read_back_and_is_replayed(
    team: Team, app: App, channel: str, body: dict[str, Any]
) -> None:
    sent = push(team.owner, **body, target={"channels": [channel]})
    assert sent.status_code == 200, sent.text
    notification_id = sent.json()["notification_id"]
    document = document_of(team, app, notification_id)
    for name, value in body.items():
        if name in ANNOTATIONS:
            continue
        told = [as_phones_see(action) for action in value] if name == "actions" else value
        assert told in everything_in(document), f"the phone is not told the {name}"
    read = team.ask("GET", f"/api/push-notifications/{notification_id}")
    assert {name: read["push_notification"][name] for name in LISTED} == {name: body[name] for name in LISTED}
    assert {name: value for name, value in read["content"].items() if value != []} == {
        name: value for name, value in body.items() if name not in LISTED
    }
    replay = team.ask("POST", f"/api/push-notifications/{notification_id}/replay")["sent"]
    assert json.dumps(document_of(team, app, replay["notification_id"])) == json.dumps(document)


def test_what_can_be_sent_can_be_read_back() -> None:
    readable = LISTED | set(PushNotificationContent.DESCRIPTOR.fields_by_name)
    assert {field.name for field in FIELDS} == readable
