"""One server for all documents, and the checkout in which their commands are run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.running import Workspace
from tests.stack import ANY_PORT, PATIENCE, Stack
from tests.team import Phone, Team

METRICS = {
    "SMITH_GATEWAY_METRICS_PORT": "127.0.0.1:9101",
    "SMITH_CORE_METRICS_PORT": "127.0.0.1:9102",
    "SMITH_DELIVERY_METRICS_PORT": "127.0.0.1:9103",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Stack]:
    """A server as the documents describe it, whose phones somebody may command as they like."""
    with Stack(None, SMITH_RATE_LIMIT_PER_MINUTE="1000000", **PATIENCE, **dict.fromkeys(METRICS, ANY_PORT)) as stack:
        yield stack.start()


@pytest.fixture(scope="module")
def workspace(server: Stack, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Where the commands are run."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "backups").mkdir()
    return Workspace(folder, server, _places(server, folder))


def _places(server: Stack, folder: Path) -> dict[str, str]:
    ports = server.ports
    return {
        "127.0.0.1:8000": f"127.0.0.1:{ports['SMITH_GATEWAY_PORT']}",
        "127.0.0.1:50051": f"127.0.0.1:{ports['SMITH_CORE_PORT']}",
        "127.0.0.1:50052": f"127.0.0.1:{ports['SMITH_DELIVERY_PORT']}",
        "127.0.0.1:8090": f"127.0.0.1:{ports['SMITH_SIMULATOR_PORT']}",
        "127.0.0.1:8444": f"127.0.0.1:{ports['SMITH_WEBHOOK_SIMULATOR_PORT']}",
        **{documented: f"127.0.0.1:{ports[name]}" for name, documented in METRICS.items()},
        "/srv/backups": str(folder / "backups"),
    }


@pytest.fixture(scope="module")
def owner(server: Stack) -> Team:
    """The account of its first start."""
    return Team.of(server)


@pytest.fixture
def _tidy(server: Stack, owner: Team) -> Iterator[None]:
    """Leaves nothing of a test but owner, key and phone as the first start made them."""
    yield
    owner.no_faults()
    _clear_account(owner, server.phone_id)
    _clear_phone(Phone(owner.simulator, server.phone_id))


def _clear_account(team: Team, phone_id: str) -> None:
    for stream in team.ask("GET", "/api/live-activity/streams")["streams"]:
        team.ask("DELETE", f"/api/live-activity/stream/{stream['stream_key']}")
    for activity in team.ask("GET", "/api/live-activities?status=active")["live_activities"]:
        team.ask("POST", f"/api/live-activities/{activity['activity_id']}/stop")
    for phone in team.simulator.get("/phones").json()["phones"]:
        if phone["id"] != phone_id:
            Phone(team.simulator, phone["id"]).remove()
    kept = Phone(team.simulator, phone_id).device_id
    for device in team.ask("GET", "/api/devices")["devices"]:
        if device["id"] != kept:
            team.ask("DELETE", f"/api/devices/{device['id']}")
    for channel in team.ask("GET", "/api/channels")["channels"]:
        team.ask("DELETE", f"/api/channels/{channel['id']}")


def _clear_phone(phone: Phone) -> None:
    # Documents start more cards in a minute than iOS lets an app start in an hour.
    phone.do("settings", offline=False, token_delay_seconds=0, update_token_delay_seconds=0, start_budget_per_hour=1000)
    phone.do("open")
    for card in phone.cards():
        phone.dismiss(card["activity_id"])
    phone.do("notifications/clear")
