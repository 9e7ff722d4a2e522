"""The room that is left for data on this machine."""

import asyncio
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""A network disk may hang."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that holds a folder."""

    folder: str
    """The folder, or the nearest one above it that exists."""
    free_bytes: int
    """What this process may still use."""
    bytes: int

    @property
    def free_percent(self) -> float:
        """From 0 to 100."""
        return 100 * self.free_bytes / self.bytes if self.bytes else 0.0


async def read_disk(folder: Path) -> Disk | None:
    """The disk of the folder; None if it does not answer within a second, or cannot be read."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asyncio.to_thread(_read, folder)
    except (OSError, TimeoutError) as error:
        log.info("the free space for %s cannot be read: %s", folder, error or "no answer")
        return None


def _read(folder: Path) -> Disk:
    folder = folder.absolute()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    usage = shutil.disk_usage(place)
    return Disk(str(place), usage.free, usage.free + usage.used)
