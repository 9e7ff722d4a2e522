"""What the protos say of the API's fields: their values, limits and defaults, as forms and cards need them."""

import json
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from smith.core.v1 import options_pb2
from smith.core.v1.badge_service_pb2 import SetBadgeRequest
from smith.core.v1.live_activity_pb2 import LiveActivityColor, LiveActivityContentState
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from admin_ui.texts import _
from service_kit.json_mapping.contract import enum_names

PUSH_FIELDS = SendPushNotificationRequest.DESCRIPTOR.fields_by_name
BADGE_FIELDS = SetBadgeRequest.DESCRIPTOR.fields_by_name
STATE_FIELDS = LiveActivityContentState.DESCRIPTOR.fields_by_name


def rules_of(field: FieldDescriptor) -> options_pb2.FieldRules:
    """Which values the field takes."""
    rules: options_pb2.FieldRules = field.GetOptions().Extensions[options_pb2.rules]
    return rules


def range_problem(field: FieldDescriptor, number: float) -> str:
    """What to write instead, in a sentence, if the number is out of the field's range; empty if it is in it."""
    rules = rules_of(field)
    has_most = rules.HasField("maximum")
    if (has_most and number > rules.maximum) or (rules.HasField("minimum") and number < rules.minimum):
        if has_most:
            return _("Write a number from {least:g} to {most:.15g}.").format(least=rules.minimum, most=rules.maximum)
        return _("Write a number from {least:g}.").format(least=rules.minimum)
    return ""


def default_of(field: FieldDescriptor) -> Any:
    """What counts if the field is left out; None if nothing does."""
    text = rules_of(field).default_json
    return json.loads(text) if text else None


COLORS = tuple(enum_names(LiveActivityColor.DESCRIPTOR).values())
DEFAULT_COLOR = str(default_of(STATE_FIELDS["color"]))
