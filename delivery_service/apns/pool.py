"""The connections to one APNs host: opened when needed, kept open, shared fairly."""

import asyncio
import logging
from collections import OrderedDict

from aioapns.common import NotificationResult

from delivery_service.apns.connection import ApnsConnection
from delivery_service.apns.dialer import Dialer
from delivery_service.apns.outcomes import EXPIRED_PROVIDER_TOKEN, NoConnection, NotSent
from delivery_service.apns.provider_token import ProviderToken
from delivery_service.apns.proxy import ProxyFailed
from delivery_service.apns.request import ApnsRequest
from delivery_service.problem_log import ProblemLog
from service_kit import tracing

log = logging.getLogger(__name__)

MAX_TRIES = 3
MAX_CONNECTING = 2
RECONNECT_INTERVAL = 0.5
"""Seconds between a failed connection and the next try at least."""

SPENT = frozenset((EXPIRED_PROVIDER_TOKEN, "UnrelatedKeyIdInToken", "Shutdown", "IdleTimeout"))
"""Reasons after which APNs answers no more pushes on that connection (pushy: it "will wedge")."""

Waiter = asyncio.Future[ApnsConnection]


class ApnsConnectionPool:
    """Wakes those who wait in their order, and never polls; opens connections only as pushes need them and not in a
    storm; and retries at once only what was certainly not processed."""

    def __init__(
        self,
        dialer: Dialer,
        *,
        provider_token: ProviderToken,
        max_connections: int,
        answer_timeout: float,
        problems: ProblemLog,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.connections: list[ApnsConnection] = []
        self._max_connections = max_connections
        self._dialer = dialer
        self._name = f"{dialer.host}:{dialer.port}"
        self._provider_token = provider_token
        self._answer_timeout = answer_timeout
        self._problems = problems
        self._failure = "ConnectFailed"
        """Why the last connection failed: a reason of outcomes.py."""
        self._connecting: set[asyncio.Task[None]] = set()
        self._waiters: OrderedDict[Waiter, None] = OrderedDict()
        self._next_connect_at = 0.0
        self._reconnect: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Pushes that wait for room on a connection."""
        return len(self._waiters)

    @property
    def is_busy(self) -> bool:
        """Whether a push waits, or has no answer yet."""
        return bool(self._waiters) or any(connection.load for connection in self.connections)

    async def send_notification(self, request: ApnsRequest) -> NotificationResult:
        """Sends the push and returns APNs' answer, whatever it says.

        Takes at most the answer timeout for a free stream and the same again for the answer. Raises NoConnection,
        NotSent (after three tries) or MaybeSent.
        """
        deadline = self._loop.time() + self._answer_timeout
        renewed = False
        tries = 0
        while True:
            connection = await self._acquire_by(deadline)
            tries += 1
            try:
                result = await connection.send_notification(request)
            except NotSent:
                if tries >= MAX_TRIES:
                    raise
                continue
            if result.description in SPENT:
                connection.retire()
                if result.description == EXPIRED_PROVIDER_TOKEN and not renewed:
                    renewed = True
                    continue
            return result

    async def _acquire_by(self, deadline: float) -> ApnsConnection:
        """A connection with room reserved for one push. Raises NoConnection."""
        if not self._waiters and (connection := self._pick()):
            connection.reserve()
            return connection
        waiter: Waiter = self._loop.create_future()
        self._waiters[waiter] = None
        timer = self._loop.call_at(deadline, self._give_up, waiter)
        self._settle()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                waiter.result().release()
            raise
        finally:
            timer.cancel()
            self._waiters.pop(waiter, None)

    def _pick(self) -> ApnsConnection | None:
        """The least busy connection with room. One whose peer may be gone is used only if no other has room."""
        candidates = [connection for connection in self.connections if connection.has_room]
        return min(candidates, key=lambda connection: (connection.silent, connection.load), default=None)

    def _settle(self) -> None:
        """Gives room to waiting pushes; if there is none, opens connections or fails the waiting pushes."""
        while self._waiters and (connection := self._pick()):
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                connection.reserve()
                waiter.set_result(connection)
        if not self._waiters or self._closed:
            return
        now = self._loop.time()
        if now >= self._next_connect_at:
            self._open_connections()
        elif self._reconnect is None:
            self._reconnect = self._loop.call_at(self._next_connect_at, self._on_reconnect)
        if not self._connecting and not self._usable():
            self._fail_waiters(self._failure)

    def _usable(self) -> int:
        return sum(connection.usable for connection in self.connections)

    def _open_connections(self) -> None:
        wanted = min(len(self._waiters), MAX_CONNECTING, self._max_connections - self._usable())
        for _ in range(wanted - len(self._connecting)):
            task = self._loop.create_task(self._connect())
            self._connecting.add(task)

    def _on_reconnect(self) -> None:
        self._reconnect = None
        self._settle()

    async def _connect(self) -> None:
        # The connection lives longer than the request whose push first needed it.
        tracing.leave()
        connection = ApnsConnection(
            authority=self._dialer.authority,
            provider_token=self._provider_token,
            answer_timeout=self._answer_timeout,
            on_change=self._settle,
            on_lost=self._discard,
        )
        try:
            async with asyncio.timeout(self._dialer.timeout):
                await self._dialer.dial(connection)
                await connection.ready
        except Exception as error:  # waiting pushes must learn of any error
            connection.abort()
            self._came_to_nothing(_describe(error), error.reason if isinstance(error, ProxyFailed) else "ConnectFailed")
        except BaseException:
            connection.abort()
            raise
        else:
            if not connection.usable:  # it ended in the same turn of the event loop
                self._came_to_nothing("APNs closed it at once")
                return
            self.connections.append(connection)
            log.info("connected to %s (%d connections)", self._name, len(self.connections))
        finally:
            self._connecting.discard(asyncio.current_task())
            self._settle()

    def _discard(self, connection: ApnsConnection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            log.info("connection to %s ended (%d left)", self._name, len(self.connections))
            young = self._loop.time() - connection.ready_at < RECONNECT_INTERVAL
            if not connection.proved and (connection.used or young):
                self._came_to_nothing("the connection ended before APNs accepted the sender")
        self._settle()

    def _came_to_nothing(self, why: str, reason: str = "ConnectFailed") -> None:
        self._failure = reason
        self._next_connect_at = self._loop.time() + RECONNECT_INTERVAL
        self._problems.report(self._name, f"no connection to {self._name}: {why}")

    def _give_up(self, waiter: Waiter) -> None:
        if waiter.done():
            return
        waiter.set_exception(NoConnection("NoFreeStream"))
        for connection in list(self.connections):
            # Nothing is in flight, and there is no room: the server allows no streams or data, and will not change
            # that.
            if connection.usable and not connection.load:
                connection.retire()

    def _fail_waiters(self, reason: str) -> None:
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(NoConnection(reason))

    def close(self) -> None:
        """Closes everything; pushes in flight fail as MaybeSent, those that wait as NoConnection."""
        self._closed = True
        for task in self._connecting:
            task.cancel()
        if self._reconnect is not None:
            self._reconnect.cancel()
        for connection in list(self.connections):
            connection.close()
        self._fail_waiters("ConnectionLost")


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
