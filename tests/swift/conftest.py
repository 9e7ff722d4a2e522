"""Tests of the Swift in `ios/`. `make test-swift` runs them, after the package's own tests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.e2e.backend import Backend
from tests.stack import Stack
from tests.swift.smith_phone import SmithPhone
from tests.team import Team

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They need Swift, which is not on every machine."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("swift")


@pytest.fixture(scope="session")
def team(stack: Stack) -> Team:
    """The account of a server of these tests."""
    return Team.of(stack)


@dataclass
class Paired:
    """A phone with the kit, in a channel of its own, and what a backend sends to it with."""

    phone: SmithPhone
    team: Team
    device_id: str
    channel_id: str
    key: httpx.Client
    backend: Backend
    push_token: str
    start_token: str

    def pushes(self, token: str | None = None) -> list[dict[str, Any]]:
        """What APNs was sent for the push token, or another one, oldest first."""
        return [one["document"] for one in self.team.sent_to(token or self.push_token)]

    def starts(self) -> list[dict[str, Any]]:
        """What APNs was sent for the push-to-start token, oldest first."""
        return self.pushes(self.start_token)

    def given(self, activity_id: str) -> str:
        """iOS gives an activity an update token, and the app reports it."""
        token = secrets.token_hex(32)
        self.team.accept(token)
        assert self.phone.do("updateToken", activity=activity_id, token=token)["update_tokens"][1] == 0
        return token


def pairing_link(team: Team) -> str:
    """What the QR code of a new pairing code says."""
    code = team.ask("POST", "/api/pairing-codes")["pairing_code"]
    return "activitysmith://pair?" + urlencode({"server": team.base_url, "code": code})


@contextmanager
def paired_with(team: Team, folder: Path) -> Iterator[Paired]:
    """A phone that was paired by a link with the team's server, and has reported its tokens."""
    slug, channel_id = team.channel()
    push_token, start_token = secrets.token_hex(32), secrets.token_hex(32)
    team.accept(push_token, start_token)
    with SmithPhone(folder) as phone:
        device_id = phone.do("pair", link=pairing_link(team), name="Ada's iPhone")["device_id"]
        tokens = {
            "push_token": push_token,
            "push_to_start_token": start_token,
            "environment": "sandbox",
            "bundle_id": "com.activitysmith.simulator",
            "os_version": "18.2",
            "frequent_pushes_enabled": True,
            "content_version": 2,
        }
        assert phone.do("tokens", tokens=tokens) | {"problems": []} == {
            "push": "heard",
            "start": "heard",
            "update_tokens": [0, 0],
            "dismissals_owed": 0,
            "problems": [],
        }
        team.ask("PUT", f"/api/channels/{channel_id}/devices/{device_id}")
        key = team.key(slug)
        one = Paired(phone, team, device_id, channel_id, key, Backend(key), push_token, start_token)
        yield one
        one.backend.leave_nothing()


@pytest.fixture
def paired(team: Team, tmp_path: Path) -> Iterator[Paired]:
    """A phone of the shared server."""
    with paired_with(team, tmp_path / "phone") as one:
        yield one
