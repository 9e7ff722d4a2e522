"""Connects to APNs through an HTTP proxy: a tunnel (RFC 9110, CONNECT) with TLS between Apple and this server."""

import asyncio
import base64
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from service_kit.addresses import join

FORM = "must be http://host:port or http://user:password@host:port"
MAX_HEAD = 16 * 1024
"""Most bytes of the proxy's answer, which has no body if it opens the tunnel."""
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r\n)")
HOST = re.compile(r"[\w.:%-]{1,253}")

UNREACHABLE = "ProxyUnreachable"
AUTHENTICATION = "ProxyAuthentication"
FORBIDDEN = "ProxyForbidden"
NO_TUNNEL = "ProxyCannotConnect"


class ProxyFailed(ConnectionError):
    """The tunnel could not be opened. `reason` is one of the table in outcomes.py; the message is for the log."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that opens tunnels."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)
    """Value of `Proxy-Authorization`; empty for none."""

    @classmethod
    def parse(cls, url: str) -> "Proxy":
        """Raises ValueError, whose message does not repeat the URL: it may hold a password."""
        if not url.isprintable():  # urlsplit would ignore line breaks
            raise ValueError(FORM)
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError(FORM) from None
        if parts.scheme == "https":
            raise ValueError(f"{FORM}: what goes through the tunnel is encrypted up to Apple")
        beyond = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme != "http" or not HOST.fullmatch(host) or not port or beyond:
            raise ValueError(FORM)
        if parts.username is None:
            return cls(host, port)
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(host, port, f"Basic {base64.b64encode(credentials.encode()).decode()}")

    def __str__(self) -> str:
        return f"http://{join(self.host, self.port)}"

    async def tunnel(self, host: str, port: int, seconds: float) -> socket.socket:
        """A socket that the proxy has connected to the host. The proxy looks up the name.

        Raises ProxyFailed, after `seconds` at the latest.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._tunnel(join(host, port))
        except TimeoutError:
            raise ProxyFailed(UNREACHABLE, f"the proxy {self} did not answer in time") from None

    async def _tunnel(self, target: str) -> socket.socket:
        try:
            connection = await _connect(self.host, self.port)
        except OSError as error:
            raise ProxyFailed(UNREACHABLE, f"the proxy {self} cannot be reached: {error}") from error
        try:
            await self._ask(connection, target)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _ask(self, connection: socket.socket, target: str) -> None:
        loop = asyncio.get_running_loop()
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        head = bytearray()
        try:
            await loop.sock_sendall(connection, "\r\n".join([*lines, "", ""]).encode())
            # Nothing follows the head: in TLS the client speaks first.
            while b"\r\n\r\n" not in head:
                received = await loop.sock_recv(connection, 4096)
                head += received
                if not received or len(head) > MAX_HEAD:
                    raise ProxyFailed(NO_TUNNEL, f"the proxy {self} has not answered as an HTTP proxy does")
        except OSError as error:
            if isinstance(error, ProxyFailed):
                raise
            raise ProxyFailed(UNREACHABLE, f"the proxy {self} has broken off: {error}") from error
        self._judge(bytes(head), target)

    def _judge(self, head: bytes, target: str) -> None:
        """Raises ProxyFailed unless the tunnel is open."""
        found = STATUS.match(head)
        if found is None:
            raise ProxyFailed(NO_TUNNEL, f"the proxy {self} has not answered as an HTTP proxy does")
        status = int(found[1])
        if 200 <= status < 300:
            return
        if status == 407:
            said = "refuses the user name and password" if self.authorization else "asks for a user name and password"
            raise ProxyFailed(AUTHENTICATION, f"the proxy {self} {said} (407)")
        if 400 <= status < 500:
            raise ProxyFailed(FORBIDDEN, f"the proxy {self} does not let us connect to {target} ({status})")
        raise ProxyFailed(NO_TUNNEL, f"the proxy {self} cannot connect to {target} ({status})")


async def _connect(host: str, port: int) -> socket.socket:
    """Raises OSError."""
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("it has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:  # a family that this machine does not have
            failure = error
            continue
        try:
            connection.setblocking(False)
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure
