"""One HTTP/1.1 connection to a push service.

httpcore, which calls webhooks, was measured to need 4 ms of a processor for a push through its pool of 16 connections;
this needs a tenth of that. h11 reads the answers.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any

import h11

from delivery_service.webhooks.connecting import CheckedAddresses, HostUnknown

CONNECT_SECONDS = 5.0
"""Seconds to connect to one address, TLS included."""
MAX_HEAD = 32 * 1024
"""Most bytes of an answer's head."""
MAX_BODY = 16 * 1024
"""Most bytes of an answer's body that are read."""
READ = 16 * 1024

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A push service's answer."""

    status: int
    retry_after: str
    """The unchanged header; empty if it is missing."""
    body: bytes
    """Its beginning."""


class Disconnected(ConnectionError):
    """The connection ended before a whole answer had come."""


class Reader(asyncio.StreamReader):
    """Knows how much has come, so that what comes without having been asked for is noticed."""

    come = 0
    """Bytes."""

    def feed_data(self, data: Any) -> None:
        """Called by the transport."""
        self.come += len(data)
        super().feed_data(data)


class Connection:
    """Takes one request at a time."""

    def __init__(self, reader: Reader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._read = 0
        """Bytes."""
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self.idle_since = 0.0
        """Event loop's time."""

    @property
    def is_ready(self) -> bool:
        """Whether it can take a request: its last answer was read to the end, nothing has come since, and the service
        has not hung up. What has come would be taken for the answer to the next request."""
        is_up = not self._writer.is_closing() and not self._reader.at_eof() and self._reader.exception() is None
        is_read = self._reader.come == self._read and not self._http.trailing_data[0]
        return is_up and is_read and self._http.our_state is h11.IDLE

    async def post(self, target: str, headers: Headers, body: bytes) -> Answer:
        """Sends the request, and returns the answer. Raises OSError or h11.RemoteProtocolError if there is none."""
        http = self._http
        request = h11.Request(method=b"POST", target=target, headers=headers)
        parts = (request, h11.Data(data=body), h11.EndOfMessage())
        self._writer.write(b"".join(http.send(part) or b"" for part in parts))
        status, retry_after, kept = 0, "", bytearray()
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(READ)
                if not data and not status:
                    raise Disconnected("the connection ended before the answer")
                self._read += len(data)
                http.receive_data(data)
            elif isinstance(event, h11.Response):
                status = event.status_code
                found = (value.decode("latin-1") for name, value in event.headers if name == b"retry-after")
                retry_after = next(found, "")
            elif isinstance(event, h11.Data):
                kept += event.data
                if len(kept) > MAX_BODY:
                    break
            elif isinstance(event, h11.EndOfMessage):
                if http.our_state is h11.DONE and http.their_state is h11.DONE:
                    http.start_next_cycle()
                break
            elif not isinstance(event, h11.InformationalResponse):
                raise Disconnected("the connection ended within the answer")
        return Answer(status, retry_after, bytes(kept[:MAX_BODY]))

    def close(self) -> None:
        """Ends it at once."""
        self._writer.transport.abort()


async def connect(addresses: CheckedAddresses, host: str, port: int, ssl_context: ssl.SSLContext | None) -> Connection:
    """Connects to the first of the host's addresses that answers. TLS verifies the host's name.

    Raises AddressRefused, HostUnknown, TimeoutError, ssl.SSLError or OSError.
    """
    failure: Exception = HostUnknown(host)
    name = host if ssl_context else None
    for address in await addresses.of(host, port):
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _open(address, port, ssl_context, name)
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            failure = error
    raise failure


async def _open(address: str, port: int, ssl_context: ssl.SSLContext | None, name: str | None) -> Connection:
    loop = asyncio.get_running_loop()
    reader = Reader(limit=READ, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(lambda: protocol, address, port, ssl=ssl_context, server_hostname=name)
    return Connection(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
