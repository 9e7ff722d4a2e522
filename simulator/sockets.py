"""TCP sockets that the simulator handles itself."""

import os
import socket
import struct

from service_kit.addresses import join

BACKLOG = 512


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket bound to `host:port` that does not listen yet. Raises OSError with a sentence that names the
    address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(f"cannot listen on {join(host, port)}: {reason}") from error
    return bound


def reset_on_close(connection: socket.socket) -> None:
    """Makes closing `connection` send RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
