"""The state that a paused stream keeps until it is resumed, as JSON text."""

import json
import uuid
from collections.abc import Sequence

from core_service.identity.principal import ChannelRef
from core_service.live_activities.state.activity import ActivityState


def to_held(state: ActivityState, channels: Sequence[ChannelRef] | None, *, over: bool = False) -> str:
    """The state and its target as a paused stream stores them: JSON text. `over`: it is not to be shown when the
    stream is resumed."""
    return json.dumps(
        {
            "over": over,
            "fields": state.fields,
            "action": state.action,
            "secondary_action": state.secondary_action,
            "tags": state.tags,
            "metadata": state.metadata,
            "dismiss_after_seconds": state.dismiss_after_seconds,
            "channels": None if channels is None else [[str(channel.id), channel.slug] for channel in channels],
        }
    )


def from_held(held: str) -> tuple[ActivityState, tuple[ChannelRef, ...] | None]:
    """Reads what `to_held` wrote."""
    kept = json.loads(held)
    channels = kept["channels"]
    refs = None if channels is None else tuple(ChannelRef(uuid.UUID(id_), slug) for id_, slug in channels)
    state = ActivityState(
        kept["fields"],
        kept["action"],
        kept["dismiss_after_seconds"],
        # An older release did not keep these.
        secondary_action=kept.get("secondary_action"),
        tags=tuple(kept.get("tags", ())),
        metadata=kept.get("metadata"),
    )
    return state, refs


def is_over(held: str) -> bool:
    """Whether the stream had nothing to show when it was paused, and no state has come since."""
    return bool(json.loads(held)["over"])
