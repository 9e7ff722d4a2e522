"""Opens TLS to one APNs host, directly or through a proxy."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from delivery_service.apns.proxy import Proxy
from service_kit.addresses import join

PROXY_SHARE = 0.7
"""The part of the time for connecting that a proxy may take to open the tunnel, so that the error names the side that
did not answer."""
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""TCP keep-alive: finds within 90 seconds that the network has dropped an idle connection, before a push is lost."""


@dataclass(frozen=True, slots=True)
class Dialer:
    """The way to a host. DNS is asked each time, and the certificate must have the host's name."""

    host: str
    port: int
    ssl_context: ssl.SSLContext
    timeout: float
    """Seconds for the whole way and the server's first SETTINGS."""
    proxy: Proxy | None = None

    @property
    def authority(self) -> str:
        """The host as HTTP names it: with the port unless it is the usual one."""
        return self.host if self.port == 443 else join(self.host, self.port)

    async def dial(self, protocol: asyncio.Protocol) -> None:
        """Connects the protocol. Raises OSError."""
        loop = asyncio.get_running_loop()
        tunnel = None
        where: dict[str, Any] = {"host": self.host, "port": self.port}
        if self.proxy is not None:
            tunnel = await self.proxy.tunnel(self.host, self.port, PROXY_SHARE * self.timeout)
            where = {"sock": tunnel, "server_hostname": self.host}
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, ssl=self.ssl_context, ssl_handshake_timeout=self.timeout, **where
            )
        except BaseException:
            if tunnel is not None:
                tunnel.close()
            raise
        if not transport.is_closing():
            _keep_alive(transport.get_extra_info("socket"))


def _keep_alive(peer: Any) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in KEEPALIVE.items():
        if hasattr(socket, name):  # not every system has them
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
