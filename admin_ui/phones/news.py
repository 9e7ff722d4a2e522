"""Tells open pages which simulated phones have changed."""

import asyncio
from collections.abc import Callable
from typing import Any

from admin_ui.phones.simulator import WAIT_SECONDS, Simulator, SimulatorError

PAUSE_SECONDS = 0.1
"""Seconds between two requests for changes: more often would not be visible."""
RETRY_SECONDS = 2.0

Hear = Callable[[frozenset[str] | None], None]


class PhoneNews:
    """Tells all open pages which phones have changed, with one request to the simulator at a time."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._listeners: set[Hear] = set()
        self._task: asyncio.Task[None] | None = None
        self._looks: dict[str, asyncio.Task[dict[str, Any]]] = {}
        """Cached phones, valid until they change again; many pages show the same ones."""

    def join(self, hear: Hear) -> Callable[[], None]:
        """Calls `hear` with the ids of changed phones, or with None if any may have changed. The result ends that."""
        self._listeners.add(hear)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

        def leave() -> None:
            self._listeners.discard(hear)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None
                self._looks.clear()

        return leave

    async def look(self, phone_id: str) -> dict[str, Any]:
        """The phone with its screen, at least as new as the last change. Raises SimulatorError."""
        look = self._looks.get(phone_id)
        if look is None:
            look = self._looks[phone_id] = asyncio.create_task(self._simulator.phone(phone_id))
        try:
            # A page that closes takes nothing from the others.
            return await asyncio.shield(look)
        except SimulatorError:
            if self._looks.get(phone_id) is look:
                del self._looks[phone_id]
            raise

    async def close(self) -> None:
        """Ends the requests and forgets the pages."""
        for task in (self._task, *self._looks.values()):
            if task is not None:
                task.cancel()
        await self._simulator.close()

    async def _run(self) -> None:
        version = ""
        while True:
            try:
                answer = await self._simulator.changes(version, WAIT_SECONDS if version else 0)
            except SimulatorError:
                # Each page notices the failure with its own requests, and shows it.
                version = ""
                self._tell(None)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            version, phones = str(answer["version"]), frozenset(answer["phones"])
            if answer["complete"]:
                self._tell(None)
            elif phones:
                self._tell(phones)
            await asyncio.sleep(PAUSE_SECONDS)

    def _tell(self, phones: frozenset[str] | None) -> None:
        for phone_id in list(self._looks) if phones is None else phones:
            self._looks.pop(phone_id, None)
        for hear in list(self._listeners):
            hear(phones)
