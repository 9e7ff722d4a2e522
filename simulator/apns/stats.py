"""What the simulated APNs counts, within bounded memory."""

from typing import Any

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
    """The last `aps.timestamp` per token, for at least the last `GENERATION` tokens."""

    def __init__(self) -> None:
        self._new: dict[str, float] = {}
        self._old: dict[str, float] = {}

    def goes_back(self, token: str, timestamp: float) -> bool:
        """Whether `timestamp` is not later than the token's last one; remembers it if it is."""
        last = self._new.get(token, self._old.get(token))
        if last is not None and timestamp <= last:
            return True
        self._new[token] = timestamp
        if len(self._new) >= GENERATION:
            self._old, self._new = self._new, {}
        return False


class Stats:
    """Counters since the start or the last reset."""

    def __init__(self) -> None:
        self.streams_open = 0
        self.connections_open = 0
        self.reset()

    def reset(self) -> None:
        """Zeroes everything but what is open at this moment."""
        self.accepted = 0
        self.rejected = 0
        self.duplicates_by_apns_id = 0
        self.timestamps_backwards = 0
        self.peak_streams = 0
        """The most streams that were open at once on one connection."""
        self.connections_opened = 0
        self.protocol_errors = 0
        self._apns_ids = RecentIds()
        self._timestamps = RecentTimestamps()
        self._provider_tokens: set[bytes] = set()

    def count_accepted(self, apns_id: str) -> None:
        """Counts a push answered with 200."""
        self.accepted += 1
        if self._apns_ids.seen_before(apns_id):
            self.duplicates_by_apns_id += 1

    def count_live_activity(self, token: str, aps: Any) -> None:
        """Checks that the timestamps of an activity's updates rise. Starts of different activities share a token."""
        if not isinstance(aps, dict) or aps.get("event") not in ("update", "end"):
            return
        timestamp = aps.get("timestamp")
        if isinstance(timestamp, int | float) and self._timestamps.goes_back(token, timestamp):
            self.timestamps_backwards += 1

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
            "timestamps_backwards": self.timestamps_backwards,
            "streams_open": self.streams_open,
            "peak_streams": self.peak_streams,
            "connections_opened": self.connections_opened,
            "connections_open": self.connections_open,
            "distinct_provider_tokens": len(self._provider_tokens),
            "protocol_errors": self.protocol_errors,
        }
