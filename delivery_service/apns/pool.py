"""The connections to one APNs host: opened when needed, kept open, shared fairly."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from aioapns.common import NotificationResult

from delivery_service.apns.connection import ApnsConnection
from delivery_service.apns.dialer import Dialer
from delivery_service.apns.http_request import ApnsRequest
from delivery_service.apns.outcomes import EXPIRED_PROVIDER_TOKEN, NoConnection, NotSent, PushFailed
from delivery_service.apns.provider_token import ProviderToken
from delivery_service.apns.proxy import ProxyFailed
from delivery_service.apns.sending import Answer, Sending
from delivery_service.problem_log import ProblemLog
from service_kit import tracing

log = logging.getLogger(__name__)

MAX_TRIES = 3
MAX_CONNECTING = 2
RECONNECT_INTERVAL = 0.5
"""Seconds between a failed connection and the next try at least."""
OVERDUE_INTERVAL = 0.02
"""Seconds between two looks at least for pushes that have waited too long."""

SPENT = frozenset((EXPIRED_PROVIDER_TOKEN, "UnrelatedKeyIdInToken", "Shutdown", "IdleTimeout"))
"""Reasons after which APNs answers no more pushes on that connection (pushy: it "will wedge")."""


class ApnsConnectionPool:
    """Sends pushes in the order in which they come, and never polls; opens connections only as pushes need them and not
    in a storm; and repeats at once only what was certainly not processed.

    It calls back and has no task for each push, as a fan-out has thousands.
    """

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
        self._waiting: OrderedDict[Sending, None] = OrderedDict()
        self._overdue: asyncio.TimerHandle | None = None
        self._next_connect_at = 0.0
        self._reconnect: asyncio.TimerHandle | None = None
        self._settling = False
        self._closed = False

    @property
    def waiting(self) -> int:
        """Pushes that wait for room on a connection."""
        return len(self._waiting)

    @property
    def is_busy(self) -> bool:
        """Whether a push waits, or has no answer yet."""
        return bool(self._waiting) or any(connection.load for connection in self.connections)

    async def send_notification(self, request: ApnsRequest) -> NotificationResult:
        """Sends the push and returns APNs' answer, whatever it says.

        Takes at most the answer timeout for a free stream and the same again for the answer. Raises NoConnection,
        NotSent (after three tries) or MaybeSent.
        """
        answered: asyncio.Future[Answer] = self._loop.create_future()

        def done(answer: Answer) -> None:
            # A task that is cancelled does not learn of it before its next turn, and the answer may come first.
            if not answered.done():
                answered.set_result(answer)

        sending = self.send(request, done)
        try:
            answer = await answered
        finally:
            sending.cancel()
        if isinstance(answer, PushFailed):
            raise answer
        return answer

    def send(self, request: ApnsRequest, done: Callable[[Answer], None]) -> Sending:
        """The same without a task: `done` gets the answer, or the failure, perhaps before this returns. It is not
        called once the push was cancelled."""
        sending = Sending(request, done)
        sending.send_by = self._loop.time() + self._answer_timeout
        self._send(sending)
        return sending

    def give_up(self, sending: Sending) -> None:
        """See Holder: the push does not wait any more."""
        self._waiting.pop(sending, None)

    def _send(self, sending: Sending) -> None:
        if self._closed:
            sending.finish(NoConnection("ConnectionLost"))
        elif not self._waiting and (connection := self._pick()):
            self._send_over(connection, sending)
        else:
            sending.holder = self
            self._waiting[sending] = None
            if self._overdue is None or sending.send_by < self._overdue.when():
                self._look_for_overdue_at(sending.send_by)
            self._settle()

    def _send_over(self, connection: ApnsConnection, sending: Sending) -> None:
        sending.tries += 1
        try:
            connection.send(sending)
        except NotSent as failure:
            self._not_sent(sending, failure)

    def _not_sent(self, sending: Sending, failure: NotSent) -> None:
        if sending.tries >= MAX_TRIES:
            sending.finish(failure)
        else:
            self._send(sending)

    def _on_answer(self, connection: ApnsConnection, sending: Sending, answer: Answer) -> None:
        if isinstance(answer, NotSent):
            self._not_sent(sending, answer)
            return
        if isinstance(answer, NotificationResult) and answer.description in SPENT:
            connection.retire()
            if answer.description == EXPIRED_PROVIDER_TOKEN and not sending.renewed:
                sending.renewed = True
                self._send(sending)
                return
        sending.finish(answer)

    def _pick(self) -> ApnsConnection | None:
        """The least busy connection with room. One whose peer may be gone is used only if no other has room."""
        best: ApnsConnection | None = None
        for connection in self.connections:
            if connection.has_room and (
                best is None or (connection.silent, connection.load) < (best.silent, best.load)
            ):
                best = connection
        return best

    def _settle(self) -> None:
        """Gives room to waiting pushes; if there is none, opens connections or fails the waiting pushes."""
        if self._settling or not self._waiting:
            return
        # What is called back from here sends more pushes, which may have to wait too.
        self._settling = True
        try:
            while self._waiting and (connection := self._pick()):
                sending, _ = self._waiting.popitem(last=False)
                self._send_over(connection, sending)
            if not self._waiting or self._closed:
                return
            now = self._loop.time()
            if now >= self._next_connect_at:
                self._open_connections()
            elif self._reconnect is None:
                self._reconnect = self._loop.call_at(self._next_connect_at, self._on_reconnect)
            if not self._connecting and not self._usable():
                self._fail_waiting(self._failure)
        finally:
            self._settling = False

    def _usable(self) -> int:
        return sum(connection.usable for connection in self.connections)

    def _open_connections(self) -> None:
        wanted = min(len(self._waiting), MAX_CONNECTING, self._max_connections - self._usable())
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
            on_answer=self._on_answer,
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

    def _look_for_overdue_at(self, when: float) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
        self._overdue = self._loop.call_at(when, self._fail_overdue)

    def _fail_overdue(self) -> None:
        """Fails pushes that have waited too long: one timer for all of them."""
        self._overdue = None
        now = self._loop.time()
        overdue = [sending for sending in self._waiting if sending.send_by <= now]
        for sending in overdue:
            del self._waiting[sending]
        if self._waiting:
            first = min(sending.send_by for sending in self._waiting)
            self._look_for_overdue_at(max(first, now + OVERDUE_INTERVAL))
        for sending in overdue:
            sending.finish(NoConnection("NoFreeStream"))
        for connection in list(self.connections) if overdue else []:
            # Nothing is in flight, and there is no room: the server allows no streams or data, and will not change
            # that.
            if connection.usable and not connection.load:
                connection.retire()

    def _fail_waiting(self, reason: str) -> None:
        while self._waiting:
            sending, _ = self._waiting.popitem(last=False)
            sending.finish(NoConnection(reason))

    def close(self) -> None:
        """Closes everything; pushes in flight fail as MaybeSent, those that wait as NoConnection."""
        self._closed = True
        for task in self._connecting:
            task.cancel()
        for timer in (self._reconnect, self._overdue):
            if timer is not None:
                timer.cancel()
        for connection in list(self.connections):
            connection.close()
        self._fail_waiting("ConnectionLost")


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
