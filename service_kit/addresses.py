"""Addresses of servers and of clients: hosts with ports, lists of proxies, public URLs, and what counts as one client.

The one place that puts IPv6 addresses in brackets.
"""

import functools
import ipaddress
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

LOOPBACK = "127.0.0.1"
ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - told apart here, not listened on
IPV6_PREFIX = 64
"""Bits of an IPv6 address that are its network. A client usually has a whole network, and could use another address for
every guess or connection."""


def join(host: str, port: int) -> str:
    """`host:port`, as URLs and gRPC addresses have it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(bind_host: str) -> str:
    """The address at which this machine reaches a server that listens on `bind_host`. A server on `::` also takes
    IPv4."""
    return LOOPBACK if bind_host in ANY_ADDRESS else bind_host


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address of the text; None if the text is not an address."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    address = parsed(host)
    return host == "localhost" if address is None else address.is_loopback


def _of_client(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    address = parsed(text)
    if isinstance(address, ipaddress.IPv6Address):
        # A zone has a meaning on this machine only.
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address


def read_address(text: str) -> str:
    """The IP address of a client in its usual form; empty if the text is not an address."""
    address = _of_client(text)
    return "" if address is None else str(address)


@functools.lru_cache(maxsize=4096)
def network_of(text: str) -> str:
    """The network that counts as one client: an IPv4 address or an IPv6 /64. Empty if the text is not an address."""
    address = _of_client(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return "" if address is None else str(address)


def _plain(host: object) -> object:
    """The host without the brackets of a URL. An empty variable counts as left out. Raises ValueError."""
    if not isinstance(host, str):
        return host
    plain = host.strip()
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    if ":" in plain and parsed(plain) is None:
        raise ValueError("must be an address or a host name, without a port")
    return plain or LOOPBACK


BindHost = Annotated[str, BeforeValidator(_plain)]
"""Address that a server listens on: IPv4, IPv6 with or without brackets, or a name of this machine."""


EVERYBODY = "*"


def _proxies(text: str) -> str:
    """Raises ValueError for an item that is neither an address nor a network: it would match no client."""
    entries = [part.strip() for part in text.split(",") if part.strip()]
    if entries == [EVERYBODY]:
        return EVERYBODY
    named = []
    for entry in entries:
        try:
            network = ipaddress.ip_network(entry)
        except ValueError as error:
            raise ValueError(
                f"{entry!r} is neither an address nor a network ({error}); names are not looked up"
            ) from None
        named.append(entry)
        if isinstance(network, ipaddress.IPv4Network):
            # A server that listens on `::` sees IPv4 clients under such an address.
            named.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    return ",".join(named)


TrustedProxies = Annotated[str, AfterValidator(_proxies)]
"""Addresses and networks, separated by commas, whose `X-Forwarded-For` is believed; `*` for all."""


def named_in(listed: str) -> Callable[[str], bool]:
    """A function that says whether an address is in the list: addresses and networks separated by commas, or `*`."""
    names = {name.strip() for name in listed.split(",") if name.strip()}
    if "*" in names:
        return lambda address: True
    networks = []
    for name in names:
        try:
            networks.append(ipaddress.ip_network(name, strict=False))
        except ValueError:
            continue  # A name, which is compared as text.

    def is_listed(address: str) -> bool:
        if address in names:
            return True
        ip = parsed(address)
        return ip is not None and any(ip in network for network in networks)

    return is_listed


def _public_url(url: str) -> str:
    """Raises ValueError unless it is an HTTP(S) URL of a server, or of a path on one."""
    parts = urlsplit(url)
    _ = parts.port
    has_more = parts.query or parts.fragment or parts.username is not None or not url.isprintable() or " " in url
    if parts.scheme not in {"http", "https"} or not parts.hostname or has_more:
        raise ValueError("must be like https://push.example.com or https://example.com/push")
    return url.rstrip("/")


PublicUrl = Annotated[str, AfterValidator(_public_url)]
"""URL of the REST API for clients, without a trailing slash. It may have a path if a proxy removes that path before it
passes requests on."""
