"""Core as a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import LONG

CORE = (sys.executable, "-m", "core_service")


@contextmanager
def core_process(
    database_url: str, log: Path, log_format: str = "text", delivery_address: str = "127.0.0.1:1", **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m core_service` on a free port, which it logs. `settings` are environment variables."""
    env = os.environ | {
        "SMITH_DATABASE_URL": database_url,
        "SMITH_CORE_PORT": "0",
        "SMITH_LOG_LEVEL": "debug",
        "SMITH_LOG_FORMAT": log_format,
        "SMITH_DELIVERY_ADDRESS": delivery_address,
        "SMITH_STOP_AT_EOF": "1",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen([*CORE], env=env, stdin=subprocess.PIPE, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def serving_address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the process serves, once it says so."""
    deadline = time.monotonic() + 3 * LONG
    while "serving on " not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return log.read_text().partition("serving on ")[2].split()[0].rstrip('"},')


def core_command(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m core_service ...` to its end."""
    env = os.environ | {"SMITH_DATABASE_URL": database_url, "SMITH_CORE_PORT": "0"}
    return subprocess.run([*CORE, *arguments], env=env, capture_output=True, text=True, timeout=3 * LONG, check=False)
