"""The hosts that a server answers for. Without this check an attacker's name that resolves to this machine (DNS
rebinding) would make the attacker's page and this server one origin for browsers."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from service_kit.addresses import parsed

PORT = re.compile(r":[0-9]+\Z")
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::[0-9]{1,5})?")


def host_name(header: str) -> str:
    """The name or address in a `Host` header or an origin's authority, without port and brackets, in lower case; empty
    if it is not valid."""
    found = HOST.fullmatch(header)
    return _usual(found[1] or found[2]) if found else ""


def _named(host: str) -> str:
    """Raises ValueError unless it is a host: no request could match anything else, and all would be refused."""
    plain = host.strip()
    if parsed(plain):
        return _usual(plain)
    name = host_name(plain)
    if not name or PORT.search(plain):
        raise ValueError(f"{plain!r} is not a host: give names or addresses, without scheme and port")
    return name


def _host_names(given: object) -> object:
    return tuple(_named(part) for part in given.split(",") if part.strip()) if isinstance(given, str) else given


HostNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_host_names)]
"""A setting: hosts separated by commas, kept in lower case. An IPv6 address may be in brackets."""


def _usual(host: str) -> str:
    address = parsed(host)
    return host.lower().rstrip(".") if address is None else str(address)


class Hosts:
    """This machine itself, and hosts by name. Ports are ignored, because proxies and containers map them.

    With `any_address`, every IP address counts too: an address in a URL cannot be rebound as a name can.
    """

    def __init__(self, names: Iterable[str], *, any_address: bool = False) -> None:
        self._names = LOOPBACK_NAMES | {_usual(name) for name in names}
        self._any_address = any_address

    def knows(self, header: str) -> bool:
        """Whether a `Host` header names this server."""
        name = host_name(header)
        return bool(name) and (name in self._names or (self._any_address and parsed(name) is not None))
