"""Live Activities in words: how far devices have come, what became of pushes."""

import json
from collections.abc import Mapping
from typing import Any

from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import live_activity_record_pb2 as records
from smith.core.v1.json_object_pb2 import JsonObject

PHASES: Mapping[int, tuple[str, str]] = {
    records.LIVE_ACTIVITY_PHASE_REQUESTED: ("Starting", "info"),
    records.LIVE_ACTIVITY_PHASE_STARTED: ("Waiting for token", "warn"),
    records.LIVE_ACTIVITY_PHASE_LIVE: ("Live", "good"),
    records.LIVE_ACTIVITY_PHASE_ENDED: ("Ended", "neutral"),
    records.LIVE_ACTIVITY_PHASE_DISMISSED: ("Dismissed", "neutral"),
    records.LIVE_ACTIVITY_PHASE_FAILED: ("Failed", "bad"),
}
"""A phase's name and tone."""

EVENTS: Mapping[int, str] = {
    attempts.DELIVERY_EVENT_START: "Start",
    attempts.DELIVERY_EVENT_UPDATE: "Update",
    attempts.DELIVERY_EVENT_END: "End",
}

OUTCOMES: Mapping[int, tuple[str, str]] = {
    attempts.DELIVERY_OUTCOME_ACCEPTED: ("Accepted", "good"),
    attempts.DELIVERY_OUTCOME_RETRY: ("Tried again", "warn"),
    attempts.DELIVERY_OUTCOME_TOKEN_DEAD: ("Token dead", "bad"),
    attempts.DELIVERY_OUTCOME_REJECTED: ("Rejected", "bad"),
    attempts.DELIVERY_OUTCOME_MISCONFIGURED: ("APNs settings wrong", "bad"),
}


def read(document: JsonObject) -> dict[str, Any]:
    """The object; an empty one if there is none."""
    value: dict[str, Any] = json.loads(document.json or "{}")
    return value
