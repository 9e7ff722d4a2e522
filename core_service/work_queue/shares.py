"""What one account may hold of what all share."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from service_kit.errors import Unavailable

MAX_WAITING = 200
"""Requests of one account that wait for their turn; beyond it the answer is a quick 503."""
WAIT_SECONDS = 2.0
"""How long they wait at most, as long as for a connection."""


@dataclass(slots=True)
class _Lane:
    """One account's part."""

    held: int = 0
    waiting: deque["asyncio.Future[None]"] = field(default_factory=deque)


class AccountShares:
    """Lets each account do `limit` things at a time. Its others wait among themselves, in no one else's way."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lanes: dict[uuid.UUID, _Lane] = {}

    @asynccontextmanager
    async def one(self, account_id: uuid.UUID) -> AsyncIterator[None]:
        """Waits for the account's turn to do one thing more.

        Raises Unavailable if too many of it wait already, or after two seconds.
        """
        lane = self._lanes.setdefault(account_id, _Lane())
        if lane.held < self._limit:
            lane.held += 1
        else:
            await self._wait(account_id, lane)
        try:
            yield
        finally:
            self._leave(account_id, lane)

    async def _wait(self, account_id: uuid.UUID, lane: _Lane) -> None:
        if len(lane.waiting) >= MAX_WAITING:
            raise Unavailable("Too many requests of this account are waiting. Try again shortly.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # The turn came at the same moment: it goes to the next.
                self._leave(account_id, lane)
            elif turn in lane.waiting:
                # Otherwise whoever left at the same moment has taken it out.
                lane.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise Unavailable("Too many requests of this account are in progress. Try again shortly.") from None
            raise

    def _leave(self, account_id: uuid.UUID, lane: _Lane) -> None:
        while lane.waiting:
            turn = lane.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        lane.held -= 1
        if not lane.held:
            del self._lanes[account_id]
