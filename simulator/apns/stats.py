"""The simulated APNs' counters, with limited memory."""

from simulator.apns.live_activity_stats import LiveActivityStats
from simulator.apns.recent import RecentIds

MAX_PROVIDER_TOKENS = 10_000


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
            "streams_open": self.streams_open,
            "peak_streams": self.peak_streams,
            "connections_opened": self.connections_opened,
            "connections_open": self.connections_open,
            "distinct_provider_tokens": len(self._provider_tokens),
            "protocol_errors": self.protocol_errors,
            **self.live_activities.as_dict(),
        }
