"""One server for all tests here; each test keeps to channels, people and phones of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.stack import Stack
from tests.team import Phone, Team


@dataclass
class Audience:
    """A channel with one phone in it, and a key that reaches just that channel."""

    slug: str
    channel_id: str
    phone: Phone
    key: httpx.Client


@pytest.fixture(scope="session")
def team(stack: Stack) -> Team:
    """The shared server's account."""
    return team_of(stack)


def team_of(stack: Stack) -> Team:
    """The account of a running server."""
    return Team(
        base_url=stack.base_url,
        simulator_url=stack.simulator_url,
        email=stack.owner_email,
        password=stack.owner_password,
    )


@pytest.fixture
def audience(team: Team) -> Audience:
    """A channel, a phone and a key of this test's own."""
    slug, channel_id = team.channel()
    return Audience(slug, channel_id, team.phone(channel_id=channel_id), team.key(slug))


@pytest.fixture
def faulty(team: Team) -> Iterator[Team]:
    """The team, whose APNs is healed after the test."""
    yield team
    team.no_faults()
