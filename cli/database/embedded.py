"""The embedded database, whether the server runs or not."""

import asyncio
import time
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg

from cli.database.tools import Database, first_line
from cli.up.child import Child
from cli.up.data_folder import SERVER, InUse, absolute, lock_data_folder
from cli.up.errors import CannotStart, Failed
from cli.up.leftovers import stop_leftover_processes
from cli.up.postgres import DATABASE, SUPERUSER, EmbeddedPostgres, binaries_for
from cli.up.process_table import ProcessTable
from cli.up.settings import UpSettings
from cli.up.unfinished_restore import COMPLETE

PATIENCE = 30.0
"""Seconds to wait for a server that is starting, or restarting PostgreSQL."""
STOP_SECONDS = 60.0


def has_embedded_database(settings: UpSettings) -> bool:
    """Whether the data folder holds a database."""
    folder = absolute(settings.data_dir)
    return any((parent / "postgres").exists() for parent in (folder, folder / COMPLETE))


@asynccontextmanager
async def open_database(settings: UpSettings, command: str) -> AsyncIterator[str]:
    """The URL of the server's database, the user's or the embedded one. Raises as `open_embedded` does."""
    if settings.database_url:
        yield settings.database_url
        return
    async with open_embedded(settings, command) as database:
        yield database.url


@asynccontextmanager
async def open_embedded(settings: UpSettings, command: str) -> AsyncIterator[Database]:
    """The database of the data folder: that of the running server or, if none runs, one that is started for the block.

    Raises CannotStart if another program uses the folder, or the folder does not allow it; Failed if PostgreSQL does
    not answer.
    """
    async with AsyncExitStack() as stack:
        try:
            folder = stack.enter_context(lock_data_folder(settings.data_dir, command))
        except InUse as error:
            if error.holder != SERVER:
                raise
            yield await _of_running_server(absolute(settings.data_dir) / "postgres")
        else:
            await asyncio.to_thread(stop_leftover_processes, folder, settings.drain_seconds + 5)
            yield await stack.enter_async_context(run_postgres(EmbeddedPostgres(folder), folder))


@asynccontextmanager
async def run_postgres(postgres: EmbeddedPostgres, folder: Path) -> AsyncIterator[Database]:
    """Runs PostgreSQL during the block. The caller must hold the lock of its folder."""
    await asyncio.to_thread(postgres.arrange)
    await asyncio.to_thread(postgres.prepare)
    child = Child(postgres.program(), ProcessTable(folder), asyncio.Event())
    keeping = asyncio.create_task(child.keep_running())
    ready = asyncio.create_task(postgres.wait_ready(child))
    try:
        await asyncio.wait({keeping, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await keeping
        try:
            await ready
        except psycopg.Error as error:
            raise Failed(f"PostgreSQL does not answer: {first_line(error)}") from error
        yield Database(postgres.url, binaries_for(folder / "postgres"))
    finally:
        ready.cancel()
        child.request_stop()
        _, running = await asyncio.wait({keeping}, timeout=STOP_SECONDS)
        if running:
            child.kill(hard=True)
        await asyncio.gather(keeping, return_exceptions=True)


async def _of_running_server(cluster: Path) -> Database:
    """The PostgreSQL that another process runs on this cluster, once it answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            url = url_of_running(cluster)
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=5):
                return Database(url, binaries_for(cluster))
        except PermissionError as error:
            raise CannotStart(f"{cluster} belongs to another user: run this as the user who runs the server") from error
        except (FileNotFoundError, IndexError, psycopg.OperationalError) as error:
            if time.monotonic() > deadline:
                raise Failed(f"the server runs, but its PostgreSQL in {cluster} does not answer") from error
        await asyncio.sleep(0.1)


def url_of_running(cluster: Path) -> str:
    """The URL of the PostgreSQL that runs on this cluster. Raises OSError or IndexError if none does."""
    # The fifth line of this file is the folder of the socket: see PostgreSQL's `pidfile.h`.
    folder = (cluster / "postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={urllib.parse.quote(folder, safe='')}"
