"""Clears the way for a start of PostgreSQL on its data."""

import asyncio
import logging
import signal
from pathlib import Path

from cli.up.leftovers import end, postgres_processes

log = logging.getLogger(__name__)

LOG_LIMIT = 10 * 1024 * 1024
"""Bytes after which a new log file is begun."""


async def clear_the_way(cluster: Path, log_file: Path) -> None:
    """Stops what an earlier run has left behind, and puts a log that is long aside."""
    await asyncio.to_thread(_clear_the_way, cluster, log_file)


def _clear_the_way(cluster: Path, log_file: Path) -> None:
    _stop_leftovers(cluster)
    if log_file.exists() and log_file.stat().st_size > LOG_LIMIT:
        log_file.replace(log_file.with_suffix(".log.1"))


def _stop_leftovers(cluster: Path) -> None:
    """Stops the server that a killed supervisor has left behind, or the backends of a killed server.

    PostgreSQL refuses to start while one of them is attached to its shared memory.
    """
    leftovers = postgres_processes(cluster)
    servers = [process for process in leftovers if process.pid == _recorded_pid(cluster)]
    if servers:
        log.info("stopping the PostgreSQL of an earlier run")
        end(servers, signal.SIGINT, patience=15)
    end([process for process in leftovers if process.is_running()], signal.SIGQUIT, patience=3)
    # The process that wrote it has ended. Another process may have its id by now.
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _recorded_pid(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
