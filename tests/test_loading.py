"""What a process does not load, although it is installed."""

import subprocess
import sys

import pytest

from tests.waiting import LONG

LOADED = "import sys, {process}.__main__; print(*{{name.partition('.')[0] for name in sys.modules}})"
PAGES = """
import asyncio, sys, grpc
from admin_ui.settings import AdminSettings
from admin_ui.wiring import load_pages
async def load():
    await load_pages(grpc.aio.insecure_channel("127.0.0.1:1"), AdminSettings())
asyncio.run(load())
print(*{name.partition(".")[0] for name in sys.modules})
"""
SETTINGS = "import sys, cli.up.settings, cli.up.supervisor; print(*{name.partition('.')[0] for name in sys.modules})"


def run(code: str) -> set[str]:
    """The words that a fresh Python prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=3 * LONG)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("code", "left_out"),
    [
        (PAGES, {"aiohttp", "pygments", "redis", "requests", "rich"}),
        (LOADED.format(process="delivery_service"), {"pygments", "rich"}),
        (LOADED.format(process="single_process"), {"pygments", "rich", "watchfiles"}),
    ],
    ids=["admin_ui", "delivery_service", "single_process"],
)
def test_what_a_library_would_use_and_the_process_does_not_is_left_out(code: str, left_out: set[str]) -> None:
    loaded = run(code)
    assert "httpx" in loaded
    assert not loaded & left_out


def test_a_web_admin_that_no_person_looks_at_does_not_load_its_pages() -> None:
    loaded = run(LOADED.format(process="admin_ui"))
    assert "grpc" in loaded
    assert not loaded & {"fastapi", "httpx", "jinja2", "nicegui", "socketio", "watchfiles"}


def test_a_server_that_has_no_step_to_take_does_not_load_what_takes_steps() -> None:
    loaded = run(LOADED.format(process="single_process"))
    assert "sqlalchemy" in loaded
    assert not loaded & {"alembic", "mako"}


def test_it_can_be_imported_later() -> None:
    assert run("import delivery_service.__main__, rich; print(rich.__name__)") == {"rich"}


def test_the_supervisor_starts_the_first_process_before_it_loads_what_only_the_end_of_a_start_needs() -> None:
    assert not run(SETTINGS) & {"cryptography", "grpc", "httpx", "psycopg", "smith"}
