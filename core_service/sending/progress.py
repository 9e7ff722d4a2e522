"""How far the delivery of one notification has come, for whoever waits for the answer."""

import asyncio
import uuid
from collections.abc import Callable

from core_service.sending.models import DeliveryState


class Progress:
    """Counts settled deliveries of a known number; `on_settled` hears of each."""

    def __init__(self, total: int, on_settled: Callable[[], None]) -> None:
        self._on_settled = on_settled
        self._open = total
        self._done = asyncio.Event()
        self._users: set[uuid.UUID] = set()
        self.accepted = 0
        self.queued = total
        """Devices still owed: not settled yet, or settled with a retry to come."""

    @property
    def users(self) -> int:
        """People for whom at least one device was accepted."""
        return len(self._users)

    def settled(self, user_id: uuid.UUID, state: DeliveryState) -> None:
        """One delivery has been written."""
        if state is not DeliveryState.DUE:
            self.queued -= 1
        if state is DeliveryState.ACCEPTED:
            self.accepted += 1
            self._users.add(user_id)
        self._open -= 1
        if self._open == 0:
            self._done.set()
        self._on_settled()

    async def wait(self, seconds: float) -> None:
        """Returns once all deliveries are settled or the time is over, whichever comes first."""
        try:
            async with asyncio.timeout(seconds):
                await self._done.wait()
        except TimeoutError:
            return
