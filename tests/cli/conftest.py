"""One server for all tests here; each test keeps to a channel, a phone and a key of its own."""

from pathlib import Path

import pytest

from tests.cli.client import Audience, Client, secret
from tests.team import Team


@pytest.fixture
def audience(team: Team, tmp_path: Path) -> Audience:
    """A channel, a phone and a user of this test's own."""
    slug, channel_id = team.channel()
    phone = team.phone(channel_id=channel_id)
    return Audience(slug, phone, Client(team.base_url, secret(team, slug), tmp_path))


@pytest.fixture
def client(audience: Audience) -> Client:
    """The user."""
    return audience.client


@pytest.fixture
def nowhere(tmp_path: Path) -> Client:
    """A user whose server is not there: for what must not get so far as to call it."""
    return Client("http://127.0.0.1:1", "ask_nobody", tmp_path)
