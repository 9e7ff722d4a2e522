"""Turns at something scarce, one caller after another, so that none who asks often keeps the others out."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service_kit.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Room:
    """How many may wait: in all, for one person, and from one network."""

    total: int
    person: int
    network: int


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    person: str
    network: str
    turn: "asyncio.Future[None]"


class FairTurns:
    """`at_once` turns at a time. Persons take turns with each other, however often each of them asks."""

    def __init__(self, at_once: int, room: Room) -> None:
        self._free = at_once
        self._room = room
        self._lines: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        self._networks: Counter[str] = Counter()
        self._waiting = 0

    @asynccontextmanager
    async def one(self, person: str, network: str) -> AsyncIterator[None]:
        """Waits for a turn. An empty `network` is one that is not known, which nothing is counted for.

        Raises Unavailable if too many wait already.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(person, network)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, person: str, network: str) -> None:
        line = self._lines.get(person, ())
        full = self._waiting >= self._room.total or len(line) >= self._room.person
        if full or (network and self._networks[network] >= self._room.network):
            raise Unavailable("Too many passwords are being checked. Try again shortly.")
        waiter = _Waiter(person, network, asyncio.get_running_loop().create_future())
        self._lines.setdefault(person, deque()).append(waiter)
        self._count(waiter, 1)
        try:
            await waiter.turn
        except BaseException:
            if waiter.turn.done() and not waiter.turn.cancelled():
                # The turn came at the same moment: it goes to the next.
                self._pass_on()
            elif waiter in self._lines.get(person, ()):
                # Otherwise another who left at the same moment has taken it out.
                self._take_out(waiter)
            raise

    def _pass_on(self) -> None:
        while self._lines:
            person, line = next(iter(self._lines.items()))
            waiter = line[0]
            self._take_out(waiter)
            if person in self._lines:
                self._lines.move_to_end(person)
            if not waiter.turn.done():
                waiter.turn.set_result(None)
                return
        self._free += 1

    def _take_out(self, waiter: _Waiter) -> None:
        line = self._lines[waiter.person]
        line.remove(waiter)
        if not line:
            del self._lines[waiter.person]
        self._count(waiter, -1)

    def _count(self, waiter: _Waiter, change: int) -> None:
        self._waiting += change
        if waiter.network:
            self._networks[waiter.network] += change
            if not self._networks[waiter.network]:
                del self._networks[waiter.network]
