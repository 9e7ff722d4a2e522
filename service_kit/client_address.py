"""Where callers come from, as far as it can be believed."""

import functools
import ipaddress

IPV6_PREFIX = 64
"""Bits of an IPv6 address that name its network. The holder of one such network has all of its addresses, and every
guess or connection could come from another one."""


def read_address(text: str) -> str:
    """The IP address that the text spells, in its usual form; empty if it spells none."""
    address = _parse(text)
    return "" if address is None else str(address)


@functools.lru_cache(maxsize=4096)
def network_of(text: str) -> str:
    """What counts as one client: an IPv4 address, or a network of IPv6. Empty if the text is no address."""
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
        # A zone is this machine's own matter.
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address
