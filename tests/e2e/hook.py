"""A webhook that actions of tests call."""

from typing import Any

from tests.stack import Stack
from tests.team import Team

JSON = dict[str, Any]
BODY = {"build_id": 9007199254740993, "ratio": 0.1, "name": "é", "deep": [{"a": None}]}


class Hook:
    """A webhook of a test's own: a name in the simulator's sink."""

    def __init__(self, stack: Stack, team: Team) -> None:
        self.name = team.unique("hook")
        self.url = f"{stack.quickstart.webhook_sink_url}/{self.name}"
        self._http = team.simulator

    def action(self, **other: Any) -> JSON:
        """A button that calls it."""
        return {"title": "Restart", "type": "webhook", "url": self.url, "body": BODY, **other}

    def calls(self) -> list[JSON]:
        """What came, oldest first."""
        return list(self._http.get(f"/webhooks/{self.name}").json()["calls"])

    def answers(self, *answers: JSON) -> None:
        """How the next calls are answered."""
        answer = self._http.post(f"/webhooks/{self.name}/answers", json={"answers": answers})
        assert answer.status_code == 200, answer.text
