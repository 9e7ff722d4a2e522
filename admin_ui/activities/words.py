"""Live Activities in words: how far devices have come, what became of pushes."""

import json
from collections.abc import Mapping
from typing import Any

from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import live_activity_record_pb2 as records
from smith.core.v1.json_object_pb2 import JsonObject

from admin_ui.texts import _

PHASES: Mapping[int, tuple[str, str]] = {
    records.LIVE_ACTIVITY_PHASE_REQUESTED: (_("Starting"), "info"),
    records.LIVE_ACTIVITY_PHASE_STARTED: (_("Waiting for token"), "warn"),
    records.LIVE_ACTIVITY_PHASE_LIVE: (_("Live"), "good"),
    records.LIVE_ACTIVITY_PHASE_ENDED: (_("Ended"), "neutral"),
    records.LIVE_ACTIVITY_PHASE_DISMISSED: (_("Dismissed"), "neutral"),
    records.LIVE_ACTIVITY_PHASE_FAILED: (_("Failed"), "bad"),
}
"""A phase's name and tone."""

IN_PHASE: Mapping[int, str] = {
    records.LIVE_ACTIVITY_PHASE_REQUESTED: _("{count:,} starting"),
    records.LIVE_ACTIVITY_PHASE_STARTED: _("{count:,} waiting for token"),
    records.LIVE_ACTIVITY_PHASE_LIVE: _("{count:,} live"),
    records.LIVE_ACTIVITY_PHASE_ENDED: _("{count:,} ended"),
    records.LIVE_ACTIVITY_PHASE_DISMISSED: _("{count:,} dismissed"),
    records.LIVE_ACTIVITY_PHASE_FAILED: _("{count:,} failed"),
}

BY_BROADCAST = _("By broadcast"), "good"


def phase_of(device: records.LiveActivityDevice) -> tuple[str, str]:
    """The name and tone of a device's phase. One that listens to a broadcast waits for no token."""
    started = device.phase == records.LIVE_ACTIVITY_PHASE_STARTED
    return BY_BROADCAST if started and device.by_broadcast else PHASES[device.phase]


EVENTS: Mapping[int, str] = {
    attempts.DELIVERY_EVENT_START: _("Start"),
    attempts.DELIVERY_EVENT_UPDATE: _("Update"),
    attempts.DELIVERY_EVENT_END: _("End"),
}

OUTCOMES: Mapping[int, tuple[str, str]] = {
    attempts.DELIVERY_OUTCOME_ACCEPTED: (_("Accepted"), "good"),
    attempts.DELIVERY_OUTCOME_RETRY: (_("Tried again"), "warn"),
    attempts.DELIVERY_OUTCOME_TOKEN_DEAD: (_("Token dead"), "bad"),
    attempts.DELIVERY_OUTCOME_REJECTED: (_("Rejected"), "bad"),
    attempts.DELIVERY_OUTCOME_MISCONFIGURED: (_("APNs settings wrong"), "bad"),
}


def read(document: JsonObject) -> dict[str, Any]:
    """The object; an empty one if there is none."""
    value: dict[str, Any] = json.loads(document.json or "{}")
    return value


def in_phase(phase: int, devices: int) -> str:
    """How many devices are in this phase, as in `3 live`."""
    return IN_PHASE[phase].format(count=devices)
