"""The connections to push services: some for each, so that one that is slow or down delays no other."""

import asyncio
import ssl
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from urllib.parse import urlsplit

from delivery_service.web_push.connection import Connection, connect
from delivery_service.web_push.pace import ALONE, BESIDE_PHONES, BETWEEN_DIALS, Pace, TooLong
from delivery_service.webhooks.connecting import CheckedAddresses

MAX_LINES = 32
"""Push services that have connections at one time. Microsoft's and Apple's have many hosts."""
KEEP_ALIVE_SECONDS = 60.0
"""How long a connection that is not used stays open."""
DOWN_SECONDS = 1.0
"""How long a service that could not be reached is not tried again: pushes that wait would each wait for themselves."""


class NoTurn(Exception):
    """A push did not get its turn. `reason` is one of the table's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Line:
    """The way to one push service: its connections, and whose turn it is."""

    def __init__(self, dial: Callable[[], Awaitable[Connection]], pace: Pace, dials: Pace, connections: int) -> None:
        """`pace` is that of all pushes, `dials` that of all connections."""
        self._dial = dial
        self._pace = pace
        self._dials = dials
        self.users = 0
        """Pushes that wait or are sent."""
        self._turns = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []
        """The one used last is the last."""
        self._in_use = 0
        self._waiters: deque[asyncio.Future[Connection]] = deque()
        self._loop = asyncio.get_running_loop()
        self._tidying: asyncio.TimerHandle | None = None
        self._down = ""
        self._down_until = 0.0

    @asynccontextmanager
    async def turn(self, until: float) -> AsyncIterator[None]:
        """Waits until a connection may be used, by the event loop's time `until` at most. Raises NoTurn if that takes
        too long, or if the service is down."""
        try:
            async with asyncio.timeout_at(until):
                await self._turns.acquire()
        except TimeoutError:
            raise NoTurn("PushServiceBusy") from None
        try:
            try:
                await self._pace.turn(until)
            except TooLong:
                raise NoTurn("PushServiceBusy") from None
            if self._loop.time() < self._down_until:
                raise NoTurn(self._down)
            yield
        finally:
            self._turns.release()

    async def take(self) -> Connection:
        """A connection that nothing else uses; call `give_back` afterwards. Raises what connecting raises."""
        while True:
            if self._idle:
                connection = self._idle.pop()
                self._in_use += 1
            elif self._dials.begin():
                connection = await self._dial()
                self._in_use += 1
            elif (given := await self._given_back(until=self._dials.next)) is not None:
                connection = given
            else:
                continue
            if connection.is_ready:
                return connection
            self._in_use -= 1
            connection.close()

    def give_back(self, connection: Connection) -> None:
        """Keeps the connection for the next push, or closes it if it can take none."""
        if not connection.is_ready:
            self._in_use -= 1
            connection.close()
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                # On its way it stays in use. Otherwise the service would seem down if another cannot be made meanwhile.
                waiter.set_result(connection)
                return
        self._in_use -= 1
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._tidying is None:
            self._tidying = self._loop.call_later(KEEP_ALIVE_SECONDS, self._tidy)

    async def _given_back(self, until: float) -> Connection | None:
        """A connection that another push has used; None if there is none by then, in the event loop's time."""
        waiter: asyncio.Future[Connection] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout_at(until):
                return await waiter
        except (TimeoutError, asyncio.CancelledError) as end:
            if waiter.done() and not waiter.cancelled():
                self.give_back(waiter.result())
            if isinstance(end, TimeoutError):
                return None
            raise
        finally:
            with suppress(ValueError):
                self._waiters.remove(waiter)

    def is_down(self, reason: str) -> None:
        """Notes that there was no new connection, and why: those that wait fail with that, unless others are open."""
        if self._in_use or self._idle:
            return
        self._down, self._down_until = reason, self._loop.time() + DOWN_SECONDS

    def close(self) -> None:
        """Closes the connections that are not in use."""
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None
        while self._idle:
            self._idle.pop().close()

    def _tidy(self) -> None:
        self._tidying = None
        oldest = self._loop.time() - KEEP_ALIVE_SECONDS
        while self._idle and (self._idle[0].idle_since <= oldest or not self._idle[0].is_ready):
            self._idle.pop(0).close()
        if self._idle:
            self._tidying = self._loop.call_at(self._idle[0].idle_since + KEEP_ALIVE_SECONDS, self._tidy)


class Lines:
    """Opens lines as pushes need them; closes the one that was used least recently if there are too many."""

    def __init__(
        self,
        addresses: CheckedAddresses,
        ssl_context: ssl.SSLContext,
        *,
        connections: int,
        phones_wait: Callable[[], bool],
    ) -> None:
        """`connections`: how many to each push service at most. Each sends one push at a time. `phones_wait` returns
        whether a push to a phone is on its way."""
        self._addresses = addresses
        self._ssl_context = ssl_context
        self._connections = connections
        self._pace = Pace(lambda: BESIDE_PHONES if phones_wait() else ALONE)
        self._dials = Pace(lambda: BETWEEN_DIALS)
        self._lines: OrderedDict[str, Line] = OrderedDict()

    @asynccontextmanager
    async def to(self, origin: str) -> AsyncIterator[Line]:
        """The line to a push service. Raises NoTurn if pushes are being sent to too many others."""
        line = self._lines.get(origin)
        if line is None:
            if len(self._lines) >= MAX_LINES:
                self._close_one()
            line = self._lines[origin] = self._open(origin)
        self._lines.move_to_end(origin)
        line.users += 1
        try:
            yield line
        finally:
            line.users -= 1

    def close(self) -> None:
        """Closes all connections that are not in use."""
        for line in self._lines.values():
            line.close()
        self._addresses.close()

    def _open(self, origin: str) -> Line:
        url = urlsplit(origin)
        context = self._ssl_context if url.scheme == "https" else None
        port = url.port or (443 if context else 80)
        return Line(
            partial(connect, self._addresses, url.hostname or "", port, context),
            self._pace,
            self._dials,
            self._connections,
        )

    def _close_one(self) -> None:
        idle = next((origin for origin, line in self._lines.items() if not line.users), None)
        if idle is None:
            raise NoTurn("PushServiceBusy")
        self._lines.pop(idle).close()
