"""Accepts senders' connections."""

import asyncio
import logging
import socket
import ssl
import time
from collections import deque

from simulator.apns.faults import ConnectionAction
from simulator.apns.protocol import ApnsConnection
from simulator.apns.service import ApnsService
from simulator.sockets import BACKLOG, bind, reset_on_close

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 1000
HANDSHAKE_TIMEOUT = 10.0
SHUTDOWN_TIMEOUT = 1.0
"""Seconds that a sender has to answer the end of TLS before its connection is cut."""
IDLE_CHECK_SECONDS = 0.1


class ApnsServer:
    """Listens for senders. Accepts sockets itself, so that it can also refuse, reset or ignore them."""

    def __init__(self, service: ApnsService, context: ssl.SSLContext) -> None:
        self._service = service
        self._context = context
        self._connections: set[ApnsConnection] = set()
        self._muted: set[socket.socket] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepted: deque[float] = deque()
        self._numbers = 0
        self._accepting: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens; returns the port, which differs from `port` if that is 0. Raises OSError if it is taken."""
        self._listener = bind(host, port)
        self._address = (host, int(self._listener.getsockname()[1]))
        self._listen()
        self._idle_check = asyncio.create_task(self._close_idle())
        return self._address[1]

    async def stop(self, grace: float) -> None:
        """Refuses new connections, sends GOAWAY, waits up to `grace` seconds for open streams, then closes."""
        tasks = [self._idle_check, *self._handshakes, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        self._release_muted()
        for connection in list(self._connections):
            connection.act(ConnectionAction(action="goaway", reason="Shutdown"))
        lost = [asyncio.create_task(connection.lost.wait()) for connection in self._connections]
        if lost:
            await asyncio.wait(lost, timeout=grace)
        for connection in list(self._connections):
            connection.abort()

    def act(self, action: ConnectionAction) -> int:
        """Does `action` to all open connections; returns how many there were."""
        connections = list(self._connections)
        for connection in connections:
            connection.act(action)
        return len(connections)

    async def apply_settings(self) -> None:
        """Applies the faults of connecting. Call it after a change."""
        if not self._service.faults.settings.mute_tls:
            self._release_muted()
        refuse = self._service.faults.settings.refuse_connections
        if refuse and self._accepting is not None:
            await self._stop_listening()
        elif not refuse and self._accepting is None:
            self._listen()

    async def _stop_listening(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
            self._accepting = None
        self._listener.close()
        # Bound but not listening: connections are refused, and no other program can take the port.
        self._listener = bind(*self._address)

    def _listen(self) -> None:
        self._listener.listen(BACKLOG)
        self._accepting = asyncio.create_task(self._accept(self._listener))

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                # Out of file descriptors, for example: others may be freed soon.
                log.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(0.1)
                continue
            self._welcome(connection)

    def _welcome(self, connection: socket.socket) -> None:
        if self._too_many():
            reset_on_close(connection)
            connection.close()
        elif self._service.faults.settings.mute_tls:
            self._muted.add(connection)
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._shake_hands(connection))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    def _too_many(self) -> bool:
        now = time.monotonic()
        self._accepted.append(now)
        while self._accepted[0] <= now - 60 or len(self._accepted) > 100_000:
            self._accepted.popleft()
        cap = self._service.faults.settings.reset_connections_per_minute
        if cap is not None and len(self._accepted) > cap:
            return True
        return len(self._connections) + len(self._handshakes) + len(self._muted) >= MAX_CONNECTIONS

    async def _shake_hands(self, connection: socket.socket) -> None:
        self._numbers += 1
        number = self._numbers
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: ApnsConnection(number, self._service, self._connections),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
                ssl_shutdown_timeout=SHUTDOWN_TIMEOUT,
            )
        except (OSError, ssl.SSLError, ConnectionError) as error:
            log.debug("connection %d: no TLS: %s", number, error)
            connection.close()

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_CHECK_SECONDS)
            limit = self._service.faults.settings.idle_close_seconds
            if limit is not None:
                oldest = time.monotonic() - limit
                for connection in [one for one in self._connections if one.last_activity < oldest]:
                    connection.close_idle()

    def _release_muted(self) -> None:
        for connection in self._muted:
            connection.close()
        self._muted.clear()
