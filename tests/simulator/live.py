"""A phone with Live Activities, as the tests see it."""

import itertools
import time
from collections.abc import Callable
from typing import Any

from tests.simulator.gateway import Account
from tests.simulator.process import SimulatorProcess, eventually
from tests.simulator.sender import TOPIC, Answer, Sender

LIVE = {"apns_push_type": "liveactivity", "apns_topic": f"{TOPIC}.push-type.liveactivity"}
HOUR = 3600

_clicks = itertools.count(1_800_000_000)


def tick() -> int:
    """An `aps.timestamp` later than all before."""
    return next(_clicks)


def state(title: str = "T", **other: Any) -> dict[str, Any]:
    """A content state."""
    return {"title": title, "type": "progress", "percentage": 10, **other}


def start(activity_id: str, **aps: Any) -> dict[str, Any]:
    """A push that starts an activity; None takes a key of `aps` away."""
    usual = {
        "timestamp": tick(), "event": "start", "attributes-type": "ActivitySmithAttributes",
        "attributes": {"activity_id": activity_id}, "content-state": state(),
        "alert": {"title": "It begins", "body": "now", "sound": "default"}, "input-push-token": 1,
    }  # fmt: skip
    merged = {**usual, **{name.replace("_", "-"): value for name, value in aps.items()}}
    return {"aps": {name: value for name, value in merged.items() if value is not None}}


def change(event: str = "update", title: str = "T", **aps: Any) -> dict[str, Any]:
    """A push that updates or ends an activity."""
    usual = {"timestamp": tick(), "event": event, "content-state": state(title)}
    return {"aps": {**usual, **{name.replace("_", "-"): value for name, value in aps.items()}}}


class LivePhone:
    """A phone on a simulator whose gateway is the stand-in."""

    def __init__(self, simulator: SimulatorProcess, sender: Sender, record: dict[str, Any], account: Account) -> None:
        self.simulator = simulator
        self.sender = sender
        self.id: str = record["id"]
        self.record = record
        self.account = account

    def read(self) -> dict[str, Any]:
        """The phone with its screen."""
        return self.simulator.phone(self.id)

    def cards(self) -> list[dict[str, Any]]:
        """Its Live Activities."""
        return list(self.read()["live_activities"])

    def card(self, activity_id: str = "a") -> dict[str, Any]:
        """One of them, which must be there."""
        (card,) = [one for one in self.cards() if one["activity_id"] == activity_id]
        return card

    def dropped(self) -> dict[str, int]:
        """What changed nothing, and why."""
        return dict(self.read()["dropped"])

    def settings(self, **change: Any) -> None:
        """Changes its settings."""
        self.simulator.change_phone(self.id, **change)

    def do(self, what: str, **body: Any) -> dict[str, Any]:
        """Something that a person or iOS does."""
        response = self.simulator.http.post(f"/phones/{self.id}/{what}", json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def now(self) -> int:
        """The time on its clock."""
        return int(time.time() + self.simulator.http.get("/clock").json()["offset_seconds"])

    def advance(self, seconds: float) -> None:
        """Puts its clock forward."""
        assert self.simulator.http.post("/clock", json={"advance_seconds": seconds}).status_code == 200

    async def start(self, activity_id: str = "a", *, headers: dict[str, str] | None = None, **aps: Any) -> Answer:
        """Pushes a start."""
        token = self.read()["push_to_start_token"]
        return await self.sender.push(token, start(activity_id, **aps), **{**LIVE, **(headers or {})})

    async def started(self, activity_id: str = "a", **aps: Any) -> str:
        """Pushes a start that works; returns the update token."""
        assert (await self.start(activity_id, **aps)).status == 200
        return str(self.card(activity_id)["update_token"])

    async def push(self, token: str, body: object, priority: int = 5, **headers: str) -> Answer:
        """Pushes to an update token."""
        return await self.sender.push(token, body, **{**LIVE, "apns_priority": str(priority), **headers})

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Polls until `condition()` is true; returns its value."""
        return await eventually(condition)
