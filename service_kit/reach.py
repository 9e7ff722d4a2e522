"""Judges from a server's URL alone whether phones can reach the server."""

import ipaddress
from urllib.parse import urlsplit

from service_kit.addresses import parsed

HOW = "Set SMITH_GATEWAY_URL to the address at which phones find the REST API."


def unreachable_for_phones(url: str) -> str:
    """Why no phone can reach the server at this URL, and what to do; empty if the URL shows no reason."""
    host = _host_of(url)
    if _is_own(host):
        return f"No phone can reach {url}: on a phone that address means the phone itself. {HOW}"
    return ""


def doubts_for_phones(url: str) -> str:
    """A warning about a URL that only some phones can reach; empty if there is none."""
    host, doubts = _host_of(url), []
    if _is_local(host):
        doubts.append("Only phones in the same network or VPN find this address.")
    if urlsplit(url).scheme == "http":
        doubts.append("It is not https: iOS refuses it unless the app makes an exception, and others can read along.")
    return " ".join(doubts)


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_own(host: str) -> bool:
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _is_local(host: str) -> bool:
    address = _address(host)
    if address is None:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".home.arpa"))
    return address.is_private or address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    address = parsed(host)
    # `::ffff:127.0.0.1` is the IPv4 address in it.
    return getattr(address, "ipv4_mapped", None) or address
