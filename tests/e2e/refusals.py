"""What tests of bad input to Live Activities share: something that no bad input may change."""

from typing import Any

import httpx

from tests.e2e.backend import JSON, Backend, steps
from tests.team import Phone, Team

COLORS = "lime, green, cyan, blue, purple, magenta, red, orange, yellow, gray"
METRIC = {"label": "CPU", "value": 9}
BUTTON = {"title": "t", "type": "webhook", "url": "https://example.com/h"}
EVERYWHERE = ["start", "update", "end", "PUT", "DELETE"]


def metrics(*items: Any) -> JSON:
    """A content state of type `metrics`."""
    return {"title": "t", "type": "metrics", "metrics": list(items)}


def without(state: JSON, *names: str) -> JSON:
    """The state without some fields."""
    return {name: value for name, value in state.items() if name not in names}


class Scene:
    """A phone that shows an activity and a stream, which no bad input may change."""

    def __init__(self, team: Team) -> None:
        self._team = team
        slug, channel_id = team.channel()
        self.phone: Phone = team.phone(channel_id=channel_id)
        self.backend = Backend(team.key(slug))
        self.stream_key = team.unique("stream")
        self.activity_id: str = self.backend.start(steps())["activity_id"]
        self.backend.put(self.stream_key, steps())

    def send(self, where: str, body: JSON) -> httpx.Response:
        """The body to an endpoint; to those that need it with the activity's id."""
        if where in ("PUT", "DELETE"):
            return self.backend.call(where, f"stream/{self.stream_key}", body)
        named = body if where == "start" else {"activity_id": self.activity_id, **body}
        return self.backend.call("POST", where, named)

    def is_unchanged(self) -> None:
        """Fails if anything has come of what was sent: on the phone, or in what the server keeps."""
        cards = self.phone.cards()
        assert [card["content_state"] for card in cards] == [steps()] * 2
        assert [card["updates"] for card in cards] == [0, 0]
        for card in cards:
            kept = self._team.ask("GET", f"/api/live-activities/{card['activity_id']}")["live_activity"]
            assert (kept["content_state"], kept["version"], kept["updates"]) == (steps(), 1, 0)
            assert not kept.keys() & {"tags", "metadata", "action", "secondary_action", "ended_at"}


def assert_refused(answer: httpx.Response, message: str) -> None:
    """Fails unless the answer says this, and names the field with which it begins."""
    assert answer.status_code == 400, answer.text
    told = answer.json()
    assert told["error"] == "Invalid request"
    assert message in told["message"]
    assert told["message"].startswith(f"{told['field']} ") or "or value with upper_limit" in message
