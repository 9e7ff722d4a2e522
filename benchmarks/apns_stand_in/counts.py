"""What has come: counters, and the last state of each Live Activity."""

import asyncio
import json
from typing import Any

from benchmarks.apns_stand_in.push_heads import PushHead
from simulator.apns.stats import RecentIds, RecentTimestamps

LIVE_ACTIVITY = b"liveactivity"


class Counts:
    """Counters since the start or the last reset, of all connections together."""

    def __init__(self) -> None:
        self.in_flight = 0
        """Pushes without an answer, now."""
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self.reset()

    def reset(self) -> None:
        """Sets all counters to 0, but not the number of pushes in flight."""
        self.accepted = self.rejected = self.duplicates = self.protocol_errors = 0
        self.peak_in_flight = self.in_flight
        self.connections_opened = 0
        self.live_activity_updates = self.timestamps_backwards = 0
        self._apns_ids = RecentIds()
        self._timestamps = RecentTimestamps()
        self._states: dict[str, Any] = {}
        for _, waiter in self._waiting:
            waiter.cancel()
        self._waiting.clear()

    def open(self) -> None:
        """A push has begun."""
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def close(self, count: int) -> None:
        """So many pushes have an answer now, or will never have one."""
        self.in_flight -= count

    def read(self, head: PushHead, body: bytes) -> str:
        """Looks at a complete push. Returns Apple's reason to refuse it; empty if there is none."""
        if head.fault:
            return head.fault
        if not body.startswith(b"{"):
            return "PayloadEmpty"
        if head.push_type == LIVE_ACTIVITY and not self._read_live_activity(head.token.decode("latin-1"), body):
            return "BadPayload"
        if head.apns_id and self._apns_ids.seen_before(head.apns_id.decode("latin-1")):
            self.duplicates += 1
        return ""

    def _read_live_activity(self, token: str, body: bytes) -> bool:
        """Whether the body can be read."""
        try:
            aps = json.loads(body)["aps"]
            event, timestamp, state = aps["event"], float(aps["timestamp"]), aps["content-state"]
        except (ValueError, LookupError, TypeError):
            return False
        if event == "update":
            self.live_activity_updates += 1
            if (step := self._timestamps.step(token, timestamp)) is not None and step < 0:
                self.timestamps_backwards += 1
            else:
                self._states[token] = state
        return True

    def add_accepted(self, count: int) -> None:
        """So many pushes were answered with 200."""
        self.accepted += count
        if self._waiting:
            for waiting in [one for one in self._waiting if one[0] <= self.accepted]:
                self._waiting.remove(waiting)
                if not waiting[1].done():
                    waiting[1].set_result(None)

    async def until_accepted(self, count: int) -> None:
        """Returns once that many pushes were answered with 200. Is cancelled by a reset."""
        if self.accepted < count:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((count, waiter))
            await waiter

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return {
            "accepted": self.accepted,
            "rejected": self.rejected,
            "duplicates_by_apns_id": self.duplicates,
            "live_activity_updates": self.live_activity_updates,
            "timestamps_backwards": self.timestamps_backwards,
            "protocol_errors": self.protocol_errors,
            "connections_opened": self.connections_opened,
            "in_flight": self.in_flight,
            "peak_in_flight": self.peak_in_flight,
        }

    def states(self) -> list[Any]:
        """The newest content state of each token of a Live Activity that was updated."""
        return list(self._states.values())
