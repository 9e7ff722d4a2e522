"""Which addresses a webhook may be called at.

A URL that a user chose must not lead into the network that this server stands in (server-side request forgery). What
counts is the address that is connected to, whatever the host was written like. Public is what IANA's special-purpose
registries call globally reachable (the standard library keeps them), less what leads elsewhere in disguise.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out to the internet of IPv6. Whatever is outside it is somebody's own, or nobody's."""

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are the IPv4 address that is reached."""

REFUSED: tuple[Network, ...] = (
    # Not in the standard library's lists of every Python that we run on.
    ipaddress.IPv4Network("192.0.0.0/24"),
    # Relays and tunnels (RFC 7526, RFC 3056, RFC 4380): where a packet ends is for others to say.
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
    """The IPv4 address that is reached by way of this one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


@dataclass(frozen=True)
class Permit:
    """What an operator allows beyond the public internet: a host by its name, or a network, on one port or on all."""

    host: str
    """In lower case; empty for a network."""
    network: Network | None
    port: int | None

    @staticmethod
    def parse(text: str) -> "Permit":
        """From `name`, `address` or `network`, each with `:port` or without; IPv6 with a port stands in brackets.

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
    """The public internet, and what an operator permits beside it."""

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
