"""How a host and a port are written together: the one place that knows that an IPv6 address stands in brackets."""

import ipaddress
from typing import Annotated

from pydantic import BeforeValidator

LOOPBACK = "127.0.0.1"
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - told apart here, not listened on


def join(host: str, port: int) -> str:
    """`host:port`, as it stands in URLs and in gRPC addresses."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(bind_host: str) -> str:
    """Where on this machine to find what listens on `bind_host`. What listens on `::` takes IPv4 as well."""
    return LOOPBACK if bind_host in ANY_ADDRESS else bind_host


def is_ipv6(host: str) -> bool:
    """Whether this is an address of IPv6, and no name."""
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _plain(host: object) -> object:
    """Without the brackets of a URL. A variable that is set to nothing counts as left out. Raises ValueError."""
    if not isinstance(host, str):
        return host
    plain = host.strip()
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    if ":" in plain and not is_ipv6(plain):
        raise ValueError("must be an address or a host name, without a port")
    return plain or LOOPBACK


BindHost = Annotated[str, BeforeValidator(_plain)]
"""Address that a server listens on: IPv4, IPv6 with or without brackets, or a name of this machine."""
