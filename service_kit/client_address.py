"""Addresses of clients, and the networks that count as one client."""

import functools
import ipaddress

IPV6_PREFIX = 64
"""Bits of an IPv6 address that are its network. A client usually has a whole network, and could use another address for
every guess or connection."""


def read_address(text: str) -> str:
    """The IP address of the text in its usual form; empty if the text is not an address."""
    address = _parse(text)
    return "" if address is None else str(address)


@functools.lru_cache(maxsize=4096)
def network_of(text: str) -> str:
    """The network that counts as one client: an IPv4 address or an IPv6 /64. Empty if the text is not an address."""
    address = _parse(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return "" if address is None else str(address)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        # A zone has a meaning on this machine only.
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address
