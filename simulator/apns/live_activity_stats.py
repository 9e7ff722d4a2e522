"""The simulated APNs' counters of accepted pushes for Live Activities."""

from typing import Any

from simulator.apns.directory import TokenEntry
from simulator.apns.recent import RecentIds, RecentTimestamps


class LiveActivityStats:
    """Counters since the object was made."""

    def __init__(self) -> None:
        self._events = {"start": 0, "update": 0, "end": 0}
        self._duplicate_starts = 0
        self._timestamps_backwards = 0
        self._timestamps_repeated = 0
        self._starts = RecentIds()
        self._timestamps = RecentTimestamps()

    def count(self, token: str, entry: TokenEntry | None, aps: Any) -> None:
        """Counts a push answered with 200; `entry` is that of its token."""
        event = aps.get("event") if isinstance(aps, dict) else None
        if not isinstance(event, str) or event not in self._events:
            return
        self._events[event] += 1
        activity = _started(aps) if event == "start" else None
        if activity is not None and self._starts.seen_before(f"{token}/{activity}"):
            self._duplicate_starts += 1
        timestamp = aps.get("timestamp")
        if isinstance(timestamp, int | float) and (event != "start" or activity is not None):
            self._compare(_key(token, entry, activity), timestamp)

    def _compare(self, key: str, timestamp: float) -> None:
        step = self._timestamps.step(key, timestamp)
        if step is None:
            return
        if step < 0:
            self._timestamps_backwards += 1
        elif step == 0:
            self._timestamps_repeated += 1

    def as_dict(self) -> dict[str, int]:
        """All counters by name. A repeated timestamp is most likely a retry; an earlier one is a fault."""
        return {
            "live_activity_starts": self._events["start"],
            "live_activity_updates": self._events["update"],
            "live_activity_ends": self._events["end"],
            "duplicate_starts": self._duplicate_starts,
            "timestamps_backwards": self._timestamps_backwards,
            "timestamps_repeated": self._timestamps_repeated,
        }


def _started(aps: dict[str, Any]) -> str | None:
    attributes = aps.get("attributes")
    activity = attributes.get("activity_id") if isinstance(attributes, dict) else None
    return activity if isinstance(activity, str) else None


def _key(token: str, entry: TokenEntry | None, started: str | None) -> str:
    # Timestamps rise per activity and device: across its update tokens, and from its start on.
    activity = started if entry is None or started is not None else entry.activity_id
    return token if activity is None else f"{entry.device if entry else token}/{activity}"
