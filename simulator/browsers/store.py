"""Browsers on disk: each in a file of its own."""

import asyncio
import logging
from pathlib import Path

from pydantic import ValidationError

from simulator.browsers.browser import Browser
from simulator.browsers.records import BrowserRecord
from simulator.files import replace_file

log = logging.getLogger(__name__)


class BrowserStore:
    """Saves browsers as soon as they change, one file at a time. Their owner alone can read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "browsers"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._changed: dict[str, Browser] = {}
        self._called = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def load(self) -> list[BrowserRecord]:
        """All browsers, by their ids. Blocks. Raises OSError, and ValueError naming a file that cannot be read."""
        records = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                records.append(BrowserRecord.model_validate_json(path.read_bytes()))
            except ValidationError as error:
                raise ValueError(f"{path} cannot be understood ({error.error_count()} mistakes)") from None
        return records

    def start(self) -> None:
        """Begins to save in the background."""
        self._task = asyncio.create_task(self._save_changed())

    async def stop(self) -> None:
        """Saves what has changed a last time. Raises OSError."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for browser in list(self._changed.values()):
            await self.save(browser)

    def save_soon(self, browser: Browser) -> None:
        """Schedules a write."""
        self._changed[browser.record.id] = browser
        self._called.set()

    async def save(self, browser: Browser) -> None:
        """Writes the browser, unless it was deleted. Raises OSError."""
        async with self._writing:
            self._changed.pop(browser.record.id, None)
            if browser.forgotten:
                return
            document = browser.record.model_dump_json().encode()
            try:
                await asyncio.to_thread(replace_file, self._path(browser.record.id), document)
            except OSError:
                self._changed[browser.record.id] = browser
                raise

    async def delete(self, browser: Browser) -> None:
        """Deletes the file of a forgotten browser. Raises OSError."""
        async with self._writing:
            self._changed.pop(browser.record.id, None)
            await asyncio.to_thread(self._path(browser.record.id).unlink, missing_ok=True)

    async def _save_changed(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            for browser in list(self._changed.values()):
                try:
                    await self.save(browser)
                except OSError as error:
                    # The next change tries again, and the end of the simulator.
                    log.warning("browser %s cannot be saved: %s", browser.record.id, error)

    def _path(self, browser_id: str) -> Path:
        return self._folder / f"{browser_id}.json"
