"""Addresses: where people go once they have signed in, and where passkeys work."""

import ipaddress
from urllib.parse import urlsplit


def within(path: str) -> str:
    """The path if it is one of this app, otherwise `/`: signing in must not redirect to another site."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_path and len(path) <= 2000 else "/"


def passkeys_work_at(url: str) -> bool:
    """Whether browsers use passkeys at this address of the app, so that a button for them is of use. Core decides."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost" or host.endswith(".localhost")
    return False
