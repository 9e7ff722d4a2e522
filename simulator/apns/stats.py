"""The simulated APNs' counters, with limited memory: of requests, connections and pushes for Live Activities."""

from typing import Any

from simulator.apns.directory import TokenEntry

GENERATION = 200_000
MAX_PROVIDER_TOKENS = 10_000


class RecentIds:
    """A set that remembers at least the last `GENERATION` members and at most twice as many."""

    def __init__(self) -> None:
        self._new: set[str] = set()
        self._old: set[str] = set()

    def seen_before(self, member: str) -> bool:
        """Whether `member` was given before; remembers it."""
        if member in self._new or member in self._old:
            return True
        self._new.add(member)
        if len(self._new) >= GENERATION:
            self._old, self._new = self._new, set()
        return False


class RecentTimestamps:
    """The highest timestamp per key, for at least the last `GENERATION` keys."""

    def __init__(self) -> None:
        self._new: dict[str, float] = {}
        self._old: dict[str, float] = {}

    def step(self, key: str, timestamp: float) -> float | None:
        """How much later `timestamp` is than the key's highest so far (None: the first). Remembers it if it is
        later."""
        last = self._new.get(key, self._old.get(key))
        if last is None or timestamp > last:
            self._new[key] = timestamp
            if len(self._new) >= GENERATION:
                self._old, self._new = self._new, {}
        return None if last is None else timestamp - last


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


class Stats:
    """Counters since the start or the last reset."""

    def __init__(self) -> None:
        self.streams_open = 0
        self.connections_open = 0
        self.reset()

    def reset(self) -> None:
        """Sets all counters to 0, except those of what is open at this moment."""
        self.accepted = 0
        self.rejected = 0
        self.duplicates_by_apns_id = 0
        self.peak_streams = 0
        """The most streams that were open at once on one connection."""
        self.connections_opened = 0
        self.broadcasts = 0
        """Broadcasts accepted, each of which is one push however many phones get it."""
        self.channels_created = 0
        self.channels_deleted = 0
        self.protocol_errors = 0
        self._apns_ids = RecentIds()
        self.live_activities = LiveActivityStats()
        self._provider_tokens: set[bytes] = set()

    def count_accepted(self, apns_id: str) -> None:
        """Counts a push answered with 200."""
        self.accepted += 1
        if self._apns_ids.seen_before(apns_id):
            self.duplicates_by_apns_id += 1

    def count_provider_token(self, digest: bytes) -> None:
        """Counts a valid provider token, each text once."""
        if len(self._provider_tokens) < MAX_PROVIDER_TOKENS:
            self._provider_tokens.add(digest)

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return {
            "accepted": self.accepted,
            "rejected": self.rejected,
            "duplicates_by_apns_id": self.duplicates_by_apns_id,
            "broadcasts": self.broadcasts,
            "channels_created": self.channels_created,
            "channels_deleted": self.channels_deleted,
            "streams_open": self.streams_open,
            "peak_streams": self.peak_streams,
            "connections_opened": self.connections_opened,
            "connections_open": self.connections_open,
            "distinct_provider_tokens": len(self._provider_tokens),
            "protocol_errors": self.protocol_errors,
            **self.live_activities.as_dict(),
        }
