"""The first that a core has to do with its database: it waits until there is one, and brings the schema up to date."""

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path

import sqlalchemy.exc

from core_service import migrations
from service_kit.process import StopRequest

log = logging.getLogger(__name__)

DATABASE_WAIT_SECONDS = (0.05, 1.0)
"""Seconds between attempts to reach the database at the start: at first, then doubling, and at most."""
FILE_SECONDS = 0.02
"""Seconds between looks for the file that says that the database can be used."""
WORTH_SAYING = 3.0
"""Seconds after which the log says that the database cannot be reached. One that starts with us takes less."""


async def wait_for_file(path: Path, stop: StopRequest) -> None:
    """Returns once the file is there, or it is told to stop."""
    while not stop.is_set() and not _is_there(path):
        await _wait(FILE_SECONDS, stop)


async def upgrade_schema(database_url: str, stop: StopRequest) -> None:
    """Brings the schema up to date, as soon as the database can be reached.

    Raises UnknownSchema if this release cannot upgrade what is there.
    """
    began = time.monotonic()
    pause, longest = DATABASE_WAIT_SECONDS
    while not stop.is_set():
        try:
            await asyncio.to_thread(migrations.upgrade, database_url)
            break
        except sqlalchemy.exc.OperationalError as error:
            if time.monotonic() - began >= WORTH_SAYING:
                log.warning("waiting for the database: %s", str(error.orig).strip())
            await _wait(pause, stop)
            pause = min(2 * pause, longest)


def _is_there(path: Path) -> bool:
    return path.exists()


async def _wait(seconds: float, stop: StopRequest) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
