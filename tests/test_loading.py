"""What a process does not load, although it is installed."""

import subprocess
import sys

import pytest

LOADED = "import sys, {process}.__main__; print(*{{name.partition('.')[0] for name in sys.modules}})"
SETTINGS = "import sys, cli.up.settings, cli.up.supervisor; print(*{name.partition('.')[0] for name in sys.modules})"


def run(code: str) -> set[str]:
    """The words that a fresh Python prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("process", "left_out"),
    [
        ("admin_ui", {"aiohttp", "pygments", "redis", "requests", "rich"}),
        ("delivery_service", {"pygments", "rich"}),
    ],
)
def test_what_a_library_would_use_and_the_process_does_not_is_left_out(process: str, left_out: set[str]) -> None:
    loaded = run(LOADED.format(process=process))
    assert "httpx" in loaded
    assert not loaded & left_out


def test_it_can_be_imported_later() -> None:
    assert run("import delivery_service.__main__, rich; print(rich.__name__)") == {"rich"}


def test_the_supervisor_starts_the_first_process_before_it_loads_what_only_the_end_of_a_start_needs() -> None:
    assert not run(SETTINGS) & {"cryptography", "grpc", "httpx", "psycopg", "smith"}
