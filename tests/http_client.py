"""A client of plain HTTP that threads may share."""

from collections import deque
from collections.abc import Callable, Iterator

import httpx

from tests.waiting import LONG


def plain_http_client(base_url: str, **headers: str) -> httpx.Client:
    """A client of plain HTTP. It loads no certificates, which httpx does for each client and which would take most of
    the tests' time."""
    return httpx.Client(base_url=base_url, headers=headers, timeout=LONG, transport=ExclusiveTransport())


class ExclusiveTransport(httpx.BaseTransport):
    """Connections that each have one request at a time, from its start until its answer is closed.

    httpx's own pool looks at its idle connections in every thread. It may close one that it has just given to another
    thread, whose request then fails with `ReadError: Bad file descriptor` (httpcore 1.0.9).
    """

    def __init__(self) -> None:
        self._idle: deque[httpx.HTTPTransport] = deque()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = httpx.HTTPTransport(verify=False)
        try:
            answer = connection.handle_request(request)
        except BaseException:
            connection.close()
            raise
        assert isinstance(answer.stream, httpx.SyncByteStream)
        answer.stream = _Returning(answer.stream, lambda: self._idle.append(connection))
        return answer

    def close(self) -> None:
        """Closes the connections that no request has."""
        while self._idle:
            self._idle.pop().close()


class _Returning(httpx.SyncByteStream):
    """A body; its connection is free once it is closed."""

    def __init__(self, body: httpx.SyncByteStream, on_close: Callable[[], None]) -> None:
        self._body = body
        self._on_close: Callable[[], None] | None = on_close

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body

    def close(self) -> None:
        """See httpx."""
        self._body.close()
        if (on_close := self._on_close) is not None:
            self._on_close = None
            on_close()
