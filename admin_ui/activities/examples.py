"""Example commands that can be run without changes."""

from typing import Any

from smith.core.v1.live_activity_record_pb2 import LIVE_ACTIVITY_STATUS_ACTIVE, LiveActivity

from admin_ui.activities.words import read
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import curl
from admin_ui.texts import _

FIRST_STATE: dict[str, Any] = {
    "title": _("Nightly backup"),
    "subtitle": _("upload archive"),
    "type": "segmented_progress",
    "number_of_steps": 3,
    "current_step": 2,
}


def first_stream(gateway_url: str) -> str:
    """A curl command that shows a state under a stream key, whether or not the stream exists."""
    return curl(ApiRequest(Operation.STREAM, {"content_state": FIRST_STATE}, "nightly-backup"), gateway_url)


def next_state(activity: LiveActivity, gateway_url: str, *, has_stream: bool) -> str | None:
    """A curl command with the activity's state, for editing. None if it has ended and no stream would start another."""
    body: dict[str, Any] = {"content_state": read(activity.content_state)}
    if has_stream:
        if activity.channel_slugs:
            body["target"] = {"channels": list(activity.channel_slugs)}
        return curl(ApiRequest(Operation.STREAM, body, activity.stream_key), gateway_url)
    if activity.status != LIVE_ACTIVITY_STATUS_ACTIVE:
        return None
    return curl(ApiRequest(Operation.UPDATE, {"activity_id": activity.activity_id, **body}), gateway_url)
