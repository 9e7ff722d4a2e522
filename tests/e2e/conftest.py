"""One server for all tests here; each test keeps to channels, people and phones of its own."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from tests.e2e.backend import Backend
from tests.stack import Stack
from tests.team import Phone, Team

MakeBackend = Callable[[httpx.Client], Backend]


@dataclass
class Audience:
    """A channel with one phone in it, and a key that reaches just that channel."""

    slug: str
    channel_id: str
    phone: Phone
    key: httpx.Client


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


@dataclass
class LiveAudience(Audience):
    """An audience, and the backend that uses its key."""

    backend: Backend


@pytest.fixture
def make_backend() -> Iterator[MakeBackend]:
    """Makes backends of keys. What they have started is ended after the test."""
    made: list[Backend] = []

    def make(key: httpx.Client) -> Backend:
        made.append(Backend(key))
        return made[-1]

    yield make
    for backend in made:
        backend.leave_nothing()


@pytest.fixture
def live(audience: Audience, make_backend: MakeBackend) -> LiveAudience:
    """A channel, a phone and a backend of this test's own."""
    return LiveAudience(audience.slug, audience.channel_id, audience.phone, audience.key, make_backend(audience.key))


@pytest.fixture(scope="session")
def neighbours(stack: Stack) -> Team:
    """Another account of the shared server."""
    return second_account(stack)


def second_account(stack: Stack) -> Team:
    """Another account of a running server, by SQL: nothing makes a second one yet. Its owner has the same password."""
    email, account_id, user_id = f"owner-{uuid.uuid4().hex[:12]}@neighbours.example.com", uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(stack.database_url) as database:
        database.execute(
            "INSERT INTO accounts (id, name, created_at) VALUES (%s, 'Neighbours', now())",
            [account_id],
        )
        database.execute(
            """
            INSERT INTO users (id, email, name, password_hash, created_at)
            SELECT %s, %s, 'Neighbour', password_hash, now() FROM users WHERE email = %s
            """,
            [user_id, email, stack.owner_email],
        )
        database.execute(
            "INSERT INTO members (account_id, user_id, role, created_at) VALUES (%s, %s, 'owner', now())",
            [account_id, user_id],
        )
    return Team(base_url=stack.base_url, simulator_url=stack.simulator_url, email=email, password=stack.owner_password)
