"""What a phone is told of its Live Activities, as protobuf carries it."""

from smith.core.v1 import json_object_pb2, live_activity_pb2

from core_service.common.reading import to_timestamp
from core_service.common.validation import write_json
from core_service.phones.live_activities import ShownActivity, ShownPhase

PHASES = {
    ShownPhase.STARTING: live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_STARTING,
    ShownPhase.ACTIVE: live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_ACTIVE,
    ShownPhase.ENDED: live_activity_pb2.DEVICE_LIVE_ACTIVITY_PHASE_ENDED,
}


def to_live_activity(shown: ShownActivity) -> live_activity_pb2.DeviceLiveActivity:
    """An activity as the phone should show it."""
    return live_activity_pb2.DeviceLiveActivity(
        activity_id=shown.activity_id,
        phase=PHASES[shown.phase],
        content_state=json_object_pb2.JsonObject(json=write_json(shown.content_state).decode()),
        timestamp=shown.timestamp,
        started_at=to_timestamp(shown.started_at),
        stale_at=to_timestamp(shown.stale_at),
        dismiss_at=to_timestamp(shown.dismiss_at),
    )
