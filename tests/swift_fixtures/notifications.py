"""Pushes of notifications and of numbers for the icon, and what the inbox lists, as core writes them."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from smith.core.v1.phone_service_pb2 import DeviceNotification
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from core_service.badges.payload import badge_push
from core_service.field_rules.check import check
from core_service.phones.convert import to_device_notification
from core_service.phones.notifications import read_notification
from core_service.push.content import build_payload
from core_service.push.convert import read_content
from core_service.sending.later_versions import silent_form
from service_kit.errors import InvalidRequest
from service_kit.json_mapping.encoding import encoder_for
from service_kit.json_mapping.values import dump
from service_kit.tracing import Origin
from tests.swift_fixtures.variety import varieties, whole

ID = uuid.UUID("01a20000-0000-7000-8000-0000000000ff")
FIRST_BUTTON = 0x01A2_0000_0000_7000_8000_0000_0000_0001
MOMENT = dt.datetime.fromtimestamp(1_800_000_000.25, dt.UTC)
NUMBERS = (0, 1, 2**31 - 1)


def pushes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every push, with a name."""
    for what, payload in _payloads():
        yield what, json.loads(payload)
        yield f"{what}, in silence", json.loads(silent_form(payload))
    for number in NUMBERS:
        push = badge_push(ID, ID, number, Origin("", ""), MOMENT)
        yield f"the number {number} on the icon", json.loads(push.payload)


def inbox() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every item of the inbox, with a name: the same notifications as they are listed later."""
    encoder = encoder_for(DeviceNotification.DESCRIPTOR)
    for what, payload in _payloads():
        versions = ((None, 1), (MOMENT, 3)) if what.startswith("whole") else ((None, 1),)
        for replaced_at, version in versions:
            message = to_device_notification(read_notification(ID, payload, MOMENT, replaced_at, version))
            yield f"{what}, version {version}", json.loads(dump(encoder.encode(message)))


def _payloads() -> Iterator[tuple[str, bytes]]:
    for excluded in ("media", "actions"):
        for variety in varieties(SendPushNotificationRequest.DESCRIPTOR):
            variety.message.ClearField(excluded)
            yield from _accepted(f"{variety.what}, no {excluded}", variety.message)
    least = whole(SendPushNotificationRequest.DESCRIPTOR)
    for field in least.DESCRIPTOR.fields:
        if field.name != "title":
            least.ClearField(field.name)
    yield from _accepted("least", least)


def _accepted(what: str, request: Any) -> Iterator[tuple[str, bytes]]:
    try:
        check(request)
        content = read_content(request)
    except InvalidRequest:
        return
    actions = [replace(action, id=uuid.UUID(int=FIRST_BUTTON + place)) for place, action in enumerate(content.actions)]
    yield what, build_payload(ID, replace(content, actions=tuple(actions)), replaces=True)
