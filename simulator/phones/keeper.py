"""Saves phones: their records and Live Activities at once, their notifications every 5 seconds."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from simulator.phones.phone import Phone
from simulator.phones.store import PhoneStore

log = logging.getLogger(__name__)

SAVE_SECONDS = 5.0


class Keeper:
    """Writes one file at a time. `phones` returns all phones."""

    def __init__(self, store: PhoneStore, phones: Callable[[], Iterable[Phone]]) -> None:
        self._store = store
        self._phones = phones
        self._writing = asyncio.Lock()
        self._saved: dict[str, int] = {}
        """The version of each phone's Live Activities that is on disk."""
        self._urgent: dict[str, Phone] = {}
        self._called = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to save in the background."""
        self._tasks = [asyncio.create_task(self._save_regularly()), asyncio.create_task(self._save_urgent())]

    async def stop(self) -> None:
        """Saves everything a last time. Raises OSError."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._save_all()

    async def save_phones(self) -> None:
        """Writes the phones' records. Raises OSError."""
        async with self._writing:
            records = [phone.record.model_copy(deep=True) for phone in self._phones()]
            await asyncio.to_thread(self._store.save_phones, records)

    def save_soon(self, phone: Phone) -> None:
        """Schedules a write of the phone's Live Activities as soon as possible."""
        self._urgent[phone.record.id] = phone
        self._called.set()

    async def save_activities(self, phone: Phone) -> None:
        """Writes the phone's Live Activities unless the file is up to date. Raises OSError."""
        async with self._writing:
            version, phone_id = phone.cards.version, phone.record.id
            if phone.forgotten or self._saved.get(phone_id, 0) == version:
                return
            document = phone.cards.record.model_dump_json()
            await asyncio.to_thread(self._store.save_activities, phone_id, document)
            self._saved[phone_id] = version

    async def delete(self, phone: Phone) -> None:
        """Deletes the files of a deleted phone's screen. Raises OSError."""
        async with self._writing:
            self._saved.pop(phone.record.id, None)
            await asyncio.to_thread(self._store.delete, phone.record.id)

    async def _save_urgent(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            while self._urgent:
                phone = self._urgent.pop(next(iter(self._urgent)))
                try:
                    await self.save_activities(phone)
                except OSError as error:
                    # The regular round tries again.
                    log.warning("the Live Activities of phone %s cannot be saved: %s", phone.record.id, error)

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            try:
                await self._save_all()
            except OSError as error:
                log.warning("screens cannot be saved: %s", error)

    async def _save_all(self) -> None:
        for phone in list(self._phones()):
            await self.save_activities(phone)
            await self._save_screen(phone)

    async def _save_screen(self, phone: Phone) -> None:
        async with self._writing:
            if phone.forgotten or not phone.changed:
                return
            phone.changed = False
            try:
                await asyncio.to_thread(self._store.save_screen, phone.record.id, phone.screen_record())
            except OSError:
                phone.changed = True
                raise
