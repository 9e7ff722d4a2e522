"""Writes the head of an HTTP answer together with the first piece of its body.

uvicorn writes the two one after the other, and uvloop makes a system call and a packet of each: a tenth of what a small
answer costs.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class JoinedWrites(asyncio.Transport):
    """The transport of one answer. It keeps the head until the next write, or until the next turn of the event loop:
    the body of a stream may come much later."""

    __slots__ = ("_cycle", "_due", "_head", "_loop", "_transport")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, cycle: RequestResponseCycle
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._cycle = cycle
        self._head: bytes | None = None
        self._due: asyncio.Handle | None = None

    def write(self, data: Any) -> None:
        """Writes `data`, and first what was kept."""
        if self._due is not None:
            self._write_head(data)
        elif self._head is None and self._cycle.response_started:
            self._head = data
            self._due = self._loop.call_soon(self._write_head)
        else:
            self._transport.write(data)

    def _write_head(self, body: bytes = b"") -> None:
        head, self._head = self._head, b""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if head and not self._transport.is_closing():
            self._transport.writelines((head, body) if body else (head,))

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Closes the connection once all is written."""
        if self._due is not None:
            self._write_head()
        self._transport.close()
