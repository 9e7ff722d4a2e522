"""Fixtures for all tests."""

import gc
import os
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest

# As cli/up does, for the same reason.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
# Each process that a test starts would compile the whole product again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from tests import distribution, examples, prepared, stuck
from tests.stack import PATIENCE, Stack
from tests.team import Team

# Tests trust what they make themselves. Each context for TLS would read all authorities of the world, in each process.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("an_authority.pem"))

sys.dont_write_bytecode = False

# What runs in the background of a script is started with these ignored, and would hand that on to all it starts.
for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(signum) == signal.SIG_IGN:
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)

MakeStack = Callable[..., Stack]

HERE = Path(__file__).parent
FAST = ("core", "delivery", "gateway", "simulator", "test_call_bounds.py", "test_reach.py", "test_redaction.py")
"""Folders and files whose tests run in this process, but for a database and a simulator that they share."""
WHOLE_SERVERS = {"stack", "make_stack", "rig"}
"""Fixtures that take seconds to start, and whose tests wait for several processes."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """For `-m fast` alone the others are not even loaded."""
    parts = collection_path.relative_to(HERE).parts if collection_path.is_relative_to(HERE) else ()
    return True if config.option.markexpr == "fast" and parts and parts[0] not in FAST else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what `make test-fast` runs: all of FAST but what is marked as slow or needs a whole server.
    Workers begin with what takes longest."""
    if hasattr(config, "workerinput"):
        items[:] = [items[place] for place in distribution.longest_first([item.nodeid for item in items])]
    for item in items:
        begins = item.nodeid.partition("::")[0].split("/")[1]
        needs = set(getattr(item, "fixturenames", ()))
        if begins in FAST and not needs & WHOLE_SERVERS and item.get_closest_marker("slow") is None:
            item.add_marker("fast")


def pytest_collection_finish() -> None:
    """Garbage is collected from here on, but for what is loaded by now."""
    gc.freeze()
    # Tests leave little, and Python would look at it all after every 700 objects.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Makes the place of the prepared data folders, which goes with this process."""
    # All that is loaded from now on stays: to look for garbage in it would take a quarter of the time.
    gc.disable()
    config.pluginmanager.register(stuck)
    examples.begin(config.option.markexpr)
    # On a busy machine an example may take any time.
    hypothesis.settings.register_profile(
        "any machine",
        deadline=None,
        max_examples=examples.examples(hypothesis.settings.default.max_examples),
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("any machine")
    if place := prepared.begin():
        config.add_cleanup(lambda: prepared.end(place))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> distribution.Units:
    """How workers share the tests, whatever `--dist` says."""
    return distribution.Units(config, log)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One server that tests share. They must not count on being alone, nor stop it, nor set faults for all tokens."""
    # Tests must not use up each other's requests.
    with Stack(SMITH_RATE_LIMIT_PER_MINUTE="1000000", **PATIENCE) as shared:
        yield shared.start()


@pytest.fixture(scope="session")
def team(stack: Stack) -> Team:
    """The shared server's account, which may have more Live Activities at once than tests together start."""
    shared = Team.of(stack)
    shared.ask("PATCH", "/api/account", max_live_activities=10_000)
    return shared


@pytest.fixture(scope="session")
def make_stack() -> Iterator[MakeStack]:
    """Makes servers of a test's own, which it may hurt as it likes. `make_stack(SMITH_X="y")` is started and ready.

    Who makes one discards it when done with it: two cores do not carry many.
    """
    made: list[Stack] = []

    def make(*, start: bool = True, fresh: bool = False, **env: str) -> Stack:
        env = {"SMITH_RATE_LIMIT_PER_MINUTE": "1000000", **PATIENCE, **env}
        one = Stack(None, **env).fresh() if fresh else Stack(None, **env)
        made.append(one)
        return one.start() if start else one

    yield make
    for one in made:
        one.discard()


@pytest.fixture
def fresh_database(stack: Stack) -> str:
    """The URL of an empty database, as if of somebody's own PostgreSQL."""
    name = f"own_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(psycopg.sql.Identifier(name))
        )
    return stack.database_url.replace("/smith?", f"/{name}?")
