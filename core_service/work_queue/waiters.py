"""Requests that wait to hear what became of the state they recorded."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core_service.events.service import Event, EventType

OUTCOMES = (EventType.LIVE_ACTIVITY_DELIVERED, EventType.LIVE_ACTIVITY_FAILED)


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of a version of an activity."""

    devices_notified: int
    users_notified: int
    devices_queued: int


class Waiter:
    """Counts devices that have an outcome for `version` of an activity or a newer one."""

    def __init__(self, activity_id: str, version: int) -> None:
        self.activity_id = activity_id
        self.version = version
        self._heard: set[uuid.UUID] = set()
        self._accepted: set[uuid.UUID] = set()
        self._users: set[uuid.UUID] = set()
        self._gone: set[uuid.UUID] = set()
        self._elsewhere: set[uuid.UUID] = set()
        """Devices not heard of here, of which another core has told something."""
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
        """Another core has written an outcome of the device, of whatever version."""
        if device_id not in self._heard:
            self._elsewhere.add(device_id)
            self._look()

    async def wait(self, due: int, seconds: float) -> bool:
        """Returns True once so many devices were heard of.

        Returns False once the time is over, or when what other cores have told may be what was missing: the database
        knows.
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

    def _look(self) -> None:
        if self._wanted and len(self._heard) + len(self._elsewhere) >= self._wanted:
            self._woken.set()

    def counts(self, owed: int) -> Counts:
        """What has become of the version, which was owed to so many devices."""
        queued = max(0, owed - len(self._accepted | self._gone))
        return Counts(len(self._accepted), len(self._users), queued)


class Waiters:
    """All that wait, by activity."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Waiter]] = {}

    @contextmanager
    def expecting(self, activity_id: str, version: int) -> Iterator[Waiter]:
        """A waiter for what is about to be recorded: outcomes may come before the recording request is told so."""
        waiter = self.add(activity_id, version)
        try:
            yield waiter
        finally:
            self.remove(waiter)

    def add(self, activity_id: str, version: int) -> Waiter:
        """A waiter that hears until it is removed."""
        waiter = Waiter(activity_id, version)
        self._waiting.setdefault(activity_id, []).append(waiter)
        return waiter

    def remove(self, waiter: Waiter) -> None:
        """Whoever has added the waiter does not wait any more."""
        waiting = self._waiting[waiter.activity_id]
        waiting.remove(waiter)
        if not waiting:
            del self._waiting[waiter.activity_id]

    def heard(self, event: Event) -> None:
        """Another core has told of this."""
        if event.type in OUTCOMES and event.device_id is not None:
            for waiter in self._waiting.get(event.activity_id, ()):
                waiter.hear_elsewhere(event.device_id)

    def tell(
        self,
        activity_id: str,
        version: int,
        device_id: uuid.UUID,
        user_id: uuid.UUID,
        *,
        accepted: bool,
        gone: bool,
    ) -> None:
        """A device's outcome for a version has been written."""
        for waiter in self._waiting.get(activity_id, ()):
            if version >= waiter.version:
                waiter.hear(device_id, user_id, accepted=accepted, gone=gone)
