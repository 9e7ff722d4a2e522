"""Something that listens and is no ActivitySmith server."""

import contextlib
import re
import socket
import ssl
import threading
from types import TracebackType


class BadServer:
    """Reads what it is sent and answers with these bytes, again and again if `endless`; with None it never answers."""

    def __init__(self, answer: bytes | None, *, endless: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self._answer, self._endless, self._tls = answer, endless, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                # Closed by the test.
                return
            with contextlib.suppress(OSError), connection:
                self._answer_one(connection)

    def _answer_one(self, connection: socket.socket) -> None:
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True)
        self.requests.append(_request(connection))
        if self._answer is None:
            # Returns when the client has gone.
            connection.recv(1)
            return
        connection.sendall(self._answer)
        while self._endless:
            connection.sendall(b"x" * 65_536)

    def __enter__(self) -> "BadServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Wakes the thread that accepts, too.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _request(connection: socket.socket) -> bytes:
    """The whole request, however it comes."""
    request = b""
    while chunk := connection.recv(65_536):
        request += chunk
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if b"\r\n\r\n" in request and len(body) >= (int(length[1]) if length else 0):
            break
    return request
