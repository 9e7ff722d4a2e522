"""Judges from a server's URL alone whether phones, and browsers on them, can reach the server."""

import ipaddress
from urllib.parse import urlsplit

from service_kit.addresses import parsed

HOW = "Set SMITH_GATEWAY_URL to the address at which phones find the REST API."
HOW_FOR_BROWSERS = (
    "Give the server an https address (a tunnel, Tailscale Serve or a reverse proxy will do), and set "
    "SMITH_GATEWAY_URL to it: docs/web-push.md says how."
)


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
        doubts.append(
            "It is not https: others there can read along."
            if _is_open_to_the_app(host)
            else "It is not https: iOS refuses it to the app, and others can read along."
        )
    return " ".join(doubts)


def is_for_this_computer(url: str) -> bool:
    """Whether browsers on the server's own computer, and no others, can receive at this URL.

    They take such an address for safe without https.
    """
    host = _host_of(url)
    address = _address(host)
    return host != "" and _is_own(host) and not (address is not None and address.is_unspecified)


def unreachable_for_browsers(url: str) -> str:
    """Why no browser on a phone can receive at this URL, and what to do; empty if the URL shows no reason.

    Browsers take pushes for pages with https only, and for those of their own computer.
    """
    if is_for_this_computer(url):
        return f"At {url} only browsers on the server's own computer receive. {HOW_FOR_BROWSERS}"
    if _is_own(_host_of(url)):
        return f"No browser can reach {url}. {HOW_FOR_BROWSERS}"
    if urlsplit(url).scheme != "https":
        return f"No browser receives at {url}: browsers take pushes for https addresses only. {HOW_FOR_BROWSERS}"
    return ""


def doubts_for_browsers(url: str) -> str:
    """A warning about an https URL at which only some browsers can receive; empty if there is none."""
    host, doubts = _host_of(url), []
    if _is_local(host):
        doubts.append("Only devices in the same network or VPN find this address.")
    if _is_local(host) or _address(host) is not None:
        doubts.append(
            "Browsers have to trust its certificate, and certificates for addresses of this kind are mostly self-made. "
            "A public name is the safe choice: docs/web-push.md says how to get one."
        )
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


def _is_open_to_the_app(host: str) -> bool:
    """Whether iOS lets the app speak http to this host.

    That is so by `NSAllowsLocalNetworking` in its Info.plist: docs/ios.md says what Apple names, and what was seen. The
    app itself refuses to pair with others by the same rule: `HostKind` of ios/SmithKit.
    """
    address = _address(host)
    if address is None:
        return "." not in host or host.endswith(".local")
    return address.is_private or address.is_link_local


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    address = parsed(host)
    # `::ffff:127.0.0.1` is the IPv4 address in it.
    return getattr(address, "ipv4_mapped", None) or address
