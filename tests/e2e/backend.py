"""A backend that shows Live Activities, as a customer writes one: an API key, some states, the documented calls."""

import concurrent.futures
import threading
from collections.abc import Sequence
from typing import Any

import httpx

from tests.waiting import LONG

JSON = dict[str, Any]


def steps(current: int = 1, total: int = 3, **other: Any) -> JSON:
    """A content state of type `segmented_progress`."""
    return {
        "title": "Nightly database backup",
        "type": "segmented_progress",
        "number_of_steps": total,
        "current_step": current,
        **other,
    }


def progress(percentage: float, **other: Any) -> JSON:
    """A content state of type `progress`."""
    return {"title": "EV Charging", "type": "progress", "percentage": percentage, **other}


def devices(answer: JSON) -> int:
    """How many devices an answer speaks of: those that have the state, and those that are about to get it."""
    return int(answer["devices_notified"]) + int(answer["devices_queued"])


def change(activity_id: str, content_state: JSON) -> JSON:
    """The body of an update or an end."""
    return {"activity_id": activity_id, "content_state": content_state}


class Backend:
    """Calls as documented. The methods named like deeds must succeed and return the answer; `call` may do anything.

    It remembers what it has started, so that `leave_nothing` can end it.
    """

    def __init__(self, key: httpx.Client) -> None:
        self.key = key
        self._activities: list[str] = []
        self._streams: set[str] = set()

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Any call below /api/live-activity/."""
        answer = self.key.request(method, f"/api/live-activity/{path}", json=body)
        self._remember(path, answer)
        return answer

    def start(self, content_state: JSON, **other: Any) -> JSON:
        """Starts an activity."""
        return _ok(self.call("POST", "start", {"content_state": content_state, **other}))

    def update(self, activity_id: str, content_state: JSON, **other: Any) -> JSON:
        """Updates an activity."""
        body = {"activity_id": activity_id, "content_state": content_state, **other}
        return _ok(self.call("POST", "update", body))

    def end(self, activity_id: str, content_state: JSON, **other: Any) -> JSON:
        """Ends an activity."""
        body = {"activity_id": activity_id, "content_state": content_state, **other}
        return _ok(self.call("POST", "end", body))

    def put(self, stream_key: str, content_state: JSON, **other: Any) -> JSON:
        """Says what a stream shows."""
        return _ok(self.call("PUT", f"stream/{stream_key}", {"content_state": content_state, **other}))

    def delete(self, stream_key: str, content_state: JSON | None = None, **other: Any) -> JSON:
        """Ends a stream."""
        body = None if content_state is None else {"content_state": content_state, **other}
        return _ok(self.call("DELETE", f"stream/{stream_key}", body))

    def together(self, calls: Sequence[tuple[str, str, JSON]]) -> list[httpx.Response]:
        """Makes all calls at the same instant: (method, path, body) each. Returns the answers in the calls' order."""
        barrier = threading.Barrier(len(calls))

        def one(call: tuple[str, str, JSON]) -> httpx.Response:
            barrier.wait(LONG)
            return self.call(*call)

        with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(one, calls))

    def leave_nothing(self) -> None:
        """Ends whatever it has started and what is still there; what is not there is fine."""
        for stream_key in self._streams:
            self.key.delete(f"/api/live-activity/stream/{stream_key}")
        for activity_id in self._activities:
            state = {"title": "over", "type": "progress", "percentage": 100, "auto_dismiss_minutes": 0}
            self.key.post("/api/live-activity/end", json={"activity_id": activity_id, "content_state": state})

    def _remember(self, path: str, answer: httpx.Response) -> None:
        if not answer.is_success:
            return
        if path == "start":
            self._activities.append(answer.json()["activity_id"])
        elif path.startswith("stream/"):
            self._streams.add(path.split("/")[1])


def _ok(answer: httpx.Response) -> JSON:
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return dict(answer.json())
