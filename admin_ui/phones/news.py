"""Tells open pages which simulated phones have changed."""

import asyncio
from collections.abc import Callable

from admin_ui.phones.simulator import WAIT_SECONDS, Simulator, SimulatorError

PAUSE_SECONDS = 0.1
"""Between two questions for changes: a screen that moves more often shows nothing more."""
RETRY_SECONDS = 2.0

Hear = Callable[[frozenset[str] | None], None]


class PhoneNews:
    """Tells all open pages which phones have changed, with one question to the simulator at a time for all of them."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._listeners: set[Hear] = set()
        self._task: asyncio.Task[None] | None = None

    def join(self, hear: Hear) -> Callable[[], None]:
        """Calls `hear` with the ids of phones that changed, or with None if any may have; returns what ends that."""
        self._listeners.add(hear)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

        def leave() -> None:
            self._listeners.discard(hear)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None

        return leave

    async def _run(self) -> None:
        version = ""
        while True:
            try:
                answer = await self._simulator.changes(version, WAIT_SECONDS if version else 0)
            except SimulatorError:
                # Pages find out by themselves, and say so.
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
        for hear in list(self._listeners):
            hear(phones)
