"""The buttons of a Live Activity that was recorded."""

from typing import Any

from smith.core.v1.live_activity_record_pb2 import LiveActivity

from admin_ui.activities.words import read


def buttons_of(activity: LiveActivity) -> list[dict[str, Any]]:
    """The buttons as phones get them, the first one first."""
    return [read(getattr(activity, name)) for name in ("action", "secondary_action") if activity.HasField(name)]
