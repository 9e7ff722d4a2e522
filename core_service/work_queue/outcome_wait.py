"""Requests that wait for outcomes. They hear at once of outcomes that this process writes."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service_kit.database import DATABASE_AWAY

log = logging.getLogger(__name__)

COUNT_SECONDS = 0.25
"""How long an answer waits for the newest counts."""


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """What has become of a notification, or of a version of a Live Activity."""

    devices_notified: int
    users_notified: int
    devices_queued: int


async def count_in_time(
    count: Callable[[], Awaitable[OutcomeCounts]], seconds: float = COUNT_SECONDS
) -> OutcomeCounts | None:
    """The counts in the database; None if they take too long or the database is away. The work is recorded, so
    missing the newest counts is no failure."""
    try:
        async with asyncio.timeout(seconds):
            return await count()
    except (TimeoutError, *DATABASE_AWAY) as error:
        log.info("answering without the newest counts: %s", str(error) or "they took too long")
        return None


async def count_by(
    deadline: float, counts: OutcomeCounts, count: Callable[[], Awaitable[OutcomeCounts]]
) -> OutcomeCounts:
    """The newest counts once nothing is queued, at the latest at `deadline` (monotonic time); `counts` if none can be
    read. For what several cores deliver, so that only the database knows all."""
    while counts.devices_queued and (left := deadline - time.monotonic()) > 0:
        await asyncio.sleep(min(COUNT_SECONDS, left))
        left = max(0.0, deadline - time.monotonic())
        newest = await count_in_time(count, left + COUNT_SECONDS)
        if newest is None:
            break
        counts = newest
    return counts


class OutcomeWait:
    """Counts the devices that have an outcome of one subject: a notification, or a version of an activity or a newer
    one."""

    def __init__(self, subject: str = "", version: int = 0) -> None:
        self.subject = subject
        self.version = version
        self._heard: set[uuid.UUID] = set()
        self._accepted: set[uuid.UUID] = set()
        self._users: set[uuid.UUID] = set()
        self._gone: set[uuid.UUID] = set()
        self._elsewhere: set[uuid.UUID] = set()
        """Devices whose outcome only another core has reported so far."""
        self._wanted = 0
        self._woken = asyncio.Event()

    def hear(self, device_id: uuid.UUID, user_id: uuid.UUID, *, accepted: bool, gone: bool) -> None:
        """A device's outcome has been written. `gone`: it is owed nothing any more, though it did not accept."""
        self._heard.add(device_id)
        self._elsewhere.discard(device_id)
        if accepted:
            self._accepted.add(device_id)
            self._users.add(user_id)
        elif gone:
            self._gone.add(device_id)
        self._look()

    def hear_elsewhere(self, device_id: uuid.UUID) -> None:
        """Notes that another core has written an outcome of the device, of any version."""
        if device_id not in self._heard:
            self._elsewhere.add(device_id)
            self._look()

    async def wait(self, due: int, seconds: float) -> bool:
        """Returns True once this many devices have an outcome.

        Returns False when the time is over, or when the missing outcomes may have been written by other cores: then the
        database knows.
        """
        self._wanted = due
        self._woken.clear()
        self._look()
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._elsewhere.clear()
        return len(self._heard) >= due

    async def outcome(
        self, due: int, owed: int, deadline: float, count: Callable[[], Awaitable[OutcomeCounts]]
    ) -> OutcomeCounts:
        """Waits for outcomes until `deadline` (monotonic time) and returns the counts. `owed` devices are owed
        something; `due` of them can be sent to at once. `count` reads the database, which also has what other cores
        delivered."""
        while due and not await self.wait(due, deadline - time.monotonic()):
            counts = await count_in_time(count)
            if counts is None:
                break
            if counts.devices_queued <= owed - due or time.monotonic() >= deadline:
                return counts
        return self.counts(owed)

    def counts(self, owed: int) -> OutcomeCounts:
        """The counts of something that this many devices were owed."""
        queued = max(0, owed - len(self._accepted | self._gone))
        return OutcomeCounts(len(self._accepted), len(self._users), queued)

    def _look(self) -> None:
        if self._wanted and len(self._heard) + len(self._elsewhere) >= self._wanted:
            self._woken.set()


class OutcomeWaits:
    """All requests that wait, by subject."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[OutcomeWait]] = {}

    @contextmanager
    def expecting(self, subject: str, version: int) -> Iterator[OutcomeWait]:
        """A wait for what is about to be recorded. It exists before, because outcomes may come before the request
        knows that it was recorded."""
        wait = self.add(subject, version)
        try:
            yield wait
        finally:
            self.remove(wait)

    def add(self, subject: str, version: int) -> OutcomeWait:
        """A wait that hears until it is removed."""
        wait = OutcomeWait(subject, version)
        self._waiting.setdefault(subject, []).append(wait)
        return wait

    def remove(self, wait: OutcomeWait) -> None:
        """The request does not wait any more."""
        waiting = self._waiting[wait.subject]
        waiting.remove(wait)
        if not waiting:
            del self._waiting[wait.subject]

    def tell_elsewhere(self, subject: str, device_id: uuid.UUID) -> None:
        """Notes that another core has written an outcome of the device, of any version."""
        for wait in self._waiting.get(subject, ()):
            wait.hear_elsewhere(device_id)

    def tell(
        self, subject: str, version: int, device_id: uuid.UUID, user_id: uuid.UUID, *, accepted: bool, gone: bool
    ) -> None:
        """Notes that a device's outcome for a version is written."""
        for wait in self._waiting.get(subject, ()):
            if version >= wait.version:
                wait.hear(device_id, user_id, accepted=accepted, gone=gone)
