"""Which hosts a server answers for. A name of somebody else's that resolves to this machine (DNS rebinding) would
otherwise make a stranger's page and this server one origin for browsers."""

import ipaddress
import re
from collections.abc import Iterable

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::[0-9]{1,5})?")


def host_name(header: str) -> str:
    """The name or address in a `Host` header or an origin's authority, without port and brackets, in lower case; empty
    if it is none."""
    found = HOST.fullmatch(header)
    return (found[1] or found[2]).lower().rstrip(".") if found else ""


class Hosts:
    """This machine itself, and hosts by name; whatever the port, which proxies and containers map to others.

    With `any_address`, every IP address counts too: browsers were sent to it and to nothing else.
    """

    def __init__(self, names: Iterable[str], *, any_address: bool = False) -> None:
        self._names = LOOPBACK_NAMES | {name.lower().rstrip(".") for name in names}
        self._any_address = any_address

    def knows(self, header: str) -> bool:
        """Whether a `Host` header names this server."""
        name = host_name(header)
        return bool(name) and (name in self._names or (self._any_address and _is_address(name)))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
