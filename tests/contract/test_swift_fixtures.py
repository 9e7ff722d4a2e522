"""What the tests of the iPhone app decode is all that core can write. The simulated iPhone decodes it too."""

import json
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from smith.core.v1.live_activity_pb2 import LiveActivityContentState
from smith.core.v1.push_notification_pb2 import PushNotificationAction
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from core_service.push.content import ANNOTATIONS, PLACES
from service_kit.json_mapping.contract import JSON_OBJECT, enum_names, fields_of
from simulator.phones.content_state import KEPT_BY_THE_SERVER, decode
from simulator.phones.live_activity_push import decode_change, decode_start, event_of
from tests.swift_fixtures.__main__ import FOLDER, files

KEPT_OF_BUTTONS = {"method", "body"}
"""What the server needs to call a webhook."""


def read(name: str) -> Any:
    """The file as it lies there."""
    return json.loads((FOLDER / f"{name}.json").read_text())


STATES, ACTIVITIES, NOTIFICATIONS = (read(one) for one in ("content_states", "activity_pushes", "notification_pushes"))
DECODING = read("decoding")


def test_the_files_are_what_core_writes_today() -> None:
    for name, text in files().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, "run `make fixtures`"


def test_every_field_type_and_choice_of_a_content_state_is_there() -> None:
    for kind in ("type", "color"):
        enum = LiveActivityContentState.DESCRIPTOR.fields_by_name[kind].enum_type
        assert {state.get(kind) for state in STATES.values()} >= set(enum_names(enum).values())
    wanted = paths_of(LiveActivityContentState.DESCRIPTOR) - KEPT_BY_THE_SERVER
    found = set[str]().union(*map(paths_in, STATES.values()))
    assert found >= wanted | {"timer.starts_at", "timer.ends_at", "timer.paused_at", "timer.counts_down", "action.url"}


def test_every_field_of_a_notification_is_there() -> None:
    found = set[str]().union(*map(paths_in, NOTIFICATIONS.values()))
    fields = {one.name for one in SendPushNotificationRequest.DESCRIPTOR.fields} - ANNOTATIONS - {"target"}
    assert PLACES.keys() == fields
    assert found >= {".".join(place) for place in PLACES.values()}
    assert found >= {f"smith.actions.{name}" for name in paths_of(PushNotificationAction.DESCRIPTOR) - KEPT_OF_BUTTONS}


def test_the_simulated_iphone_decodes_every_content_state() -> None:
    for name, state in STATES.items():
        decoded = decode(state)
        assert decoded is not None, name
        assert decoded.actions() == [state[one] for one in ("action", "secondary_action") if one in state], name
        assert decoded.shown() == {key: value for key, value in state.items() if not key.endswith("action")}, name


def test_the_simulated_iphone_decodes_every_push_of_a_live_activity() -> None:
    for name, push in ACTIVITIES.items():
        aps = push["aps"]
        decoded = decode_start(aps) if event_of(aps) == "start" else decode_change(aps)
        assert decoded is not None, name
        assert decoded.content_state is not None, name


@pytest.mark.parametrize("case", DECODING["cases"], ids=lambda case: case["name"])
def test_the_simulated_iphone_is_as_strict_as_the_strictest_app(case: dict[str, Any]) -> None:
    """The app of `ios/` shows all of them. One that declares its types by the letter of the document loses the push,
    and iOS says nothing of it. What the server sends has to suit both."""
    assert (decode(case["state"]) is not None) is case["strict"]


@pytest.mark.parametrize("value", DECODING["refused"])
def test_what_is_no_object_is_refused(value: Any) -> None:
    assert decode(value) is None


def paths_of(message: Descriptor) -> set[str]:
    """Each field, and each of the messages in it, as `icon.color`."""
    paths = set()
    for field in fields_of(message):
        is_inner = field.message_type is not None and field.message_type.full_name != JSON_OBJECT
        inner = paths_of(field.message_type) if is_inner else set()
        paths |= {field.name, *(f"{field.name}.{one}" for one in inner)}
    return paths


def paths_in(value: Any) -> set[str]:
    """The same of an object that was sent. Lists add nothing to the path."""
    paths: set[str] = set()
    for one in value if isinstance(value, list) else [value]:
        for name, inner in one.items() if isinstance(one, dict) else ():
            paths |= {name, *(f"{name}.{rest}" for rest in paths_in(inner))}
    return paths
