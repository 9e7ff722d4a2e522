"""A simulated browser, as the tests see it."""

import uuid
from typing import Any

import httpx

from tests.simulator.app_server import AppServer
from tests.simulator.gateway import Account, StandInGateway
from tests.simulator.process import SimulatorProcess


class PairedBrowser:
    """A browser on a simulator whose gateway is the stand-in."""

    def __init__(self, simulator: SimulatorProcess, server: AppServer, browser_id: str, account: Account) -> None:
        self.simulator = simulator
        self.server = server
        self.id = browser_id
        self.account = account

    @classmethod
    def pair(
        cls, simulator: SimulatorProcess, gateway: StandInGateway, server: AppServer, kind: str
    ) -> "PairedBrowser":
        """A new one."""
        name = uuid.uuid4().hex
        response = simulator.http.post("/browsers", json={"pairing_code": "ABCD-EFGH", "name": name, "kind": kind})
        assert response.status_code == 201, response.text
        return cls(simulator, server, response.json()["id"], gateway.account(f"dev_{name}"))

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The subscriptions that the server was told."""
        return [body for _, path, body in self.account.calls if path == "web-subscription"]

    def read(self) -> dict[str, Any]:
        """The browser with its screen."""
        response = self.simulator.http.get(f"/browsers/{self.id}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def titles(self) -> list[str]:
        """The titles of the notifications, oldest first."""
        return [one["title"] for one in self.read()["notifications"]]

    def cards(self) -> list[dict[str, Any]]:
        """Its Live Activities."""
        return list(self.read()["live_activities"])

    def dropped(self) -> dict[str, int]:
        """What changed nothing, and why."""
        return dict(self.read()["dropped"])

    def do(self, what: str, **body: Any) -> dict[str, Any]:
        """Something that a person or the browser does."""
        response = self.simulator.http.post(f"/browsers/{self.id}/{what}", json=body)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def settings(self, **change: Any) -> None:
        """Changes its settings."""
        self.do("settings", **change)

    def push(self, message: object, **options: Any) -> httpx.Response:
        """Sends a message to the subscription that was reported last."""
        return self.server.push(self.reports[-1], message, **options)

    def pushed(self, message: object, **options: Any) -> None:
        """Sends a message that is accepted."""
        answer = self.push(message, **options)
        assert answer.status_code == 201, answer.text
