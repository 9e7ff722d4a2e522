"""A way to a server that can be cut and restored, as a lift, a sleeping laptop or an upgrade do."""

import contextlib
import selectors
import socket
import threading
from urllib.parse import urlsplit

from tests.waiting import LONG

CHUNK = 65536


class CuttableWay:
    """A TCP proxy on a port of its own. Cut, it refuses connections and ends those it has."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self._timers: list[threading.Timer] = []
        self.restore()

    @property
    def url(self) -> str:
        """Where the server is found through it."""
        return f"http://127.0.0.1:{self._port}"

    def cut(self) -> None:
        """Cuts it until it is restored."""
        self._end()

    def restore_in(self, seconds: float) -> None:
        """Restores it then. Returns at once."""
        timer = threading.Timer(seconds, self.restore)
        self._timers.append(timer)
        timer.start()

    def restore(self) -> None:
        """Lets connections through again."""
        listener = socket.create_server(("127.0.0.1", self._port))
        self._listener, self._port = listener, listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        for timer in self._timers:
            timer.cancel()
        self._end()

    def _end(self) -> None:
        with self._lock:
            ending = [*self._open, *([self._listener] if self._listener else [])]
            self._open.clear()
            self._listener = None
        for one in ending:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=LONG)
        except OSError:
            client.close()
            return
        with self._lock:
            self._open |= {client, server}
        other = {client: server, server: client}
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as ready:
            for one in other:
                ready.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    source = client if key.fileobj is client else server
                    data = source.recv(CHUNK)
                    if not data:
                        raise OSError("the other side has left")
                    other[source].sendall(data)
        with self._lock:
            self._open -= {client, server}
        for one in other:
            one.close()
