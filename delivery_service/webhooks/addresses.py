"""The addresses at which a webhook may be called.

A URL that a user chose must not lead into this server's own network (server-side request forgery). The address that is
connected to decides, not the spelling of the host. An address is public if IANA's special-purpose registries call it
globally reachable (the standard library has them), except for those that lead to other addresses.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All IPv6 addresses that IANA has assigned to the internet. Others are private or unassigned."""

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are the IPv4 address that is reached."""

REFUSED: tuple[Network, ...] = (
    # Missing in the standard library's lists of some supported Python versions.
    ipaddress.IPv4Network("192.0.0.0/24"),
    # Relays and tunnels (RFC 7526, RFC 3056, RFC 4380): others decide where a packet ends.
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("2001::/23"),
    # Documentation (RFC 9637).
    ipaddress.IPv6Network("3fff::/20"),
    # Azure's own services for a virtual machine, on a public address.
    ipaddress.IPv4Network("168.63.129.16/32"),
)


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = _embedded(address)
        if embedded is not None:
            return is_public(embedded)
        if address not in GLOBAL_UNICAST or address.scope_id is not None:
            return False
    ours = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
        address.is_unspecified,
    )
    return address.is_global and not any(ours) and not any(_within(address, network) for network in REFUSED)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which this address leads, if it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


@dataclass(frozen=True)
class Permit:
    """A host by its name, or a network, on one port or on all, that an operator allows outside the public internet."""

    host: str
    """In lower case; empty for a network."""
    network: Network | None
    port: int | None

    @staticmethod
    def parse(text: str) -> "Permit":
        """Parses `name`, `address` or `network`, each with or without `:port`; IPv6 with a port needs brackets.

        Raises ValueError.
        """
        host, port = _split(text.strip())
        if not host:
            raise ValueError(f"{text!r} is not a host, an address or a network, with or without :port")
        try:
            return Permit("", ipaddress.ip_network(host, strict=False), port)
        except ValueError:
            if "/" in host or ":" in host or not host.isascii():
                raise ValueError(f"{text!r} is not a host, an address or a network, with or without :port") from None
        return Permit(host.lower(), None, port)

    def covers(self, host: str, address: Address, port: int) -> bool:
        """Whether a call of `host`, at this address and port, is allowed."""
        if self.port not in (None, port):
            return False
        if self.network is None:
            return host.lower() == self.host
        return _within(address, self.network)


class AddressRules:
    """Allows the public internet, and what an operator permits in addition."""

    def __init__(self, permits: Iterable[Permit] = ()) -> None:
        self._permits = tuple(permits)

    def allow(self, host: str, address: Address, port: int) -> bool:
        """Whether a call of `host` may be made to this address and port."""
        return is_public(address) or any(permit.covers(host, address, port) for permit in self._permits)


def _split(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} has brackets that do not match")
        port = rest[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
        raise ValueError(f"{text!r} has no port from 1 to 65535")
    return host, int(port)
