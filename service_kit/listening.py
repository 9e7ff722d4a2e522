"""Opens listening TCP sockets."""

import os
import socket


def listen(host: str, port: int, *, backlog: int = 1024) -> socket.socket:
    """A listening TCP socket; on `::` it takes IPv4 as well, as gRPC does. Raises OSError if the address is taken,
    unknown or not allowed."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(address, family=family, backlog=backlog, dualstack_ipv6=both)


def why_not(host: str, port: int) -> str:
    """Why a server cannot listen there, for servers that do not report the reason."""
    try:
        listen(host, port).close()
    except OSError as error:
        return reason_of(error)
    return "the port is taken or not allowed"


def reason_of(error: OSError) -> str:
    """The system's words, without what asyncio and getaddrinfo add: they repeat the address."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
